/* SPDX-License-Identifier: ISC */
/* Groups (POSIX). None has an entry, as in pwd.h. */
#ifndef _GRP_H
#define _GRP_H

#include <features.h>
#include <bits/types.h>

struct group {
	char *gr_name;
	char *gr_passwd;
	gid_t gr_gid;
	char **gr_mem;
};

__BEGIN_DECLS
struct group *getgrnam(const char *);
struct group *getgrgid(gid_t);
int getgrnam_r(const char *__restrict, struct group *__restrict, char *__restrict, size_t, struct group **__restrict);
int getgrgid_r(gid_t, struct group *__restrict, char *__restrict, size_t, struct group **__restrict);
#ifdef __LIBC_GNU
int setgroups(size_t, const gid_t *) __NOTHROW;
int initgroups(const char *, gid_t);
#endif
__END_DECLS

#endif

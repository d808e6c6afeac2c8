/* SPDX-License-Identifier: ISC */
/* Users (POSIX). None has an entry: every search ends without one and without an error. */
#ifndef _PWD_H
#define _PWD_H

#include <features.h>
#include <bits/types.h>

struct passwd {
	char *pw_name;
	char *pw_passwd;
	uid_t pw_uid;
	gid_t pw_gid;
	char *pw_gecos;
	char *pw_dir;
	char *pw_shell;
};

__BEGIN_DECLS
struct passwd *getpwnam(const char *);
struct passwd *getpwuid(uid_t);
int getpwnam_r(const char *__restrict, struct passwd *__restrict, char *__restrict, size_t, struct passwd **__restrict);
int getpwuid_r(uid_t, struct passwd *__restrict, char *__restrict, size_t, struct passwd **__restrict);
__END_DECLS

#endif

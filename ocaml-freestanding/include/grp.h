/* SPDX-License-Identifier: ISC */
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
__END_DECLS

#endif

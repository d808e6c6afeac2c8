/* SPDX-License-Identifier: ISC */
#ifndef _UTIME_H
#define _UTIME_H

#include <features.h>
#include <bits/types.h>

struct utimbuf {
	time_t actime;
	time_t modtime;
};

__BEGIN_DECLS
int utime(const char *, const struct utimbuf *) __NOTHROW;
__END_DECLS

#endif

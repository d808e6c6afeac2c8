/* SPDX-License-Identifier: ISC */
#ifndef _STRINGS_H
#define _STRINGS_H

#include <features.h>
#include <stddef.h>
#include <bits/locale_t.h>

__BEGIN_DECLS
int bcmp(const void *, const void *, size_t) __NOTHROW;
void bcopy(const void *, void *, size_t) __NOTHROW;
void bzero(void *, size_t) __NOTHROW;
char *index(const char *, int) __NOTHROW;
char *rindex(const char *, int) __NOTHROW;
int ffs(int) __NOTHROW __attribute__((__const__));
int ffsl(long) __NOTHROW __attribute__((__const__));
int ffsll(long long) __NOTHROW __attribute__((__const__));
int strcasecmp(const char *, const char *) __NOTHROW;
int strncasecmp(const char *, const char *, size_t) __NOTHROW;
int strcasecmp_l(const char *, const char *, locale_t) __NOTHROW;
int strncasecmp_l(const char *, const char *, size_t, locale_t) __NOTHROW;
__END_DECLS

#endif

/* SPDX-License-Identifier: ISC */
/* Character classification and case (C11 7.4), in the "C" locale. The table functions are what code compiled
   against glibc calls. */
#ifndef _CTYPE_H
#define _CTYPE_H

#include <features.h>
#include <bits/locale_t.h>

__BEGIN_DECLS
int isalnum(int) __NOTHROW;
int isalpha(int) __NOTHROW;
int isblank(int) __NOTHROW;
int iscntrl(int) __NOTHROW;
int isdigit(int) __NOTHROW;
int isgraph(int) __NOTHROW;
int islower(int) __NOTHROW;
int isprint(int) __NOTHROW;
int ispunct(int) __NOTHROW;
int isspace(int) __NOTHROW;
int isupper(int) __NOTHROW;
int isxdigit(int) __NOTHROW;
int tolower(int) __NOTHROW;
int toupper(int) __NOTHROW;

const unsigned short **__ctype_b_loc(void) __NOTHROW;
const int **__ctype_tolower_loc(void) __NOTHROW;
const int **__ctype_toupper_loc(void) __NOTHROW;

#ifdef __LIBC_POSIX
int isascii(int) __NOTHROW;
int toascii(int) __NOTHROW;
int tolower_l(int, locale_t) __NOTHROW;
int toupper_l(int, locale_t) __NOTHROW;
#endif
__END_DECLS

#endif

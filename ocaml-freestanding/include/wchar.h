/* SPDX-License-Identifier: ISC */
/* Wide characters (C11 7.29), as far as formatting and scanning need them. */
#ifndef _WCHAR_H
#define _WCHAR_H

#include <features.h>
#include <stdarg.h>
#include <stddef.h>
#include <bits/mbstate.h>
#include <bits/file.h>

#ifndef _WINT_T
#define _WINT_T
typedef __WINT_TYPE__ wint_t;
#endif
#ifndef WEOF
#define WEOF (0xffffffffu)
#endif
#ifndef WCHAR_MIN
#define WCHAR_MIN (-2147483647 - 1)
#define WCHAR_MAX 2147483647
#endif

struct tm;

__BEGIN_DECLS
size_t wcslen(const wchar_t *) __NOTHROW;
size_t wcsnlen(const wchar_t *, size_t) __NOTHROW;
int wcscmp(const wchar_t *, const wchar_t *) __NOTHROW;
int wcsncmp(const wchar_t *, const wchar_t *, size_t) __NOTHROW;
wchar_t *wcscpy(wchar_t *__restrict, const wchar_t *__restrict) __NOTHROW;
wchar_t *wcschr(const wchar_t *, wchar_t) __NOTHROW;
wchar_t *wmemchr(const wchar_t *, wchar_t, size_t) __NOTHROW;
int wmemcmp(const wchar_t *, const wchar_t *, size_t) __NOTHROW;
wchar_t *wmemcpy(wchar_t *__restrict, const wchar_t *__restrict, size_t) __NOTHROW;
wchar_t *wmemmove(wchar_t *, const wchar_t *, size_t) __NOTHROW;
wchar_t *wmemset(wchar_t *, wchar_t, size_t) __NOTHROW;
wint_t btowc(int) __NOTHROW;
int wctob(wint_t) __NOTHROW;
int mbsinit(const mbstate_t *) __NOTHROW;
size_t mbrlen(const char *__restrict, size_t, mbstate_t *__restrict) __NOTHROW;
size_t mbrtowc(wchar_t *__restrict, const char *__restrict, size_t, mbstate_t *__restrict) __NOTHROW;
size_t wcrtomb(char *__restrict, wchar_t, mbstate_t *__restrict) __NOTHROW;
size_t mbsrtowcs(wchar_t *__restrict, const char **__restrict, size_t, mbstate_t *__restrict) __NOTHROW;
size_t wcsrtombs(char *__restrict, const wchar_t **__restrict, size_t, mbstate_t *__restrict) __NOTHROW;
__END_DECLS

#endif

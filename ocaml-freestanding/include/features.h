/* SPDX-License-Identifier: ISC */
/* Which names a header shows. ISO C's are always there; POSIX's unless the program asked for a strict
   language standard and nothing else; GNU's extensions only with _GNU_SOURCE. */
#ifndef _FEATURES_H
#define _FEATURES_H

#if defined(_GNU_SOURCE)
#define __LIBC_GNU 1
#endif

#if !defined(__STRICT_ANSI__) || defined(_GNU_SOURCE) || defined(_DEFAULT_SOURCE) || defined(_BSD_SOURCE) \
  || defined(_SVID_SOURCE) || defined(_POSIX_SOURCE) || defined(_POSIX_C_SOURCE) || defined(_XOPEN_SOURCE)
#define __LIBC_POSIX 1
#endif

#if defined(__cplusplus)
#define __BEGIN_DECLS extern "C" {
#define __END_DECLS }
#define __NORETURN [[noreturn]]
#define __restrict_arr
#if __cplusplus >= 201103L
#define __NOTHROW noexcept(true)
#else
#define __NOTHROW throw()
#endif
#else
#define __BEGIN_DECLS
#define __END_DECLS
#define __NORETURN _Noreturn
#define __NOTHROW
#endif

#if !defined(__cplusplus) && (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 201112L)
#undef __NORETURN
#define __NORETURN __attribute__((__noreturn__))
#endif

/* printf- and scanf-like functions have their formats checked by the compiler. */
#define __PRINTF_LIKE(format, first) __attribute__((__format__(__printf__, format, first)))
#define __SCANF_LIKE(format, first) __attribute__((__format__(__scanf__, format, first)))

#endif

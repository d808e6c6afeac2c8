/* SPDX-License-Identifier: ISC */
/* Diagnostics (C11 7.2). Included again after NDEBUG changed, assert follows. */
#include <features.h>

#undef assert
#ifdef NDEBUG
#define assert(expression) ((void)0)
#else
#define assert(expression) \
	((expression) ? (void)0 : __assert_fail(#expression, __FILE__, __LINE__, __extension__ __func__))
#endif

#ifndef _ASSERT_H
#define _ASSERT_H

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && !defined(__cplusplus)
#define static_assert _Static_assert
#endif

__BEGIN_DECLS
__NORETURN void __assert_fail(const char *, const char *, unsigned int, const char *) __NOTHROW;
__END_DECLS

#endif

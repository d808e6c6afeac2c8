/* SPDX-License-Identifier: ISC */
#ifndef _WCTYPE_H
#define _WCTYPE_H

#include <features.h>

#ifndef _WINT_T
#define _WINT_T
typedef __WINT_TYPE__ wint_t;
#endif
typedef unsigned long wctype_t;
#ifndef WEOF
#define WEOF (0xffffffffu)
#endif

__BEGIN_DECLS
int iswalnum(wint_t) __NOTHROW;
int iswalpha(wint_t) __NOTHROW;
int iswblank(wint_t) __NOTHROW;
int iswcntrl(wint_t) __NOTHROW;
int iswdigit(wint_t) __NOTHROW;
int iswgraph(wint_t) __NOTHROW;
int iswlower(wint_t) __NOTHROW;
int iswprint(wint_t) __NOTHROW;
int iswpunct(wint_t) __NOTHROW;
int iswspace(wint_t) __NOTHROW;
int iswupper(wint_t) __NOTHROW;
int iswxdigit(wint_t) __NOTHROW;
wint_t towlower(wint_t) __NOTHROW;
wint_t towupper(wint_t) __NOTHROW;
__END_DECLS

#endif

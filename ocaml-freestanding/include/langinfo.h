/* SPDX-License-Identifier: ISC */
#ifndef _LANGINFO_H
#define _LANGINFO_H

#include <features.h>
#include <bits/locale_t.h>

typedef int nl_item;

#define CODESET 14
#define RADIXCHAR 0x10000
#define THOUSEP 0x10001

__BEGIN_DECLS
char *nl_langinfo(nl_item) __NOTHROW;
char *nl_langinfo_l(nl_item, locale_t) __NOTHROW;
__END_DECLS

#endif

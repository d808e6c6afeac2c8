/* SPDX-License-Identifier: ISC */
/* What Linux's loader tells a program: here the page size, and that there are no privileges to guard. */
#ifndef _SYS_AUXV_H
#define _SYS_AUXV_H

#include <features.h>

#define AT_PAGESZ 6
#define AT_HWCAP 16
#define AT_CLKTCK 17
#define AT_SECURE 23

__BEGIN_DECLS
unsigned long getauxval(unsigned long) __NOTHROW;
__END_DECLS

#endif

/* SPDX-License-Identifier: ISC */
#ifndef _SYS_SYSINFO_H
#define _SYS_SYSINFO_H

#include <features.h>

__BEGIN_DECLS
int get_nprocs(void) __NOTHROW;
__END_DECLS

#endif

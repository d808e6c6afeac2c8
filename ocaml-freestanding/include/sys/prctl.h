/* SPDX-License-Identifier: ISC */
#ifndef _SYS_PRCTL_H
#define _SYS_PRCTL_H

#include <features.h>

#define PR_SET_NAME 15
#define PR_GET_NAME 16

__BEGIN_DECLS
int prctl(int, ...);
__END_DECLS

#endif

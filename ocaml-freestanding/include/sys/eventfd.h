/* SPDX-License-Identifier: ISC */
/* Linux's event counters: none can be made, ENOSYS. */
#ifndef _SYS_EVENTFD_H
#define _SYS_EVENTFD_H

#include <features.h>

#define EFD_SEMAPHORE 1
#define EFD_NONBLOCK 04000
#define EFD_CLOEXEC 02000000

__BEGIN_DECLS
int eventfd(unsigned, int) __NOTHROW;
__END_DECLS

#endif

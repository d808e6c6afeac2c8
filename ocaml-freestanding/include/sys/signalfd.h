/* SPDX-License-Identifier: ISC */
/* Linux's signals by descriptor: ENOSYS. */
#ifndef _SYS_SIGNALFD_H
#define _SYS_SIGNALFD_H

#include <features.h>
#include <bits/sigset.h>

#define SFD_NONBLOCK 04000
#define SFD_CLOEXEC 02000000

__BEGIN_DECLS
int signalfd(int, const sigset_t *, int) __NOTHROW;
__END_DECLS

#endif

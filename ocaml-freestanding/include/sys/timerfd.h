/* SPDX-License-Identifier: ISC */
/* Linux's timers by descriptor: none can be made, ENOSYS. */
#ifndef _SYS_TIMERFD_H
#define _SYS_TIMERFD_H

#include <features.h>
#include <time.h>

#define TFD_NONBLOCK 04000
#define TFD_CLOEXEC 02000000
#define TFD_TIMER_ABSTIME 1

__BEGIN_DECLS
struct itimerspec;
int timerfd_create(clockid_t, int) __NOTHROW;
int timerfd_settime(int, int, const struct itimerspec *, struct itimerspec *) __NOTHROW;
__END_DECLS

#endif

/* SPDX-License-Identifier: ISC */
#ifndef _SCHED_H
#define _SCHED_H

#include <features.h>
#include <bits/types.h>
#include <bits/timespec.h>

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2

struct sched_param {
	int sched_priority;
};

__BEGIN_DECLS
int sched_yield(void) __NOTHROW;
int sched_get_priority_max(int) __NOTHROW;
int sched_get_priority_min(int) __NOTHROW;
__END_DECLS

#endif

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

#ifdef __LIBC_GNU
typedef struct {
	unsigned long __bits[16];
} cpu_set_t;

#define CPU_SETSIZE 1024
#define CPU_ZERO(set) ((void)__builtin_memset((set), 0, sizeof(cpu_set_t)))
#define CPU_SET(cpu, set) ((void)((set)->__bits[(cpu) / 64] |= 1UL << ((cpu) % 64)))
#define CPU_COUNT(set) __sched_cpucount(sizeof(cpu_set_t), (set))
#define CPU_ISSET(cpu, set) (((set)->__bits[(cpu) / 64] >> ((cpu) % 64) & 1) != 0)
#endif

__BEGIN_DECLS
#ifdef __LIBC_GNU
int sched_getaffinity(pid_t, size_t, cpu_set_t *) __NOTHROW;
int sched_setaffinity(pid_t, size_t, const cpu_set_t *) __NOTHROW;
int sched_getcpu(void) __NOTHROW;
int __sched_cpucount(size_t, const cpu_set_t *) __NOTHROW;
#endif
int sched_yield(void) __NOTHROW;
int sched_get_priority_max(int) __NOTHROW;
int sched_get_priority_min(int) __NOTHROW;
__END_DECLS

#endif

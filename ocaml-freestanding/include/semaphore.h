/* SPDX-License-Identifier: ISC */
#ifndef _SEMAPHORE_H
#define _SEMAPHORE_H

#include <features.h>
#include <bits/timespec.h>

typedef union {
	char __size[32];
	long __align;
} sem_t;

#define SEM_FAILED ((sem_t *)0)

__BEGIN_DECLS
int sem_init(sem_t *, int, unsigned int) __NOTHROW;
int sem_destroy(sem_t *) __NOTHROW;
int sem_getvalue(sem_t *__restrict, int *__restrict) __NOTHROW;
int sem_post(sem_t *) __NOTHROW;
int sem_trywait(sem_t *) __NOTHROW;
int sem_wait(sem_t *);
int sem_timedwait(sem_t *__restrict, const struct timespec *__restrict);
__END_DECLS

#endif

/* SPDX-License-Identifier: ISC */
/* POSIX threads, which take turns on one processor. */
#ifndef _PTHREAD_H
#define _PTHREAD_H

#include <features.h>
#include <sched.h>
#include <time.h>
#include <bits/pthreadtypes.h>
#include <bits/sigset.h>

#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1
#define PTHREAD_MUTEX_NORMAL 0
#define PTHREAD_MUTEX_RECURSIVE 1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_MUTEX_DEFAULT PTHREAD_MUTEX_NORMAL
#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED 1
#define PTHREAD_CANCEL_ENABLE 0
#define PTHREAD_CANCEL_DISABLE 1
#define PTHREAD_BARRIER_SERIAL_THREAD (-1)
#define PTHREAD_ONCE_INIT 0
#define PTHREAD_MUTEX_INITIALIZER { { 0, 0, 0, 0, 0 } }
#define PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP { { 0, 0, 0, 0, PTHREAD_MUTEX_RECURSIVE } }
#define PTHREAD_COND_INITIALIZER { { 0 } }
#define PTHREAD_RWLOCK_INITIALIZER { { 0 } }

__BEGIN_DECLS
int pthread_create(pthread_t *__restrict, const pthread_attr_t *__restrict, void *(*)(void *), void *__restrict) __NOTHROW;
__NORETURN void pthread_exit(void *);
int pthread_join(pthread_t, void **);
int pthread_detach(pthread_t) __NOTHROW;
pthread_t pthread_self(void) __NOTHROW __attribute__((__const__));
int pthread_equal(pthread_t, pthread_t) __NOTHROW __attribute__((__const__));
int pthread_once(pthread_once_t *, void (*)(void));
int pthread_setcancelstate(int, int *);
int pthread_cancel(pthread_t);
int pthread_atfork(void (*)(void), void (*)(void), void (*)(void)) __NOTHROW;

int pthread_attr_init(pthread_attr_t *) __NOTHROW;
int pthread_attr_destroy(pthread_attr_t *) __NOTHROW;
int pthread_attr_setdetachstate(pthread_attr_t *, int) __NOTHROW;
int pthread_attr_getdetachstate(const pthread_attr_t *, int *) __NOTHROW;
int pthread_attr_setstacksize(pthread_attr_t *, size_t) __NOTHROW;
int pthread_attr_getstacksize(const pthread_attr_t *__restrict, size_t *__restrict) __NOTHROW;
int pthread_attr_setstack(pthread_attr_t *, void *, size_t) __NOTHROW;
int pthread_attr_getstack(const pthread_attr_t *__restrict, void **__restrict, size_t *__restrict) __NOTHROW;
int pthread_attr_getguardsize(const pthread_attr_t *__restrict, size_t *__restrict) __NOTHROW;

int pthread_mutex_init(pthread_mutex_t *__restrict, const pthread_mutexattr_t *__restrict) __NOTHROW;
int pthread_mutex_destroy(pthread_mutex_t *) __NOTHROW;
int pthread_mutex_lock(pthread_mutex_t *) __NOTHROW;
int pthread_mutex_trylock(pthread_mutex_t *) __NOTHROW;
int pthread_mutex_timedlock(pthread_mutex_t *__restrict, const struct timespec *__restrict) __NOTHROW;
int pthread_mutex_unlock(pthread_mutex_t *) __NOTHROW;
int pthread_mutexattr_init(pthread_mutexattr_t *) __NOTHROW;
int pthread_mutexattr_destroy(pthread_mutexattr_t *) __NOTHROW;
int pthread_mutexattr_settype(pthread_mutexattr_t *, int) __NOTHROW;
int pthread_mutexattr_gettype(const pthread_mutexattr_t *__restrict, int *__restrict) __NOTHROW;

int pthread_cond_init(pthread_cond_t *__restrict, const pthread_condattr_t *__restrict) __NOTHROW;
int pthread_cond_destroy(pthread_cond_t *) __NOTHROW;
int pthread_cond_signal(pthread_cond_t *) __NOTHROW;
int pthread_cond_broadcast(pthread_cond_t *) __NOTHROW;
int pthread_cond_wait(pthread_cond_t *__restrict, pthread_mutex_t *__restrict);
int pthread_cond_timedwait(pthread_cond_t *__restrict, pthread_mutex_t *__restrict, const struct timespec *__restrict);
int pthread_condattr_init(pthread_condattr_t *) __NOTHROW;
int pthread_condattr_destroy(pthread_condattr_t *) __NOTHROW;
int pthread_condattr_setclock(pthread_condattr_t *, clockid_t) __NOTHROW;

int pthread_rwlock_init(pthread_rwlock_t *__restrict, const pthread_rwlockattr_t *__restrict) __NOTHROW;
int pthread_rwlock_destroy(pthread_rwlock_t *) __NOTHROW;
int pthread_rwlock_rdlock(pthread_rwlock_t *) __NOTHROW;
int pthread_rwlock_wrlock(pthread_rwlock_t *) __NOTHROW;
int pthread_rwlock_tryrdlock(pthread_rwlock_t *) __NOTHROW;
int pthread_rwlock_trywrlock(pthread_rwlock_t *) __NOTHROW;
int pthread_rwlock_unlock(pthread_rwlock_t *) __NOTHROW;
int pthread_rwlockattr_init(pthread_rwlockattr_t *) __NOTHROW;
int pthread_rwlockattr_destroy(pthread_rwlockattr_t *) __NOTHROW;

int pthread_barrier_init(pthread_barrier_t *__restrict, const pthread_barrierattr_t *__restrict, unsigned int) __NOTHROW;
int pthread_barrier_wait(pthread_barrier_t *) __NOTHROW;
int pthread_barrier_destroy(pthread_barrier_t *) __NOTHROW;
int pthread_barrierattr_init(pthread_barrierattr_t *) __NOTHROW;
int pthread_barrierattr_destroy(pthread_barrierattr_t *) __NOTHROW;
int pthread_barrierattr_setpshared(pthread_barrierattr_t *, int) __NOTHROW;
int pthread_barrierattr_getpshared(const pthread_barrierattr_t *__restrict, int *__restrict) __NOTHROW;

int pthread_spin_init(pthread_spinlock_t *, int) __NOTHROW;
int pthread_spin_destroy(pthread_spinlock_t *) __NOTHROW;
int pthread_spin_lock(pthread_spinlock_t *) __NOTHROW;
int pthread_spin_trylock(pthread_spinlock_t *) __NOTHROW;
int pthread_spin_unlock(pthread_spinlock_t *) __NOTHROW;

int pthread_key_create(pthread_key_t *, void (*)(void *)) __NOTHROW;
int pthread_key_delete(pthread_key_t) __NOTHROW;
void *pthread_getspecific(pthread_key_t) __NOTHROW;
int pthread_setspecific(pthread_key_t, const void *) __NOTHROW;

#ifdef __LIBC_GNU
int pthread_getattr_np(pthread_t, pthread_attr_t *) __NOTHROW;
int pthread_setname_np(pthread_t, const char *) __NOTHROW;
int pthread_getname_np(pthread_t, char *, size_t) __NOTHROW;
#endif
__END_DECLS

#endif

/* SPDX-License-Identifier: ISC */
#ifndef _SYS_TIME_H
#define _SYS_TIME_H

#include <features.h>
#include <bits/timeval.h>
#include <sys/select.h>

struct timezone {
	int tz_minuteswest;
	int tz_dsttime;
};

struct itimerval {
	struct timeval it_interval;
	struct timeval it_value;
};

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

#define timerisset(t) ((t)->tv_sec || (t)->tv_usec)
#define timerclear(t) ((t)->tv_sec = (t)->tv_usec = 0)
#define timercmp(a, b, op) ((a)->tv_sec == (b)->tv_sec ? (a)->tv_usec op (b)->tv_usec : (a)->tv_sec op (b)->tv_sec)

__BEGIN_DECLS
int gettimeofday(struct timeval *__restrict, void *__restrict) __NOTHROW;
int settimeofday(const struct timeval *, const struct timezone *) __NOTHROW;
int getitimer(int, struct itimerval *) __NOTHROW;
int setitimer(int, const struct itimerval *__restrict, struct itimerval *__restrict) __NOTHROW;
int utimes(const char *, const struct timeval[2]) __NOTHROW;
__END_DECLS

#endif

/* SPDX-License-Identifier: ISC */
/* Date and time (C11 7.27, POSIX). The time zone is UTC. */
#ifndef _TIME_H
#define _TIME_H

#include <features.h>
#include <stddef.h>
#include <bits/types.h>
#include <bits/timespec.h>
#include <bits/locale_t.h>

#define CLOCKS_PER_SEC ((clock_t)1000000)
#define TIME_UTC 1

struct tm {
	int tm_sec;
	int tm_min;
	int tm_hour;
	int tm_mday;
	int tm_mon;
	int tm_year;
	int tm_wday;
	int tm_yday;
	int tm_isdst;
	long tm_gmtoff;
	const char *tm_zone;
};

__BEGIN_DECLS
clock_t clock(void) __NOTHROW;
double difftime(time_t, time_t) __NOTHROW;
time_t mktime(struct tm *) __NOTHROW;
time_t time(time_t *) __NOTHROW;
int timespec_get(struct timespec *, int) __NOTHROW;
char *asctime(const struct tm *) __NOTHROW;
char *ctime(const time_t *) __NOTHROW;
struct tm *gmtime(const time_t *) __NOTHROW;
struct tm *localtime(const time_t *) __NOTHROW;
size_t strftime(char *__restrict, size_t, const char *__restrict, const struct tm *__restrict) __NOTHROW;

#ifdef __LIBC_POSIX
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define TIMER_ABSTIME 1

struct itimerspec {
	struct timespec it_interval;
	struct timespec it_value;
};

extern char *tzname[2];
extern int daylight;
extern long timezone;

struct tm *gmtime_r(const time_t *__restrict, struct tm *__restrict) __NOTHROW;
struct tm *localtime_r(const time_t *__restrict, struct tm *__restrict) __NOTHROW;
char *asctime_r(const struct tm *__restrict, char *__restrict) __NOTHROW;
char *ctime_r(const time_t *, char *) __NOTHROW;
size_t strftime_l(char *__restrict, size_t, const char *__restrict, const struct tm *__restrict, locale_t) __NOTHROW;
time_t timegm(struct tm *) __NOTHROW;
void tzset(void) __NOTHROW;
int clock_gettime(clockid_t, struct timespec *) __NOTHROW;
int clock_getres(clockid_t, struct timespec *) __NOTHROW;
int clock_settime(clockid_t, const struct timespec *) __NOTHROW;
int clock_nanosleep(clockid_t, int, const struct timespec *, struct timespec *);
int nanosleep(const struct timespec *, struct timespec *);
#endif
__END_DECLS

#endif

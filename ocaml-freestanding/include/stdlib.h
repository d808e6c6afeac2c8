/* SPDX-License-Identifier: ISC */
/* General utilities (C11 7.22, POSIX). */
#ifndef _STDLIB_H
#define _STDLIB_H

#include <features.h>
#include <stddef.h>
#include <bits/locale_t.h>
#include <bits/mallinfo.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 2147483647
#define MB_CUR_MAX (__ctype_get_mb_cur_max())

typedef struct {
	int quot;
	int rem;
} div_t;

typedef struct {
	long quot;
	long rem;
} ldiv_t;

typedef struct {
	long long quot;
	long long rem;
} lldiv_t;

__BEGIN_DECLS
double atof(const char *) __NOTHROW;
int atoi(const char *) __NOTHROW;
long atol(const char *) __NOTHROW;
long long atoll(const char *) __NOTHROW;
double strtod(const char *__restrict, char **__restrict) __NOTHROW;
float strtof(const char *__restrict, char **__restrict) __NOTHROW;
long double strtold(const char *__restrict, char **__restrict) __NOTHROW;
long strtol(const char *__restrict, char **__restrict, int) __NOTHROW;
long long strtoll(const char *__restrict, char **__restrict, int) __NOTHROW;
unsigned long strtoul(const char *__restrict, char **__restrict, int) __NOTHROW;
unsigned long long strtoull(const char *__restrict, char **__restrict, int) __NOTHROW;

int rand(void) __NOTHROW;
void srand(unsigned int) __NOTHROW;

void *malloc(size_t) __NOTHROW __attribute__((__malloc__));
void *calloc(size_t, size_t) __NOTHROW __attribute__((__malloc__));
void *realloc(void *, size_t) __NOTHROW;
void *aligned_alloc(size_t, size_t) __NOTHROW __attribute__((__malloc__));
void free(void *) __NOTHROW;
/* Shown to strict C too, as in MirageOS's libc: mirage-xen's C is compiled as C99. */
int posix_memalign(void **, size_t, size_t) __NOTHROW; /* negative where it fails: io-page tests for that */

__NORETURN void abort(void) __NOTHROW;
__NORETURN void exit(int) __NOTHROW;
__NORETURN void _Exit(int) __NOTHROW;
__NORETURN void quick_exit(int) __NOTHROW;
int atexit(void (*)(void)) __NOTHROW;
int at_quick_exit(void (*)(void)) __NOTHROW;
char *getenv(const char *) __NOTHROW;
int system(const char *);

void *bsearch(const void *, const void *, size_t, size_t, int (*)(const void *, const void *));
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));

int abs(int) __NOTHROW __attribute__((__const__));
long labs(long) __NOTHROW __attribute__((__const__));
long long llabs(long long) __NOTHROW __attribute__((__const__));
div_t div(int, int) __NOTHROW __attribute__((__const__));
ldiv_t ldiv(long, long) __NOTHROW __attribute__((__const__));
lldiv_t lldiv(long long, long long) __NOTHROW __attribute__((__const__));

int mblen(const char *, size_t) __NOTHROW;
int mbtowc(wchar_t *__restrict, const char *__restrict, size_t) __NOTHROW;
int wctomb(char *, wchar_t) __NOTHROW;
size_t mbstowcs(wchar_t *__restrict, const char *__restrict, size_t) __NOTHROW;
size_t wcstombs(char *__restrict, const wchar_t *__restrict, size_t) __NOTHROW;
size_t __ctype_get_mb_cur_max(void) __NOTHROW;

#ifdef __LIBC_POSIX
#include <alloca.h>
#include <sys/types.h>
#include <stdint.h>
void *valloc(size_t) __NOTHROW __attribute__((__malloc__));
void *reallocarray(void *, size_t, size_t) __NOTHROW;
int setenv(const char *, const char *, int) __NOTHROW;
int unsetenv(const char *) __NOTHROW;
int putenv(char *) __NOTHROW;
int clearenv(void) __NOTHROW;
int rand_r(unsigned int *) __NOTHROW;
long random(void) __NOTHROW;
void srandom(unsigned int) __NOTHROW;
double drand48(void) __NOTHROW;
long lrand48(void) __NOTHROW;
long mrand48(void) __NOTHROW;
void srand48(long) __NOTHROW;
char *realpath(const char *__restrict, char *__restrict) __NOTHROW;
int mkstemp(char *);
uint32_t arc4random(void) __NOTHROW;
void arc4random_buf(void *, size_t) __NOTHROW;
uint32_t arc4random_uniform(uint32_t) __NOTHROW;
char *mkdtemp(char *) __NOTHROW;
int on_exit(void (*)(int, void *), void *) __NOTHROW;
int getloadavg(double[], int) __NOTHROW;
#endif

#ifdef __LIBC_GNU
char *secure_getenv(const char *) __NOTHROW;
int mkostemp(char *, int);
void qsort_r(void *, size_t, size_t, int (*)(const void *, const void *, void *), void *);
long strtol_l(const char *__restrict, char **__restrict, int, locale_t) __NOTHROW;
unsigned long strtoul_l(const char *__restrict, char **__restrict, int, locale_t) __NOTHROW;
long long strtoq(const char *__restrict, char **__restrict, int) __NOTHROW;
unsigned long long strtouq(const char *__restrict, char **__restrict, int) __NOTHROW;
double strtod_l(const char *__restrict, char **__restrict, locale_t) __NOTHROW;
float strtof_l(const char *__restrict, char **__restrict, locale_t) __NOTHROW;
long double strtold_l(const char *__restrict, char **__restrict, locale_t) __NOTHROW;
#endif
__END_DECLS

#endif

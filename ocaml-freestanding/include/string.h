/* SPDX-License-Identifier: ISC */
/* String handling (C11 7.24, POSIX). */
#ifndef _STRING_H
#define _STRING_H

#include <features.h>
#include <stddef.h>
#include <bits/locale_t.h>

__BEGIN_DECLS
void *memcpy(void *__restrict, const void *__restrict, size_t) __NOTHROW;
void *memmove(void *, const void *, size_t) __NOTHROW;
void *memset(void *, int, size_t) __NOTHROW;
int memcmp(const void *, const void *, size_t) __NOTHROW;
void *memchr(const void *, int, size_t) __NOTHROW;
char *strcpy(char *__restrict, const char *__restrict) __NOTHROW;
char *strncpy(char *__restrict, const char *__restrict, size_t) __NOTHROW;
char *strcat(char *__restrict, const char *__restrict) __NOTHROW;
char *strncat(char *__restrict, const char *__restrict, size_t) __NOTHROW;
int strcmp(const char *, const char *) __NOTHROW;
int strncmp(const char *, const char *, size_t) __NOTHROW;
int strcoll(const char *, const char *) __NOTHROW;
size_t strxfrm(char *__restrict, const char *__restrict, size_t) __NOTHROW;
char *strchr(const char *, int) __NOTHROW;
char *strrchr(const char *, int) __NOTHROW;
size_t strcspn(const char *, const char *) __NOTHROW;
size_t strspn(const char *, const char *) __NOTHROW;
char *strpbrk(const char *, const char *) __NOTHROW;
char *strstr(const char *, const char *) __NOTHROW;
char *strtok(char *__restrict, const char *__restrict) __NOTHROW;
size_t strlen(const char *) __NOTHROW;
char *strerror(int) __NOTHROW;

#ifdef __LIBC_POSIX
#include <strings.h>
void *memccpy(void *__restrict, const void *__restrict, int, size_t) __NOTHROW;
char *stpcpy(char *__restrict, const char *__restrict) __NOTHROW;
char *stpncpy(char *__restrict, const char *__restrict, size_t) __NOTHROW;
char *strdup(const char *) __NOTHROW __attribute__((__malloc__));
char *strndup(const char *, size_t) __NOTHROW __attribute__((__malloc__));
size_t strnlen(const char *, size_t) __NOTHROW;
char *strtok_r(char *__restrict, const char *__restrict, char **__restrict) __NOTHROW;
char *strsep(char **__restrict, const char *__restrict) __NOTHROW;
char *strsignal(int) __NOTHROW;
int strcoll_l(const char *, const char *, locale_t) __NOTHROW;
size_t strxfrm_l(char *__restrict, const char *__restrict, size_t, locale_t) __NOTHROW;
char *strerror_l(int, locale_t) __NOTHROW;
/* POSIX's strerror_r returns int, GNU's the string; glibc's archives call the first by another name. */
int __xpg_strerror_r(int, char *, size_t) __NOTHROW;
#ifdef __LIBC_GNU
char *strerror_r(int, char *, size_t) __NOTHROW;
#else
int strerror_r(int, char *, size_t) __NOTHROW __asm__("__xpg_strerror_r");
#endif
void explicit_bzero(void *, size_t) __NOTHROW;
size_t strlcpy(char *__restrict, const char *__restrict, size_t) __NOTHROW;
size_t strlcat(char *__restrict, const char *__restrict, size_t) __NOTHROW;
#endif

#ifdef __LIBC_GNU
void *memmem(const void *, size_t, const void *, size_t) __NOTHROW;
void *memrchr(const void *, int, size_t) __NOTHROW;
void *rawmemchr(const void *, int) __NOTHROW;
void *mempcpy(void *__restrict, const void *__restrict, size_t) __NOTHROW;
char *strchrnul(const char *, int) __NOTHROW;
char *strcasestr(const char *, const char *) __NOTHROW;
int strverscmp(const char *, const char *) __NOTHROW;
#endif
__END_DECLS

#endif

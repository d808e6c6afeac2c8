/* SPDX-License-Identifier: ISC */
/* Input and output (C11 7.21, POSIX): the console, and streams in memory. */
#ifndef _STDIO_H
#define _STDIO_H

#include <features.h>
#include <stdarg.h>
#include <stddef.h>
#include <bits/types.h>
#include <bits/file.h>
#include <bits/mbstate.h>

#define EOF (-1)
#define BUFSIZ 8192
#define FILENAME_MAX 4096
#define FOPEN_MAX 16
#define L_tmpnam 20
#define TMP_MAX 238328
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

typedef struct {
	off_t __pos;
	__mbstate_t __state;
} fpos_t;

__BEGIN_DECLS
extern FILE *stdin;
extern FILE *stdout;
extern FILE *stderr;
#define stdin stdin
#define stdout stdout
#define stderr stderr

int printf(const char *__restrict, ...) __PRINTF_LIKE(1, 2);
int fprintf(FILE *__restrict, const char *__restrict, ...) __PRINTF_LIKE(2, 3);
int sprintf(char *__restrict, const char *__restrict, ...) __NOTHROW __PRINTF_LIKE(2, 3);
int snprintf(char *__restrict, size_t, const char *__restrict, ...) __NOTHROW __PRINTF_LIKE(3, 4);
int vprintf(const char *__restrict, va_list) __PRINTF_LIKE(1, 0);
int vfprintf(FILE *__restrict, const char *__restrict, va_list) __PRINTF_LIKE(2, 0);
int vsprintf(char *__restrict, const char *__restrict, va_list) __NOTHROW __PRINTF_LIKE(2, 0);
int vsnprintf(char *__restrict, size_t, const char *__restrict, va_list) __NOTHROW __PRINTF_LIKE(3, 0);
int scanf(const char *__restrict, ...) __SCANF_LIKE(1, 2);
int fscanf(FILE *__restrict, const char *__restrict, ...) __SCANF_LIKE(2, 3);
int sscanf(const char *__restrict, const char *__restrict, ...) __NOTHROW __SCANF_LIKE(2, 3);
int vscanf(const char *__restrict, va_list) __SCANF_LIKE(1, 0);
int vfscanf(FILE *__restrict, const char *__restrict, va_list) __SCANF_LIKE(2, 0);
int vsscanf(const char *__restrict, const char *__restrict, va_list) __NOTHROW __SCANF_LIKE(2, 0);

FILE *fopen(const char *__restrict, const char *__restrict);
FILE *freopen(const char *__restrict, const char *__restrict, FILE *__restrict);
int fclose(FILE *);
int fflush(FILE *);
void setbuf(FILE *__restrict, char *__restrict) __NOTHROW;
int setvbuf(FILE *__restrict, char *__restrict, int, size_t) __NOTHROW;
int fgetc(FILE *);
int getc(FILE *);
int getchar(void);
char *fgets(char *__restrict, int, FILE *__restrict);
int ungetc(int, FILE *);
int fputc(int, FILE *);
int putc(int, FILE *);
int putchar(int);
int fputs(const char *__restrict, FILE *__restrict);
int puts(const char *);
size_t fread(void *__restrict, size_t, size_t, FILE *__restrict);
size_t fwrite(const void *__restrict, size_t, size_t, FILE *__restrict);
int fseek(FILE *, long, int);
long ftell(FILE *);
void rewind(FILE *);
int fgetpos(FILE *__restrict, fpos_t *__restrict);
int fsetpos(FILE *, const fpos_t *);
void clearerr(FILE *) __NOTHROW;
int feof(FILE *) __NOTHROW;
int ferror(FILE *) __NOTHROW;
void perror(const char *);
int remove(const char *) __NOTHROW;
int rename(const char *, const char *) __NOTHROW;
FILE *tmpfile(void);
char *tmpnam(char[L_tmpnam]) __NOTHROW;

#ifdef __LIBC_POSIX
int fileno(FILE *) __NOTHROW;
int renameat(int, const char *, int, const char *) __NOTHROW;
FILE *fdopen(int, const char *) __NOTHROW;
FILE *fmemopen(void *, size_t, const char *) __NOTHROW;
FILE *open_memstream(char **, size_t *) __NOTHROW;
FILE *popen(const char *, const char *);
int pclose(FILE *);
int fseeko(FILE *, off_t, int);
off_t ftello(FILE *);
int dprintf(int, const char *__restrict, ...) __PRINTF_LIKE(2, 3);
int vdprintf(int, const char *__restrict, va_list) __PRINTF_LIKE(2, 0);
ssize_t getdelim(char **__restrict, size_t *__restrict, int, FILE *__restrict);
ssize_t getline(char **__restrict, size_t *__restrict, FILE *__restrict);
void flockfile(FILE *) __NOTHROW;
int ftrylockfile(FILE *) __NOTHROW;
void funlockfile(FILE *) __NOTHROW;
int getc_unlocked(FILE *);
int getchar_unlocked(void);
int putc_unlocked(int, FILE *);
int putchar_unlocked(int);
int fputc_unlocked(int, FILE *);
int fgetc_unlocked(FILE *);
int fflush_unlocked(FILE *);
size_t fread_unlocked(void *__restrict, size_t, size_t, FILE *__restrict);
size_t fwrite_unlocked(const void *__restrict, size_t, size_t, FILE *__restrict);
int feof_unlocked(FILE *) __NOTHROW;
int ferror_unlocked(FILE *) __NOTHROW;
void clearerr_unlocked(FILE *) __NOTHROW;
int fileno_unlocked(FILE *) __NOTHROW;
void setlinebuf(FILE *) __NOTHROW;
#endif

#ifdef __LIBC_GNU
int asprintf(char **__restrict, const char *__restrict, ...) __NOTHROW __PRINTF_LIKE(2, 3);
int vasprintf(char **__restrict, const char *__restrict, va_list) __NOTHROW __PRINTF_LIKE(2, 0);
int fputs_unlocked(const char *__restrict, FILE *__restrict);
char *fgets_unlocked(char *__restrict, int, FILE *__restrict);
#endif
__END_DECLS

#endif

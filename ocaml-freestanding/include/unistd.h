/* SPDX-License-Identifier: ISC */
/* POSIX operating system interface. Descriptors 0, 1 and 2 are the console; files and processes fail with the
   error that a program expects. */
#ifndef _UNISTD_H
#define _UNISTD_H

#include <features.h>
#include <bits/types.h>
#include <stdint.h>

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define R_OK 4
#define W_OK 2
#define X_OK 1
#define F_OK 0
#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif
#define F_ULOCK 0
#define F_LOCK 1
#define F_TLOCK 2
#define F_TEST 3

#define _POSIX_VERSION 200809L
#define _POSIX_TIMERS 200809L
#define _POSIX_MONOTONIC_CLOCK 0
#define _POSIX_THREADS 200809L

enum {
	_SC_ARG_MAX = 0,
	_SC_CHILD_MAX = 1,
	_SC_CLK_TCK = 2,
	_SC_NGROUPS_MAX = 3,
	_SC_OPEN_MAX = 4,
	_SC_VERSION = 29,
	_SC_PAGESIZE = 30,
	_SC_PAGE_SIZE = 30,
	_SC_IOV_MAX = 60,
	_SC_GETGR_R_SIZE_MAX = 69,
	_SC_GETPW_R_SIZE_MAX = 70,
	_SC_NPROCESSORS_CONF = 83,
	_SC_NPROCESSORS_ONLN = 84,
	_SC_PHYS_PAGES = 85,
	_SC_AVPHYS_PAGES = 86,
	_SC_MONOTONIC_CLOCK = 149,
	_SC_HOST_NAME_MAX = 180
};

__BEGIN_DECLS
extern char **environ;

ssize_t read(int, void *, size_t);
ssize_t write(int, const void *, size_t);
ssize_t pread(int, void *, size_t, off_t);
ssize_t pwrite(int, const void *, size_t, off_t);
int close(int);
off_t lseek(int, off_t, int) __NOTHROW;
int dup(int) __NOTHROW;
int dup2(int, int) __NOTHROW;
#ifdef __LIBC_GNU
int dup3(int, int, int) __NOTHROW;
#endif
int pipe(int[2]) __NOTHROW;
#ifdef __LIBC_GNU
int pipe2(int[2], int) __NOTHROW;
#endif
int isatty(int) __NOTHROW;
int ftruncate(int, off_t) __NOTHROW;
int truncate(const char *, off_t) __NOTHROW;
int fsync(int);
int fdatasync(int);
int access(const char *, int) __NOTHROW;
int chdir(const char *) __NOTHROW;
char *getcwd(char *, size_t) __NOTHROW;
int link(const char *, const char *) __NOTHROW;
int symlink(const char *, const char *) __NOTHROW;
ssize_t readlink(const char *__restrict, char *__restrict, size_t) __NOTHROW;
int unlink(const char *) __NOTHROW;
int rmdir(const char *) __NOTHROW;
int chown(const char *, uid_t, gid_t) __NOTHROW;
int fchown(int, uid_t, gid_t) __NOTHROW;
int lchown(const char *, uid_t, gid_t) __NOTHROW;
int fchdir(int) __NOTHROW;
int faccessat(int, const char *, int, int) __NOTHROW;
int unlinkat(int, const char *, int) __NOTHROW;
int linkat(int, const char *, int, const char *, int) __NOTHROW;
void swab(const void *__restrict, void *__restrict, ssize_t) __NOTHROW;

pid_t getpid(void) __NOTHROW;
pid_t getppid(void) __NOTHROW;
uid_t getuid(void) __NOTHROW;
uid_t geteuid(void) __NOTHROW;
gid_t getgid(void) __NOTHROW;
gid_t getegid(void) __NOTHROW;
int getgroups(int, gid_t[]) __NOTHROW;
char *getlogin(void);
int getlogin_r(char *, size_t);
pid_t getpgrp(void) __NOTHROW;
pid_t getpgid(pid_t) __NOTHROW;
int setpgid(pid_t, pid_t) __NOTHROW;
pid_t setsid(void) __NOTHROW;
int setuid(uid_t) __NOTHROW;
int setgid(gid_t) __NOTHROW;
#ifdef __LIBC_GNU
pid_t gettid(void) __NOTHROW;
#endif
pid_t fork(void) __NOTHROW;
pid_t vfork(void) __NOTHROW;
int execv(const char *, char *const[]) __NOTHROW;
int execve(const char *, char *const[], char *const[]) __NOTHROW;
int execvp(const char *, char *const[]) __NOTHROW;
#ifdef __LIBC_GNU
int execvpe(const char *, char *const[], char *const[]) __NOTHROW;
long syscall(long, ...) __NOTHROW;
#endif
int nice(int) __NOTHROW;
int chroot(const char *) __NOTHROW;
__NORETURN void _exit(int) __NOTHROW;

unsigned int sleep(unsigned int);
int usleep(useconds_t);
unsigned int alarm(unsigned int) __NOTHROW;
int pause(void);

long sysconf(int) __NOTHROW;
int getpagesize(void) __NOTHROW;
int gethostname(char *, size_t) __NOTHROW;
int getdomainname(char *, size_t) __NOTHROW;
int getentropy(void *, size_t);
int getopt(int, char *const[], const char *) __NOTHROW;
extern char *optarg;
extern int optind, opterr, optopt;
__END_DECLS

#endif

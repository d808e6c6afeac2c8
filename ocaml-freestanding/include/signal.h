/* SPDX-License-Identifier: ISC */
/* Signals (C11 7.14, POSIX), in glibc's x86-64 layout. None ever arrives from outside; a program's own raise
   and, for SIGSEGV, a page fault are the only sources. */
#ifndef _SIGNAL_H
#define _SIGNAL_H

#include <features.h>
#include <bits/types.h>
#include <bits/sigset.h>
#include <bits/timespec.h>
#include <bits/pthreadtypes.h>

typedef int sig_atomic_t;
typedef void (*__sighandler_t)(int);

#define SIG_ERR ((__sighandler_t)-1)
#define SIG_DFL ((__sighandler_t)0)
#define SIG_IGN ((__sighandler_t)1)

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGIOT SIGABRT
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPOLL SIGIO
#define SIGPWR 30
#define SIGRTMIN (__libc_current_sigrtmin())
#define SIGRTMAX (__libc_current_sigrtmax())
#define SIGSYS 31

__BEGIN_DECLS
__sighandler_t signal(int, __sighandler_t) __NOTHROW;
int raise(int) __NOTHROW;
int __libc_current_sigrtmin(void) __NOTHROW;
int __libc_current_sigrtmax(void) __NOTHROW;

#ifdef __LIBC_POSIX
#define NSIG 65
#define _NSIG 65

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 1
#define SA_NOCLDWAIT 2
#define SA_SIGINFO 4
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192

#define SEGV_MAPERR 1
#define SEGV_ACCERR 2

union sigval {
	int sival_int;
	void *sival_ptr;
};

typedef struct {
	int si_signo;
	int si_errno;
	int si_code;
	int __pad0;
	union {
		int __pad[28];
		struct {
			pid_t si_pid;
			uid_t si_uid;
		} __kill;
		struct {
			void *si_addr;
		} __sigfault;
	} __sifields;
} siginfo_t;

#define si_pid __sifields.__kill.si_pid
#define si_uid __sifields.__kill.si_uid
#define si_addr __sifields.__sigfault.si_addr

struct sigaction {
	union {
		__sighandler_t sa_handler;
		void (*sa_sigaction)(int, siginfo_t *, void *);
	} __sigaction_handler;
	sigset_t sa_mask;
	int sa_flags;
	void (*sa_restorer)(void);
};

#define sa_handler __sigaction_handler.sa_handler
#define sa_sigaction __sigaction_handler.sa_sigaction

#include <ucontext.h>

int kill(pid_t, int) __NOTHROW;
int sigaction(int, const struct sigaction *__restrict, struct sigaction *__restrict) __NOTHROW;
int sigaltstack(const stack_t *__restrict, stack_t *__restrict) __NOTHROW;
int sigprocmask(int, const sigset_t *__restrict, sigset_t *__restrict) __NOTHROW;
int pthread_sigmask(int, const sigset_t *__restrict, sigset_t *__restrict) __NOTHROW;
int pthread_kill(pthread_t, int) __NOTHROW;
int sigpending(sigset_t *) __NOTHROW;
int sigsuspend(const sigset_t *);
int sigwait(const sigset_t *__restrict, int *__restrict);
int sigemptyset(sigset_t *) __NOTHROW;
int sigfillset(sigset_t *) __NOTHROW;
int sigaddset(sigset_t *, int) __NOTHROW;
int sigdelset(sigset_t *, int) __NOTHROW;
int sigismember(const sigset_t *, int) __NOTHROW;
#endif
__END_DECLS

#endif

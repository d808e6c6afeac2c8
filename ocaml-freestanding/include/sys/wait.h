/* SPDX-License-Identifier: ISC */
/* There are no child processes: every wait fails with ECHILD. The macros read a status as Linux writes it. */
#ifndef _SYS_WAIT_H
#define _SYS_WAIT_H

#include <features.h>
#include <bits/types.h>

#define WNOHANG 1
#define WUNTRACED 2
#define WEXITSTATUS(status) (((status) & 0xff00) >> 8)
#define WTERMSIG(status) ((status) & 0x7f)
#define WSTOPSIG(status) WEXITSTATUS(status)
#define WIFEXITED(status) (WTERMSIG(status) == 0)
#define WIFSIGNALED(status) (((signed char)(((status) & 0x7f) + 1) >> 1) > 0)
#define WIFSTOPPED(status) (((status) & 0xff) == 0x7f)

__BEGIN_DECLS
pid_t wait(int *);
pid_t waitpid(pid_t, int *, int);
#ifdef __LIBC_POSIX
struct rusage;
pid_t wait3(int *, int, struct rusage *) __NOTHROW;
pid_t wait4(pid_t, int *, int, struct rusage *) __NOTHROW;
#endif
__END_DECLS

#endif

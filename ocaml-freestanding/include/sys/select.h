/* SPDX-License-Identifier: ISC */
#ifndef _SYS_SELECT_H
#define _SYS_SELECT_H

#include <features.h>
#include <bits/timespec.h>
#include <bits/timeval.h>
#include <bits/sigset.h>

#define FD_SETSIZE 1024

typedef struct {
	long __fds_bits[FD_SETSIZE / (8 * sizeof(long))];
} fd_set;

#define __FD_WORD(fd) ((fd) / (8 * (int)sizeof(long)))
#define __FD_BIT(fd) ((long)(1UL << ((fd) % (8 * (int)sizeof(long)))))
#define FD_ZERO(set) ((void)__builtin_memset((set), 0, sizeof(fd_set)))
#define FD_SET(fd, set) ((void)((set)->__fds_bits[__FD_WORD(fd)] |= __FD_BIT(fd)))
#define FD_CLR(fd, set) ((void)((set)->__fds_bits[__FD_WORD(fd)] &= ~__FD_BIT(fd)))
#define FD_ISSET(fd, set) (((set)->__fds_bits[__FD_WORD(fd)] & __FD_BIT(fd)) != 0)

__BEGIN_DECLS
int select(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, struct timeval *__restrict);
int pselect(int, fd_set *__restrict, fd_set *__restrict, fd_set *__restrict, const struct timespec *__restrict,
	const sigset_t *__restrict);
__END_DECLS

#endif

/* SPDX-License-Identifier: ISC */
/* Linux's epoll: none can be made, ENOSYS. */
#ifndef _SYS_EPOLL_H
#define _SYS_EPOLL_H

#include <features.h>
#include <stdint.h>

typedef union {
	void *ptr;
	int fd;
	uint32_t u32;
	uint64_t u64;
} epoll_data_t;

struct epoll_event {
	uint32_t events;
	epoll_data_t data;
} __attribute__((__packed__));

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EPOLLIN 1
#define EPOLLOUT 4
#define EPOLLERR 8
#define EPOLLHUP 16

__BEGIN_DECLS
int epoll_create(int) __NOTHROW;
int epoll_create1(int) __NOTHROW;
int epoll_ctl(int, int, int, struct epoll_event *) __NOTHROW;
int epoll_wait(int, struct epoll_event *, int, int);
__END_DECLS

#endif

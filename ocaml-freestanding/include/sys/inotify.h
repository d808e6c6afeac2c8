/* SPDX-License-Identifier: ISC */
/* Linux's notice of changed files: there are no files, ENOSYS. */
#ifndef _SYS_INOTIFY_H
#define _SYS_INOTIFY_H

#include <features.h>
#include <stdint.h>

struct inotify_event {
	int wd;
	uint32_t mask;
	uint32_t cookie;
	uint32_t len;
#ifndef __cplusplus
	char name[];
#endif
};

#define IN_MODIFY 2
#define IN_ATTRIB 4
#define IN_MOVED_FROM 0x40
#define IN_MOVED_TO 0x80
#define IN_CREATE 0x100
#define IN_DELETE 0x200
#define IN_DELETE_SELF 0x400
#define IN_MOVE_SELF 0x800
#define IN_NONBLOCK 04000
#define IN_CLOEXEC 02000000

__BEGIN_DECLS
int inotify_init(void) __NOTHROW;
int inotify_init1(int) __NOTHROW;
int inotify_add_watch(int, const char *, uint32_t) __NOTHROW;
int inotify_rm_watch(int, int) __NOTHROW;
__END_DECLS

#endif

/* SPDX-License-Identifier: ISC */
#ifndef _SYS_STATVFS_H
#define _SYS_STATVFS_H

#include <features.h>
#include <bits/types.h>

struct statvfs {
	unsigned long f_bsize;
	unsigned long f_frsize;
	fsblkcnt_t f_blocks;
	fsblkcnt_t f_bfree;
	fsblkcnt_t f_bavail;
	fsfilcnt_t f_files;
	fsfilcnt_t f_ffree;
	fsfilcnt_t f_favail;
	unsigned long f_fsid;
	unsigned long f_flag;
	unsigned long f_namemax;
	int __f_spare[6];
};

__BEGIN_DECLS
int statvfs(const char *__restrict, struct statvfs *__restrict) __NOTHROW;
int fstatvfs(int, struct statvfs *) __NOTHROW;
__END_DECLS

#endif

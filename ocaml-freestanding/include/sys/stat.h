/* SPDX-License-Identifier: ISC */
/* File status, in glibc's x86-64 layout. There is no file system: only the standard descriptors have a status. */
#ifndef _SYS_STAT_H
#define _SYS_STAT_H

#include <features.h>
#include <bits/types.h>
#include <bits/timespec.h>

struct stat {
	dev_t st_dev;
	ino_t st_ino;
	nlink_t st_nlink;
	mode_t st_mode;
	uid_t st_uid;
	gid_t st_gid;
	int __pad0;
	dev_t st_rdev;
	off_t st_size;
	blksize_t st_blksize;
	blkcnt_t st_blocks;
	struct timespec st_atim;
	struct timespec st_mtim;
	struct timespec st_ctim;
	long __reserved[3];
};

#define st_atime st_atim.tv_sec
#define st_mtime st_mtim.tv_sec
#define st_ctime st_ctim.tv_sec

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define S_ISUID 04000
#define S_ISGID 02000
#define S_ISVTX 01000
#define S_IRWXU 0700
#define S_IRUSR 0400
#define S_IWUSR 0200
#define S_IXUSR 0100
#define S_IRWXG 0070
#define S_IRGRP 0040
#define S_IWGRP 0020
#define S_IXGRP 0010
#define S_IRWXO 0007
#define S_IROTH 0004
#define S_IWOTH 0002
#define S_IXOTH 0001

#define UTIME_NOW ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)

#define S_ISSOCK(mode) (((mode) & S_IFMT) == S_IFSOCK)
#define S_ISLNK(mode) (((mode) & S_IFMT) == S_IFLNK)
#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)
#define S_ISBLK(mode) (((mode) & S_IFMT) == S_IFBLK)
#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)
#define S_ISCHR(mode) (((mode) & S_IFMT) == S_IFCHR)
#define S_ISFIFO(mode) (((mode) & S_IFMT) == S_IFIFO)

__BEGIN_DECLS
int stat(const char *__restrict, struct stat *__restrict) __NOTHROW;
int lstat(const char *__restrict, struct stat *__restrict) __NOTHROW;
int fstat(int, struct stat *) __NOTHROW;
int chmod(const char *, mode_t) __NOTHROW;
int fchmod(int, mode_t) __NOTHROW;
int mkdir(const char *, mode_t) __NOTHROW;
int mkfifo(const char *, mode_t) __NOTHROW;
mode_t umask(mode_t) __NOTHROW;
int fstatat(int, const char *__restrict, struct stat *__restrict, int) __NOTHROW;
int mknod(const char *, mode_t, dev_t) __NOTHROW;
int futimens(int, const struct timespec[2]) __NOTHROW;
int utimensat(int, const char *, const struct timespec[2], int) __NOTHROW;
__END_DECLS

#endif

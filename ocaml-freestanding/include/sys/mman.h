/* SPDX-License-Identifier: ISC */
/* Memory mappings: anonymous and private ones exist, files cannot be mapped. */
#ifndef _SYS_MMAN_H
#define _SYS_MMAN_H

#include <features.h>
#include <bits/types.h>

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_ANON MAP_ANONYMOUS
#define MAP_NORESERVE 0x4000
#define MAP_POPULATE 0x8000
#define MAP_STACK 0x20000
#define MAP_HUGETLB 0x40000
#define MAP_FIXED_NOREPLACE 0x100000
#define MAP_FAILED ((void *)-1)
#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4
#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_HUGEPAGE 14

__BEGIN_DECLS
void *mmap(void *, size_t, int, int, int, off_t) __NOTHROW;
int munmap(void *, size_t) __NOTHROW;
#ifdef __LIBC_GNU
#define MREMAP_MAYMOVE 1
void *mremap(void *, size_t, size_t, int, ...) __NOTHROW;
int memfd_create(const char *, unsigned) __NOTHROW;
#endif
int mprotect(void *, size_t, int) __NOTHROW;
int madvise(void *, size_t, int) __NOTHROW;
int msync(void *, size_t, int);
#ifdef __LIBC_POSIX
int mincore(void *, size_t, unsigned char *) __NOTHROW;
#endif
int mlock(const void *, size_t) __NOTHROW;
int munlock(const void *, size_t) __NOTHROW;
__END_DECLS

#endif

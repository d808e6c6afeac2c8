/* SPDX-License-Identifier: ISC */
/* The heap's own interface: glibc's names, and those that MirageOS's memory accounting asks for. */
#ifndef _MALLOC_H
#define _MALLOC_H

#include <features.h>
#include <stddef.h>
#include <stdlib.h>
#include <bits/mallinfo.h>

#define M_TRIM_THRESHOLD (-1)
#define M_TOP_PAD (-2)
#define M_MMAP_THRESHOLD (-3)
#define M_MMAP_MAX (-4)

struct mallinfo2 {
	size_t arena;
	size_t ordblks;
	size_t smblks;
	size_t hblks;
	size_t hblkhd;
	size_t usmblks;
	size_t fsmblks;
	size_t uordblks;
	size_t fordblks;
	size_t keepcost;
};

__BEGIN_DECLS
void *memalign(size_t, size_t) __NOTHROW __attribute__((__malloc__));
void *pvalloc(size_t) __NOTHROW __attribute__((__malloc__));
size_t malloc_usable_size(void *) __NOTHROW;
int malloc_trim(size_t) __NOTHROW;
int mallopt(int, int) __NOTHROW;
struct mallinfo2 mallinfo2(void) __NOTHROW;
size_t malloc_footprint(void) __NOTHROW;    /* bytes the heap spans */
size_t malloc_memory_usage(void) __NOTHROW; /* bytes in live blocks */
__END_DECLS

#endif

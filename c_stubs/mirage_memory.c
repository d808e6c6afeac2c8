/* SPDX-License-Identifier: ISC */
/* Memory statistics, in words: heap = live + stack + free, where the caller computes what is free.
 *
 * Solo5's contract has the stack in the heap's end; our core puts it above, with a guard page between. There the stack
 * counts as the whole of its range, so that the difference is exactly libc's free memory. */
#include <malloc.h>

#include "mirage_fail.h"

/* Upstream's libc keeps its heap this far below the stack pointer. */
#define UPSTREAM_GUARD 0x100000

/* Our libc's: bytes of all its memory, and of the blocks in use. Other libcs have neither or the second only. */
extern size_t _nolibc_heap_size(void) __attribute__((weak));
extern size_t malloc_memory_usage(void) __attribute__((weak));
extern size_t malloc_footprint(void);

/* main.c's. */
extern uintptr_t mirage_xen_heap_start, mirage_xen_stack_start;
extern size_t mirage_xen_heap_bytes;

static size_t stack_above_heap(void)
{
	uintptr_t end = mirage_xen_heap_start + mirage_xen_heap_bytes;

	return mirage_xen_stack_start > end ? mirage_xen_stack_start - end : 0;
}

/* unit -> int, noalloc */
value mirage_memory_get_heap_words(value unit)
{
	size_t heap = _nolibc_heap_size ? _nolibc_heap_size() : mirage_xen_heap_bytes;

	(void)unit;
	return Val_long((heap + stack_above_heap()) / sizeof(value));
}

/* unit -> int, noalloc */
value mirage_memory_get_live_words(value unit)
{
	(void)unit;
	return Val_long((malloc_memory_usage ? malloc_memory_usage() : malloc_footprint()) / sizeof(value));
}

/* unit -> int, noalloc */
value mirage_memory_get_stack_words(value unit)
{
	char here;
	size_t above = stack_above_heap();

	(void)unit;
	return Val_long((above ? above : mirage_xen_stack_start - (uintptr_t)&here + UPSTREAM_GUARD) / sizeof(value));
}

#if MIRAGE_XEN_FLAVOUR >= 7
extern int malloc_trim(size_t pad);

/* unit -> int, noalloc: live words, without walking the heap */
value mirage_memory_get_fast_live_words(value unit)
{
	return mirage_memory_get_live_words(unit);
}

/* unit -> unit, noalloc: gives free memory at the heap's end back to what was never used */
value mirage_trim_allocation(value unit)
{
	(void)unit;
	malloc_trim(0);
	return Val_unit;
}
#endif

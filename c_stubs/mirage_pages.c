/* SPDX-License-Identifier: ISC */
/* I/O pages: page-aligned, zeroed memory as a bigarray, freed with it; and the address of one. */
#include <stdlib.h>
#include <string.h>

#include "mirage_fail.h"

/* More would not fit the address space of libc. */
#define MOST_PAGES (1L << 30)

static value pages(intnat count)
{
	void *block = NULL;
	size_t bytes;

	if (count < 1 || count > MOST_PAGES)
		caml_invalid_argument("alloc_pages: not a number of pages");
	bytes = (size_t)count * PAGE_BYTES;
	if (posix_memalign(&block, PAGE_BYTES, bytes) != 0 || block == NULL)
		caml_raise_out_of_memory();
	memset(block, 0, bytes);
	return caml_ba_alloc_dims(CAML_BA_UINT8 | CAML_BA_C_LAYOUT | CAML_BA_MANAGED, 1, block, (intnat)bytes);
}

/* int -> page; ours */
value mirage_xen_alloc_pages(value count)
{
	return pages(Long_val(count));
}

/* page -> nativeint; ours */
value mirage_xen_get_addr(value page)
{
	return caml_copy_nativeint((intnat)Caml_ba_data_val(page));
}

/* unit -> unit, noalloc; ours */
value mirage_xen_memory_barrier(value unit)
{
	(void)unit;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return Val_unit;
}

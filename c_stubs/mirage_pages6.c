/* SPDX-License-Identifier: ISC */
/* I/O pages under the names that mirage-xen 6.0.0 brings; io-page brings them later. */
#include "mirage_fail.h"

extern value mirage_xen_alloc_pages(value count);
extern value mirage_xen_get_addr(value page);

/* bool -> int -> page: whether the collector was already asked for memory changes nothing here */
value mirage_alloc_pages(value did_gc, value count)
{
	(void)did_gc;
	return mirage_xen_alloc_pages(count);
}

/* page -> nativeint */
value mirage_get_addr(value page)
{
	return mirage_xen_get_addr(page);
}

/* SPDX-License-Identifier: ISC */
/* What a guest asks of its domain, for the same program as a Linux process. */
#include <stdlib.h>

#include <caml/mlvalues.h>
#include <caml/alloc.h>

/* unit -> string: the domain's command line is GUEST_CMDLINE here. */
value mirage_xen_get_cmdline(value unit)
{
	const char *line = getenv("GUEST_CMDLINE");
	(void)unit;
	return caml_copy_string(line ? line : "");
}

/* unit -> int, noalloc: a process does not count them, and its figures are no reference. */
value mirage_memory_get_live_words(value unit)
{
	return (void)unit, Val_long(0);
}

value mirage_memory_get_heap_words(value unit)
{
	return (void)unit, Val_long(0);
}

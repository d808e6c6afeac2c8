/* SPDX-License-Identifier: ISC */
/* Errors of the Rust side as OCaml exceptions. */
#include "mirage_fail.h"

_Noreturn void mirage_xen_fail(const char *what, int64_t code)
{
	if (code == MXEN_NO_MEMORY || code == MXEN_WINDOW_FULL)
		caml_raise_out_of_memory();
	MIRAGE_XEN_FAIL(code, "%s", what);
}

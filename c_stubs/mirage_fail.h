/* SPDX-License-Identifier: ISC */
/* What every stub file of the bindings includes: OCaml's headers, the contract with Rust, and the ways to raise. */
#ifndef MIRAGE_FAIL_H
#define MIRAGE_FAIL_H

#ifndef CAML_NAME_SPACE
#define CAML_NAME_SPACE
#endif
#include <caml/mlvalues.h>
#include <caml/alloc.h>
#include <caml/bigarray.h>
#include <caml/fail.h>
#include <caml/memory.h>

#include "mirage_xen.h"

#define PAGE_BYTES 4096

/* Raises Failure "WHAT: TEXT" with the text of a negative result, or Out_of_memory where that is what it says. */
_Noreturn void mirage_xen_fail(const char *what, int64_t code);

/* Raises Failure with a printf format, whose last two conversions, %.*s, are the text of `code`. */
#define MIRAGE_XEN_FAIL(code, format, ...) \
	do { \
		int size_; \
		const char *text_ = mxen_error_text(code, &size_); \
		caml_failwith_value(caml_alloc_sprintf(format ": %.*s", __VA_ARGS__, size_, text_)); \
		__builtin_unreachable(); \
	} while (0)

/* Raises it for a negative result, else returns the result. */
static inline int64_t mirage_xen_check(const char *what, int64_t result)
{
	if (result < 0)
		mirage_xen_fail(what, result);
	return result;
}

/* A page of somebody else's memory as a bigarray, which the collector never frees. */
static inline value mirage_xen_external_pages(uintptr_t address, size_t bytes)
{
	return caml_ba_alloc_dims(CAML_BA_UINT8 | CAML_BA_C_LAYOUT | CAML_BA_EXTERNAL, 1, (void *)address, (intnat)bytes);
}

#endif

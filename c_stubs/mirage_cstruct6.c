/* SPDX-License-Identifier: ISC */
/* cstruct's C part, which mirage-xen 6.0 brings; cstruct's own has it later. The OCaml side checks ranges. */
#include <string.h>

#include "mirage_fail.h"

static char *at(value buffer, value offset)
{
	return (char *)Caml_ba_data_val(buffer) + Long_val(offset);
}

/* all noalloc */

value caml_blit_bigstring_to_bigstring(value from, value from_offset, value to, value to_offset, value length)
{
	memmove(at(to, to_offset), at(from, from_offset), (size_t)Long_val(length));
	return Val_unit;
}

value caml_blit_string_to_bigstring(value from, value from_offset, value to, value to_offset, value length)
{
	memcpy(at(to, to_offset), String_val(from) + Long_val(from_offset), (size_t)Long_val(length));
	return Val_unit;
}

value caml_blit_bigstring_to_string(value from, value from_offset, value to, value to_offset, value length)
{
	memcpy(Bytes_val(to) + Long_val(to_offset), at(from, from_offset), (size_t)Long_val(length));
	return Val_unit;
}

value caml_compare_bigstring(value a, value a_offset, value b, value b_offset, value length)
{
	return Val_int(memcmp(at(a, a_offset), at(b, b_offset), (size_t)Long_val(length)));
}

value caml_fill_bigstring(value buffer, value offset, value length, value byte)
{
	memset(at(buffer, offset), Int_val(byte), (size_t)Long_val(length));
	return Val_unit;
}

value caml_check_alignment_bigstring(value buffer, value offset, value alignment)
{
	return Val_bool((uintptr_t)at(buffer, offset) % (uintptr_t)Long_val(alignment) == 0);
}

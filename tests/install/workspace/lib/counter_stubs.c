/* SPDX-License-Identifier: ISC */
/* Asks for OCaml's headers, libc and mathematics. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <caml/alloc.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>

static long count;

value counter_next(value step)
{
	count += Long_val(step);
	return Val_long(count);
}

value counter_norm(value x, value y)
{
	return caml_copy_double(hypot(Double_val(x), Double_val(y)));
}

value counter_describe(value name, value number)
{
	CAMLparam2(name, number);
	char text[64];
	snprintf(text, sizeof text, "%s=%04ld", String_val(name), Long_val(number));
	CAMLreturn(caml_copy_string(text));
}

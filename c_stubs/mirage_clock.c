/* SPDX-License-Identifier: ISC */
/* Clocks: Solo5's, in nanoseconds. */
#include "mirage_fail.h"

extern uint64_t solo5_clock_monotonic(void);

/* unit -> int64: since an arbitrary start, never back */
value caml_get_monotonic_time(value unit)
{
	(void)unit;
	return caml_copy_int64((int64_t)solo5_clock_monotonic());
}

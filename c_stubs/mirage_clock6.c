/* SPDX-License-Identifier: ISC */
/* Clocks that mirage-xen 6.0 brings; later ones leave them to other libraries. */
#include "mirage_fail.h"

extern uint64_t solo5_clock_wall(void);

/* unit -> int64: ns since 1970, UTC */
value caml_get_wall_clock(value unit)
{
	(void)unit;
	return caml_copy_int64((int64_t)solo5_clock_wall());
}

/* unit -> float: seconds since 1970, UTC, to the microsecond */
value unix_gettimeofday(value unit)
{
	(void)unit;
	return caml_copy_double((double)(solo5_clock_wall() / 1000) / 1e6);
}

/* SPDX-License-Identifier: ISC */
/* C between OCaml's frames: calls back, faults, runs out of stack. */
#define CAML_NAME_SPACE
#include <stdint.h>
#include <caml/mlvalues.h>
#include <caml/callback.h>

value crash_call(value function, value argument)
{
	value result = caml_callback(function, argument);
	return result;
}

value crash_store(value unit)
{
	*(volatile int *)(uintptr_t)72 = 1;
	return unit;
}

static __attribute__((noinline)) int deeper(volatile char *above)
{
	volatile char here[2048];

	here[0] = above[0];
	return deeper(here) + here[0];
}

value crash_overflow(value unit)
{
	char top = 0;

	return Val_int(deeper(&top)) + unit;
}

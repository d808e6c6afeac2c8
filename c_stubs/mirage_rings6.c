/* SPDX-License-Identifier: ISC */
/* shared-memory-ring's and mirage-profile's C parts, which mirage-xen 6.0 brings: barriers and atomics on shared pages. */
#include "mirage_fail.h"

/* unit -> unit, noalloc */
value caml_memory_barrier(value unit)
{
	(void)unit;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return Val_unit;
}

/* unit -> unit, noalloc */
value caml_write_memory_barrier(value unit)
{
	(void)unit;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__asm__ volatile("sfence" ::: "memory");
	return Val_unit;
}

/* The 32-bit word at `offset` of a Cstruct.t {buffer; off; len}; the offset is rounded down to a word. */
static uint32_t *word(value cstruct, value offset)
{
	intnat at = Long_val(offset) & ~(intnat)3;

	if (Long_val(offset) < 0 || at + 4 > Long_val(Field(cstruct, 2)))
		caml_invalid_argument("cstruct: word out of bounds");
	return (uint32_t *)((char *)Caml_ba_data_val(Field(cstruct, 0)) + Long_val(Field(cstruct, 1)) + at);
}

/* Cstruct.t -> int -> int */
value caml_cstruct_unsafe_load_uint32(value cstruct, value offset)
{
	return Val_long(__atomic_load_n(word(cstruct, offset), __ATOMIC_RELAXED));
}

/* Cstruct.t -> int -> int -> unit */
value caml_cstruct_unsafe_save_uint32(value cstruct, value offset, value number)
{
	__atomic_store_n(word(cstruct, offset), (uint32_t)Long_val(number), __ATOMIC_RELAXED);
	return Val_unit;
}

static uint8_t *byte(value buffer, value index)
{
	if (Long_val(index) < 0 || Long_val(index) >= Caml_ba_array_val(buffer)->dim[0])
		caml_invalid_argument("idx");
	return (uint8_t *)Caml_ba_data_val(buffer) + Long_val(index);
}

/* bigarray -> int -> int -> int: the byte after the operation */
value stub_atomic_or_fetch_uint8(value buffer, value index, value bits)
{
	return Val_int(__atomic_or_fetch(byte(buffer, index), (uint8_t)Long_val(bits), __ATOMIC_SEQ_CST));
}

/* bigarray -> int -> int -> int: the byte before the operation */
value stub_atomic_fetch_and_uint8(value buffer, value index, value bits)
{
	return Val_int(__atomic_fetch_and(byte(buffer, index), (uint8_t)Long_val(bits), __ATOMIC_SEQ_CST));
}

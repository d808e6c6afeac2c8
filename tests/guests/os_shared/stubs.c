/* SPDX-License-Identifier: ISC */
/* A disk of Solo5's, for a program that uses xenstore by itself. */
#define CAML_NAME_SPACE
#include <solo5.h>
#include <caml/mlvalues.h>

#define MFT_ENTRIES 2
#include "mft_abi.h"

MFT1_NOTE_DECLARE_BEGIN
{
	.version = MFT_VERSION, .entries = 2,
	.e = { { .name = "", .type = MFT_RESERVED_FIRST }, { .name = "storage", .type = MFT_DEV_BLOCK_BASIC } },
}
MFT1_NOTE_DECLARE_END

enum { SECTOR = 512 };

static solo5_handle_t disk;
static struct solo5_block_info info;
static uint8_t buffer[SECTOR];

/* unit -> int: how many sectors, or minus Solo5's result */
value shared_acquire(value unit)
{
	solo5_result_t result = solo5_block_acquire("storage", &disk, &info);

	(void)unit;
	return Val_long(result == SOLO5_R_OK ? (long)(info.capacity / SECTOR) : -(long)result);
}

/* int -> bytes -> int: writes a sector, and reads it into its place; Solo5's result */
value shared_round(value sector, value bytes)
{
	solo5_off_t offset = (solo5_off_t)Long_val(sector) * SECTOR;

	for (int i = 0; i < SECTOR; i++)
		buffer[i] = Byte_u(bytes, i);
	solo5_result_t result = solo5_block_write(disk, offset, buffer, SECTOR);
	for (int i = 0; i < SECTOR; i++)
		buffer[i] = 0;
	if (result == SOLO5_R_OK)
		result = solo5_block_read(disk, offset, buffer, SECTOR);
	for (int i = 0; i < SECTOR; i++)
		Byte_u(bytes, i) = buffer[i];
	return Val_long(result);
}

/* int -> unit: lets the core look after its devices for so many milliseconds */
value shared_yield(value ms)
{
	solo5_handle_set_t ready;

	solo5_yield(solo5_clock_monotonic() + (solo5_time_t)Long_val(ms) * 1000000, &ready);
	return Val_unit;
}

/* SPDX-License-Identifier: ISC
 * Two disks: one whose backend does anything, and one that has to be what was written to it all the time.
 */
#define MFT_ENTRIES 3
#include "mft_abi.h"

#include "../solo5_disk.h"

MFT1_NOTE_DECLARE_BEGIN
{
	.version = MFT_VERSION, .entries = 3,
	.e = { { .name = "", .type = MFT_RESERVED_FIRST }, { .name = "good", .type = MFT_DEV_BLOCK_BASIC },
	       { .name = "bad", .type = MFT_DEV_BLOCK_BASIC } },
}
MFT1_NOTE_DECLARE_END

enum { MOST = 256 * 512, BESIDE = 1024, SECTORS = 2048 };

static uint64_t buffer[BESIDE + MOST / 8 + BESIDE], wanted[64];
static uint32_t versions[SECTORS];
static solo5_handle_t good, bad;

/* One operation on the good disk; 0 when it is as it has to be. */
static int do_good(uint64_t state)
{
	uint64_t count = 1 + (state >> 8) % 16, at = (state >> 24) % (SECTORS - count);

	if (state >> 63) {
		for (uint64_t s = 0; s < count; s++)
			fill(buffer + s * 64, at + s, ++versions[at + s]);
		return solo5__xen_block(good, WRITE, at * 512, buffer, count * 512) == SOLO5_R_OK ? 0 : 10;
	}
	if (solo5__xen_block(good, READ, at * 512, buffer, count * 512) != SOLO5_R_OK)
		return 11;
	for (uint64_t s = 0; s < count; s++) {
		fill(wanted, at + s, versions[at + s]);
		if (!equal(buffer + s * 64, wanted, 512))
			return 12;
	}
	return 0;
}

/* One operation on the bad disk: it has an answer, whatever that is, and memory beside the buffer is what it was. */
static int do_bad(uint64_t state, uint64_t *failed)
{
	uint64_t length = (1 + (state >> 8) % (state % 4 == 0 ? MOST / 512 : 8)) * 512, at = (state >> 24) % SECTORS * 512;
	uint64_t *middle = buffer + BESIDE, *after = middle + length / 8;
	uint32_t operation = state >> 61 == 0 ? FLUSH : state >> 61 == 1 ? DISCARD : state >> 63 ? WRITE : READ;

	for (unsigned i = 0; i < BESIDE; i++)
		buffer[i] = after[i] = state + i;
	solo5_result_t result = solo5__xen_block(bad, operation, operation == FLUSH ? 0 : at, middle, operation == FLUSH ? 0 : length);
	if (result != SOLO5_R_OK && result != SOLO5_R_EUNSPEC && result != SOLO5_R_EINVAL)
		return 20;
	*failed += result != SOLO5_R_OK;
	for (unsigned i = 0; i < BESIDE; i++)
		if (buffer[i] != state + i || after[i] != state + i)
			return 21;
	return 0;
}

/* Whoever has the good disk's file says in the sector after the last one of these when it is enough. */
static bool is_over(void)
{
	return solo5__xen_block(good, READ, SECTORS * 512, buffer, 512) == SOLO5_R_OK && starts_with((const char *)buffer, "stop");
}

int solo5_app_main(const struct solo5_start_info *start)
{
	uint64_t state = 1, done = 0, failed = 0;
	struct solo5_block_info info;
	int wrong;

	(void)start;
	if (solo5_block_acquire("good", &good, &info) != SOLO5_R_OK)
		return 1;
	if (solo5_block_acquire("bad", &bad, &info) != SOLO5_R_OK)
		return 2;
	while (!is_over()) {
		state = scramble(state + ++done);
		if ((wrong = do_good(state)) != 0 || (wrong = do_bad(scramble(state), &failed)) != 0) {
			print_number("wrong after ", done, "\n");
			return wrong;
		}
	}
	print_number("operations ", done, "");
	print_number(", failed ", failed, "\nSUCCESS\n");
	return 0;
}

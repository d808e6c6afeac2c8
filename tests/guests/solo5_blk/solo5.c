/* SPDX-License-Identifier: ISC
 * A disk. The command line's first word says what to do with it.
 */
#define MFT_ENTRIES 2
#include "mft_abi.h"

#include "../solo5_disk.h"

MFT1_NOTE_DECLARE_BEGIN
{
	.version = MFT_VERSION, .entries = 2,
	.e = { { .name = "", .type = MFT_RESERVED_FIRST }, { .name = "storage", .type = MFT_DEV_BLOCK_BASIC } },
}
MFT1_NOTE_DECLARE_END

static solo5_handle_t disk;
static struct solo5_block_info info;

#define MOST (1 << 20)
static uint64_t buffer[MOST / 8], wanted[MOST / 8];

static int acquire(void)
{
	solo5_result_t result = solo5_block_acquire("storage", &disk, &info);

	if (result != SOLO5_R_OK) {
		print_number("acquire: ", result, "\n");
		return 1;
	}
	print_number("disk of ", info.capacity, "");
	print_number(" bytes in blocks of ", info.block_size, "\n");
	return 0;
}

/* As Solo5's own test: each block written, each block read back, and what must be refused. */
static int blk(const struct solo5_start_info *start)
{
	(void)start;
	if (acquire() != 0)
		return 1;
	size_t size = info.block_size;
	uint64_t step = info.capacity / 64 / size * size;

	for (uint64_t at = 0; at < info.capacity; at += step) {
		for (size_t i = 0; i < size / 8; i++)
			buffer[i] = at + i;
		if (solo5_block_write(disk, at, (uint8_t *)buffer, size) != SOLO5_R_OK)
			return 2;
	}
	for (uint64_t at = 0; at < info.capacity; at += step) {
		if (solo5_block_read(disk, at, (uint8_t *)buffer, size) != SOLO5_R_OK)
			return 3;
		for (size_t i = 0; i < size / 8; i++)
			if (buffer[i] != at + i)
				return 4;
	}
	if (solo5_block_write(disk, info.capacity, (uint8_t *)buffer, size) != SOLO5_R_EINVAL ||
	    solo5_block_read(disk, info.capacity, (uint8_t *)buffer, size) != SOLO5_R_EINVAL)
		return 5;
	if (solo5_block_write(disk, 1, (uint8_t *)buffer, size) != SOLO5_R_EINVAL ||
	    solo5_block_read(disk, size / 2, (uint8_t *)buffer, size) != SOLO5_R_EINVAL)
		return 6;
	if (solo5_block_write(disk, 0, (uint8_t *)buffer, size - 1) != SOLO5_R_EINVAL ||
	    solo5_block_read(disk, 0, (uint8_t *)buffer, size * 2) != SOLO5_R_EINVAL ||
	    solo5_block_read(disk, 0, (uint8_t *)buffer, 0) != SOLO5_R_EINVAL)
		return 7;
	if (solo5_block_read(disk, ~0ull - size + 1, (uint8_t *)buffer, size) != SOLO5_R_EINVAL ||
	    solo5_block_read(63, 0, (uint8_t *)buffer, size) != SOLO5_R_EINVAL ||
	    solo5_block_read(~0ull, 0, (uint8_t *)buffer, size) != SOLO5_R_EINVAL)
		return 8;
	solo5_handle_t other;
	struct solo5_block_info other_info;
	if (solo5_block_acquire("storage", &other, &other_info) != SOLO5_R_EINVAL ||
	    solo5_block_acquire("nobody", &other, &other_info) != SOLO5_R_EINVAL)
		return 9;
	size_t read_size;
	if (solo5_net_read(disk, (uint8_t *)buffer, 2000, &read_size) != SOLO5_R_EINVAL)
		return 10;
	if (solo5__xen_block(disk, FLUSH, 0, NULL, 0) != SOLO5_R_OK)
		return 11;
	print("SUCCESS\n");
	return 0;
}

/* A disk that may not be written. */
static int readonly(const struct solo5_start_info *start)
{
	(void)start;
	if (acquire() != 0)
		return 1;
	if (solo5_block_read(disk, 0, (uint8_t *)buffer, info.block_size) != SOLO5_R_OK)
		return 2;
	if (solo5_block_write(disk, 0, (uint8_t *)buffer, info.block_size) != SOLO5_R_EUNSPEC)
		return 3;
	print("SUCCESS\n");
	return 0;
}

static uint32_t versions[32768];

/* Whoever has the disk's file says in the first sector that the model does not use when it is enough. */
static bool is_over(uint64_t sectors)
{
	return solo5__xen_block(disk, READ, sectors * 512, wanted, 512) == SOLO5_R_OK && starts_with((const char *)wanted, "stop");
}

/* "model COUNT SEED", and perhaps "slowly", or "until": it goes on until it is told to stop. Random reads and writes against what the disk has to hold; then a flush, and a digest of it all. */
static int model(const struct solo5_start_info *start)
{
	const char *text = start->cmdline;
	uint64_t count = number(&text), state = number(&text), last = 0;
	bool slowly = starts_with(text, " slowly"), until = starts_with(text, " until");

	if (acquire() != 0)
		return 1;
	uint64_t unit = info.block_size / 512, sectors = info.capacity / 512;
	if (sectors > sizeof versions / sizeof *versions)
		sectors = sizeof versions / sizeof *versions;
	if (until)
		sectors -= 8;
	for (uint64_t i = 0; i < count || (until && !is_over(sectors)); i++) {
		state = scramble(state + i);
		uint64_t most = state % 8 == 0 ? MOST / 512 : state % 8 < 4 ? 8 : 64;
		uint64_t length = (1 + (state >> 8) % most) / unit * unit;
		uint64_t at = (state >> 24) % sectors / unit * unit;

		if (length == 0)
			length = unit;
		if (at + length > sectors)
			length = sectors - at;
		if (state >> 63) {
			for (uint64_t s = 0; s < length; s++)
				fill(buffer + s * 64, at + s, ++versions[at + s]);
			if (solo5__xen_block(disk, WRITE, at * 512, buffer, length * 512) != SOLO5_R_OK) {
				print_number("a write failed, number ", i, "\n");
				return 2;
			}
		} else {
			if (solo5__xen_block(disk, READ, at * 512, buffer, length * 512) != SOLO5_R_OK) {
				print_number("a read failed, number ", i, "\n");
				return 3;
			}
			for (uint64_t s = 0; s < length; s++) {
				fill(wanted, at + s, versions[at + s]);
				if (!equal(buffer + s * 64, wanted, 512)) {
					print_number("wrong bytes in sector ", at + s, "\n");
					return 4;
				}
			}
		}
		if (slowly || until)
			solo5_yield(solo5_clock_monotonic() + 5000000, NULL);
		if (solo5_clock_monotonic() - last > 1000000000) {
			print_number("at ", i, "\n");
			last = solo5_clock_monotonic();
		}
	}
	if (solo5__xen_block(disk, FLUSH, 0, NULL, 0) != SOLO5_R_OK)
		return 5;
	uint64_t hash = 14695981039346656037ull;
	for (uint64_t s = 0; s < sectors; s++) {
		fill(wanted, s, versions[s]);
		for (unsigned i = 0; i < 64; i++)
			hash = (hash ^ wanted[i]) * 1099511628211ull;
	}
	print_number("digest ", hash, "\n");
	return 0;
}

/* Contents that are of no use any more, and a disk that can do that. */
static int discard(const struct solo5_start_info *start)
{
	(void)start;
	if (acquire() != 0)
		return 1;
	for (unsigned i = 0; i < 65536 / 8; i++)
		buffer[i] = i;
	if (solo5__xen_block(disk, WRITE, 0, buffer, 65536) != SOLO5_R_OK)
		return 2;
	if (solo5__xen_block(disk, DISCARD, 4096, NULL, 32768) != SOLO5_R_OK)
		return 3;
	if (solo5__xen_block(disk, READ, 0, wanted, 65536) != SOLO5_R_OK || !equal(buffer, wanted, 4096))
		return 4;
	if (solo5__xen_block(disk, DISCARD, info.capacity - 4096, NULL, 8192) != SOLO5_R_EINVAL)
		return 5;
	print("SUCCESS\n");
	return 0;
}

/* Writes all over the disk until a write fails: the one that it has at first, or the one that it gets then, which is larger.
 * After that it still reads.
 */
static int errors(const struct solo5_start_info *start)
{
	(void)start;
	if (acquire() != 0)
		return 1;
	uint64_t last = 0;
	for (uint64_t i = 0;; i++) {
		uint64_t at = i * 65536 % (4 << 20);

		for (unsigned s = 0; s < 128; s++)
			fill(buffer + s * 64, at / 512 + s, 1);
		solo5_result_t result = solo5__xen_block(disk, WRITE, at, buffer, 65536);
		if (result == SOLO5_R_EUNSPEC) {
			print_number("a write failed after ", i, "\n");
			break;
		}
		/* Beyond the end of the first disk. */
		if (result == SOLO5_R_EINVAL && at < 1 << 20)
			return 2;
		if (result == SOLO5_R_OK)
			last = at;
	}
	if (solo5_block_read(disk, last, (uint8_t *)buffer, info.block_size) != SOLO5_R_OK)
		return 3;
	fill(wanted, last / 512, 1);
	return equal(buffer, wanted, 512) ? 0 : 4;
}

static const struct test tests[] = {
	{ "blk", blk }, { "readonly", readonly }, { "model", model }, { "discard", discard }, { "errors", errors },
};

int solo5_app_main(const struct solo5_start_info *start)
{
	return RUN_TEST(tests, start);
}

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

/* "model COUNT SEED", and perhaps "slowly", or "until": it goes on until it is told to stop, or "handed": it does so, too, and meanwhile
 * its backend is in another domain. Random reads and writes against what the disk has to hold; then a flush, and a digest of it all. */
static int model(const struct solo5_start_info *start)
{
	const char *text = start->cmdline;
	uint64_t count = number(&text), state = number(&text), last = 0;
	bool slowly = starts_with(text, " slowly"), handed = starts_with(text, " handed"), until = handed || starts_with(text, " until");

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
	solo5_result_t flushed = solo5__xen_block(disk, FLUSH, 0, NULL, 0);
	/* The first one says so. */
	if ((flushed != SOLO5_R_OK) != handed)
		return 5;
	if (handed && solo5__xen_block(disk, FLUSH, 0, NULL, 0) != SOLO5_R_OK)
		return 6;
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

/* "whole", and perhaps SECTOR: the disk's first MiB at once, written and read again, until that sector says that it is enough. */
static int whole(const struct solo5_start_info *start)
{
	const char *text = start->cmdline;
	uint64_t over = number(&text);
	uint32_t version = 0;

	if (acquire() != 0)
		return 1;
	do {
		version++;
		for (unsigned s = 0; s < MOST / 512; s++)
			fill(buffer + s * 64, s, version);
		if (solo5__xen_block(disk, WRITE, 0, buffer, MOST) != SOLO5_R_OK)
			return 2;
		if (solo5__xen_block(disk, READ, 0, wanted, MOST) != SOLO5_R_OK)
			return 3;
		if (!equal(buffer, wanted, MOST))
			return 4;
	} while (!is_over(over == 0 ? 4096 : over));
	print_number("SUCCESS ", version, "\n");
	return 0;
}

/* "faulty": sectors 100 to 107 have errors; what is beside them has not, nor have transfers after one that failed. */
static int faulty(const struct solo5_start_info *start)
{
	static const struct { uint64_t first, count; bool good; } at[] = {
		{ 92, 8, true }, { 100, 1, false }, { 96, 8, false }, { 107, 8, false }, { 0, 2048, false }, { 108, 1024, true },
	};

	(void)start;
	if (acquire() != 0)
		return 1;
	for (unsigned i = 0; i < sizeof at / sizeof *at; i++)
		for (uint32_t operation = READ; operation <= WRITE; operation++) {
			solo5_result_t result = solo5__xen_block(disk, operation, at[i].first * 512, buffer, at[i].count * 512);

			if (result != (at[i].good ? SOLO5_R_OK : SOLO5_R_EUNSPEC)) {
				print_number("wrong: ", i, "\n");
				return 2;
			}
		}
	if (solo5__xen_block(disk, FLUSH, 0, NULL, 0) != SOLO5_R_OK || solo5__xen_block(disk, DISCARD, 100 * 512, NULL, 512) != SOLO5_R_EUNSPEC)
		return 3;
	print("SUCCESS\n");
	return 0;
}

/* How many seconds a transfer takes that must fail; 1000 when it does not. */
static uint64_t fails(uint32_t operation, size_t size)
{
	uint64_t start = solo5_clock_monotonic();

	if (solo5__xen_block(disk, operation, 0, wanted, size) == SOLO5_R_OK)
		return 1000;
	return (solo5_clock_monotonic() - start) / 1000000000;
}

/* "gone": reads until there is no answer any more; what is asked then has none, either, until there is a backend again. */
static int gone(const struct solo5_start_info *start)
{
	uint64_t took;

	(void)start;
	if (acquire() != 0)
		return 1;
	while ((took = fails(READ, 512)) == 1000)
		;
	print_number("a read failed after ", took, " s\n");
	print_number("a write failed after ", fails(WRITE, MOST), " s\n");
	while (solo5__xen_block(disk, READ, 0, wanted, 512) != SOLO5_R_OK)
		;
	print("SUCCESS\n");
	return 0;
}

/* "moved": writes, and flushes only once another backend has come, whose disk says so. */
static int moved(const struct solo5_start_info *start)
{
	(void)start;
	if (acquire() != 0)
		return 1;
	if (solo5__xen_block(disk, WRITE, 0, buffer, 4096) != SOLO5_R_OK)
		return 2;
	print("written\n");
	while (!is_over(4088))
		solo5_yield(solo5_clock_monotonic() + 5000000, NULL);
	for (unsigned i = 1; i <= 3; i++) {
		print_number("flush ", i, "");
		print(solo5__xen_block(disk, FLUSH, 0, NULL, 0) == SOLO5_R_OK ? " is done\n" : " failed\n");
		if (solo5__xen_block(disk, WRITE, 0, buffer, 4096) != SOLO5_R_OK)
			return 3;
	}
	return 0;
}

/* "resize": how many KiB the disk has, whenever that is another, until it is told that it is enough. Sector 8 has a letter for it. */
static int resize(const struct solo5_start_info *start)
{
	static const uint64_t sizes[] = { 4096, 1024, 512 };
	uint64_t last = 0;

	(void)start;
	if (acquire() != 0)
		return 1;
	do {
		for (unsigned i = 0; i < 3; i++)
			if (solo5__xen_block(disk, READ, sizes[i] * 1024 - 512, wanted, 512) == SOLO5_R_OK) {
				if (last != sizes[i]) {
					print_number("size ", sizes[i], "\n");
					for (unsigned at = 0; at < 512 / 8; at++)
						buffer[at] = (uint64_t)"LMS"[i];
					if (solo5__xen_block(disk, WRITE, 4096, buffer, 512) != SOLO5_R_OK)
						return 2;
				}
				last = sizes[i];
				break;
			}
	} while (!is_over(0));
	return 0;
}

/* Reads now and then, until it is told to stop. */
static int idle(const struct solo5_start_info *start)
{
	(void)start;
	if (acquire() != 0)
		return 1;
	while (!is_over(info.capacity / 512 - 8))
		solo5_yield(solo5_clock_monotonic() + 50000000, NULL);
	return 0;
}

/* A disk that is not there yet is refused, and acquired once it is. */
static int later(const struct solo5_start_info *start)
{
	unsigned refused = 0;

	while (acquire() != 0) {
		if (refused++ == 0)
			print("not there yet\n");
		solo5_yield(solo5_clock_monotonic() + 200000000, NULL);
	}
	(void)start;
	fill(buffer, 3, 1);
	if (refused == 0 || solo5_block_write(disk, 3 * 512, (uint8_t *)buffer, 512) != SOLO5_R_OK)
		return 2;
	if (solo5_block_read(disk, 3 * 512, (uint8_t *)wanted, 512) != SOLO5_R_OK || !equal(buffer, wanted, 512))
		return 3;
	print("SUCCESS\n");
	return 0;
}

static const struct test tests[] = {
	{ "later", later },
	{ "idle", idle }, { "blk", blk }, { "whole", whole }, { "faulty", faulty }, { "gone", gone }, { "moved", moved }, { "resize", resize }, { "readonly", readonly }, { "model", model }, { "discard", discard }, { "errors", errors },
};

int solo5_app_main(const struct solo5_start_info *start)
{
	return RUN_TEST(tests, start);
}

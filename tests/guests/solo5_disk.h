/* SPDX-License-Identifier: ISC
 * What the guests with disks share: transfers of any length, and bytes that say where and when they were written.
 */
#ifndef SOLO5_DISK_H
#define SOLO5_DISK_H

#include "solo5_test.h"

enum { READ = 0, WRITE = 1, FLUSH = 3, DISCARD = 5 };
/* src/solo5/devices/block/api.rs */
solo5_result_t solo5__xen_block(solo5_handle_t handle, uint32_t operation, solo5_off_t offset, void *buffer, size_t size);

static inline uint64_t scramble(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185ull;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44dull;
	return x ^ x >> 33;
}

/* The bytes of a sector as of its `version`th write; a disk of zeros is version 0. */
static inline void fill(uint64_t *words, uint64_t sector, uint32_t version)
{
	uint64_t state = scramble(sector << 32 | version);

	for (unsigned i = 0; i < 64; i++)
		words[i] = version == 0 ? 0 : scramble(state + i);
}

static inline bool equal(const uint64_t *a, const uint64_t *b, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static inline uint64_t number(const char **text)
{
	uint64_t value = 0;

	while (**text != 0 && (**text < '0' || **text > '9'))
		(*text)++;
	while (**text >= '0' && **text <= '9')
		value = value * 10 + (uint64_t)(*(*text)++ - '0');
	return value;
}

#endif

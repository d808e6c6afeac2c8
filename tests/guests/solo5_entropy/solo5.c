/* SPDX-License-Identifier: ISC
 * The core's random bytes: different each time, spread as they should be, and what the sources' health is.
 */
#include "../solo5_test.h"

extern int solo5__xen_random(void *buffer, size_t size);
extern uint32_t solo5__xen_entropy(void);

static uint8_t bytes[3 << 20];

int solo5_app_main(const struct solo5_start_info *info)
{
	uint64_t ones = 0;
	uint64_t first[4], second[4];

	(void)info;
	if (solo5__xen_random(first, sizeof first) != 0) {
		print_number("no entropy, sources ", solo5__xen_entropy(), "\n");
		return 2;
	}
	solo5__xen_random(second, sizeof second);
	for (int i = 0; i < 4; i++) {
		print_number("word ", first[i], "\n");
		if (first[i] == second[i])
			return 1;
	}
	/* Far enough to be seeded again on the way. */
	uint64_t before = solo5_clock_monotonic();
	for (size_t at = 0; at < sizeof bytes; at += 4096)
		solo5__xen_random(bytes + at, 4096);
	print_number("took ", (solo5_clock_monotonic() - before) / 1000000, " ms\n");
	for (size_t i = 0; i < sizeof bytes; i++)
		for (uint8_t byte = bytes[i]; byte != 0; byte &= (uint8_t)(byte - 1))
			ones++;
	print_number("ones ", ones, "\n");
	print_number("sources ", solo5__xen_entropy(), "\n");
	/* Half of them, within six standard deviations. */
	uint64_t half = sizeof bytes * 4;
	return ones > half - 15050 && ones < half + 15050 ? 0 : 3;
}

/* SPDX-License-Identifier: ISC */
/* What backends that do anything share: numbers that are wrong by little or by much, and nodes. Such a backend plays its part well
 * enough to be connected to again and again.
 */
#ifndef XEN_WILD_H
#define XEN_WILD_H

#include "xen_bus.h"

static uint64_t seed;

static uint32_t any(void)
{
	uint64_t x = seed += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)(x >> 32);
}

static bool once_in(uint32_t times)
{
	return any() % times == 0;
}

static uint32_t near(uint32_t right)
{
	switch (any() % 4) {
	case 0: return any();
	case 1: return right + any() % 3 - 1;
	case 2: return once_in(2) ? 0xffffffff : 0x7fffffff;
	default: return right + 256;
	}
}

/* Queues as a backend offers them, or as none does, before the frontend looks. */
static void offer_queues(unsigned wild)
{
	static const char *const offers[] = { "4", "2", "3", "1", "4", "0", "-1", "64", "18446744073709551616", "four", "" };

	put("multi-queue-max-queues", offers[any() % (wild ? sizeof offers / sizeof *offers : 5)]);
}

/* Writes something to one of `count` nodes of the backend's that does not belong there, or takes it away; wild ones change the state,
 * too.
 */
static void prank(const char *const *names, size_t count, bool wild)
{
	static const char *const values[] = {
		"", "0", "1", "-1", "4294967296", "99999999999999999999999", "1 ", "\n", "nan", "0x1", "1\xff\xfe", "00:00", "7", "4096",
		"9223372036854775807", "18446744073709551615",
	};
	static char text[3600];
	const char *name = names[any() % count], *value = values[any() % (sizeof values / sizeof *values)];

	switch (any() % (wild ? 8 : 4)) {
	case 0: {
		size_t size = any() % (sizeof text - 1);

		memset(text, '0' + (int)(any() % 10), size);
		text[size] = 0;
		put(name, text);
		break;
	}
	case 1: {
		char path[160];
		int size = snprintf(path, sizeof path, "%s/%s", back, name);

		request(XS_RM, path, (size_t)size + 1, NULL, 0);
		break;
	}
	case 4: put_state(any() % 10); break;
	case 5: put("state", value); break;
	case 6: put("online", once_in(2) ? "1" : "0"); break;
	default: put(name, value);
	}
}

#endif

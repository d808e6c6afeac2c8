/* SPDX-License-Identifier: ISC */
/* Orders about pages: granted, mapped, copied. */
#ifndef XEN_AGENT_PAGES_H
#define XEN_AGENT_PAGES_H

#include "order.h"

static void *pages(size_t n)
{
	void *block = NULL;

	if (posix_memalign(&block, PAGE, n * PAGE) != 0)
		return NULL;
	return memset(block, 0, n * PAGE);
}

/* The mappings of this domain. */
static struct {
	uintptr_t address;
	size_t count;
	bool writable;
	uint32_t handles[512];
} mappings[64];
static uint8_t *shared;

static int64_t map(int slot, int64_t domid, int64_t first_ref, size_t n, int64_t bad_index, bool writable, int64_t *failed)
{
	static struct mxen_foreign foreign[512];

	for (size_t i = 0; i < n; i++)
		foreign[i] = (struct mxen_foreign) { domid, (int64_t)i == bad_index ? 99999 : first_ref + (int64_t)i };
	int64_t address = mxen_grant_map(foreign, n, writable, mappings[slot].handles, failed);
	if (address >= 0) {
		mappings[slot].address = (uintptr_t)address;
		mappings[slot].count = n;
		mappings[slot].writable = writable;
	}
	return address;
}

static int64_t unmap(int slot)
{
	size_t n = mappings[slot].count;

	mappings[slot].count = 0;
	return mxen_grant_unmap(mappings[slot].address, mappings[slot].handles, n, mappings[slot].writable);
}

/* Whether it is one of these; then it is done. */
static bool page_order(const char *name, const int64_t *a, int count)
{
	int64_t failed = -1, result = 0;

	if (IS("entries")) answer(mxen_grant_entries());
	else if (IS("share")) {
		/* first ref, count, domid, writable: fresh pages, each starting with its number */
		shared = pages((size_t)a[1]);
		for (int64_t i = 0; i < a[1] && result >= 0; i++) {
			*(uint64_t *)(shared + i * PAGE) = (uint64_t)(a[0] + i);
			result = mxen_grant_access(a[0] + i, (uintptr_t)(shared + i * PAGE), a[2], a[3] != 0);
		}
		answer(result);
	}
	else if (IS("peek")) answer((int64_t)*(volatile uint64_t *)(shared + a[0]));
	else if (IS("poke")) { *(volatile uint64_t *)(shared + a[0]) = (uint64_t)a[1]; answer(0); }
	else if (IS("end")) {
		/* first ref, count: how many ended */
		for (int64_t i = 0; i < a[1]; i++) {
			int64_t ended = mxen_grant_end_access(a[0] + i);
			if (ended < 0) {
				result = ended;
				break;
			}
			result += ended;
		}
		answer(result);
	}
	else if (IS("map")) {
		/* slot, domid, first ref, count, writable, index to spoil */
		result = map((int)a[0], a[1], a[2], (size_t)a[3], count > 5 ? a[5] : -1, a[4] != 0, &failed);
		if (result < 0) {
			int length;
			const char *text = mxen_error_text(result, &length);
			printf("! %lld %.*s\n", (long long)failed, length, text);
		} else
			answer(result);
	}
	else if (IS("unmap")) answer(unmap((int)a[0]));
	else if (IS("load")) answer((int64_t)*(volatile uint64_t *)(mappings[a[0]].address + (uintptr_t)a[1]));
	else if (IS("store")) { *(volatile uint64_t *)(mappings[a[0]].address + (uintptr_t)a[1]) = (uint64_t)a[2]; answer(0); }
	else if (IS("remap")) {
		/* domid, ref, times: one page, up and down */
		int64_t i;
		for (i = 0; i < a[2]; i++) {
			if ((result = map(1, a[0], a[1], 1, -1, true, &failed)) < 0)
				break;
			if (*(volatile uint64_t *)result != (uint64_t)a[1])
				break;
			if ((result = unmap(1)) < 0)
				break;
		}
		if (result < 0) answer(result); else answer(i);
	}
	else if (IS("fill")) {
		/* domid, first ref, count: maps these pages in turn until there is no room, unmaps all; how many, and why it ended */
		uint32_t *handles = malloc(65536 * sizeof *handles);
		uintptr_t *addresses = malloc(65536 * sizeof *addresses);
		struct mxen_foreign page = { a[0], a[1] };
		int64_t n = 0, undone = 0;

		while (n < 65536 && (result = mxen_grant_map(&page, 1, true, &handles[n], &failed)) >= 0) {
			addresses[n++] = (uintptr_t)result;
			page.ref = a[1] + n % a[2];
		}
		int length = 0;
		const char *text = result < 0 ? mxen_error_text(result, &length) : "";
		for (int64_t i = 0; i < n; i++)
			undone += mxen_grant_unmap(addresses[i], &handles[i], 1, true) == 0;
		printf("= %lld %lld %.*s\n", (long long)n, (long long)undone, length, text);
		free(handles);
		free(addresses);
	}
	else if (IS("table")) {
		/* domid: grants a page under every reference there is, then one too many; ends them all */
		uint8_t *page = pages(1);
		int64_t n = mxen_grant_reserved(), ended = 0;
		while ((result = mxen_grant_access(n, (uintptr_t)page, a[0], true)) >= 0)
			n++;
		for (int64_t i = mxen_grant_reserved(); i < n; i++)
			ended += mxen_grant_end_access(i) == 1;
		int length;
		const char *text = mxen_error_text(result, &length);
		printf("= %lld %lld %.*s\n", (long long)n, (long long)ended, length, text);
	}
	else if (IS("copy")) {
		/* domid, ref, offset, length, into the peer: against the shared pages, at offset 1000, which crosses a page */
		struct mxen_copy piece = { shared + PAGE + 1000 + a[2], a[0], a[1], a[2], a[3] };
		answer(mxen_grant_copy(&piece, 1, a[4] != 0, &failed));
	}
	else if (IS("pattern")) {
		/* fills the shared pages (count) with bytes that tell their place, seed added */
		for (int64_t i = 0; i < a[0] * PAGE; i++)
			shared[i] = (uint8_t)(i * 7 + i / 256 + a[1]);
		answer(0);
	}
	else if (IS("sum")) {
		/* from, length of the shared pages: a sum that depends on order */
		uint64_t sum = 0;
		for (int64_t i = 0; i < a[1]; i++)
			sum = sum * 31 + shared[a[0] + i];
		answer((int64_t)(sum >> 1));
	}
	else
		return false;
	return true;
}

#endif

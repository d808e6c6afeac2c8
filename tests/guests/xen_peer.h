/* SPDX-License-Identifier: ISC
 * What guests that take orders have in common (xen_agent, and backends of our own): orders over the console, a command a line,
 * rings of a peer's, copies into and out of its pages. Layouts: io/console.h, io/ring.h.
 */
#ifndef XEN_PEER_H
#define XEN_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../c_stubs/mirage_xen.h"

extern uint64_t solo5_clock_monotonic(void);
extern void solo5_yield(uint64_t deadline, uint64_t *ready);

#define PAGE 4096
#define MILLISECOND 1000000ull

/* Console input: xen/include/public/io/console.h. */
struct console {
	volatile char in[1024];
	char out[2048];
	volatile uint32_t in_cons, in_prod, out_cons, out_prod;
};

static struct console *console;

static inline char *read_line(void)
{
	static char line[512];
	size_t size = 0;

	for (;;) {
		while (console->in_cons == console->in_prod)
			solo5_yield(solo5_clock_monotonic() + MILLISECOND, NULL);
		char c = console->in[console->in_cons % sizeof console->in];
		console->in_cons++;
		mxen_evtchn_notify(mxen_console_port());
		if (c == '\n')
			break;
		if (c != '\r' && size + 1 < sizeof line)
			line[size++] = c;
	}
	line[size] = 0;
	return line;
}

/* An order: its name, and so many numbers; those that are not there are 0. */
struct order {
	const char *name;
	int count;
	int64_t a[32];
};

/* Who gives orders may begin. */
static inline void take_orders(void)
{
	console = (struct console *)(uintptr_t)mxen_console_page();
	printf("ready\n");
}

/* The next order, once all that was said of the last has gone. */
static inline struct order next_order(void)
{
	struct order order = { 0 };

	fflush(stdout);
	char *line = read_line(), *rest = strchr(line, ' ');

	order.name = line;
	if (rest != NULL)
		*rest++ = 0;
	while (rest != NULL && *rest != 0 && order.count < 32) {
		order.a[order.count++] = strtoll(rest, &rest, 0);
		while (*rest == ' ')
			rest++;
	}
	return order;
}

/* An order that is not one of a guest's own: every guest can be told to exit. */
static inline void other_order(const struct order *order)
{
	if (strcmp(order->name, "exit") == 0)
		exit((int)order->a[0]);
	printf("! no such command: %s\n", order->name);
}

static inline void fail(const char *what, int64_t result)
{
	int length;
	const char *text = mxen_error_text(result, &length);

	printf("! %s: %.*s\n", what, length, text);
}

struct ring {
	volatile uint32_t req_prod, req_event, rsp_prod, rsp_event;
	uint32_t reserved[12];
	volatile uint32_t words[];
};

/* A ring of the peer's, and the event channel that goes with it. */
struct end {
	struct ring *ring;
	uint32_t handle;
	int64_t domid;
	uint32_t cons, prod;
};

static inline bool attach(struct end *end, int64_t domid, int64_t ref)
{
	struct mxen_foreign page = { domid, ref };
	int64_t failed, address = mxen_grant_map(&page, 1, true, &end->handle, &failed);

	if (address < 0) {
		fail("map", address);
		return false;
	}
	*end = (struct end) { .ring = (struct ring *)(uintptr_t)address, .handle = end->handle, .domid = domid };
	return true;
}

static inline void detach(struct end *end)
{
	mxen_grant_unmap((uintptr_t)end->ring, &end->handle, 1, true);
}

static inline bool copy(const struct end *end, int64_t ref, size_t offset, void *local, size_t size, bool to_peer)
{
	struct mxen_copy piece = { local, end->domid, ref, (int64_t)offset, (int64_t)size };
	int64_t failed;

	return mxen_grant_copy(&piece, 1, to_peer, &failed) >= 0;
}

/* How many pages of a domain can be read by their references, and how many of those are not zero all over. */
static inline void peek(int64_t domid, int64_t first, int64_t count)
{
	static uint64_t page[PAGE / 8] __attribute__((aligned(PAGE)));
	const struct end end = { .domid = domid };
	unsigned readable = 0, used = 0;

	for (int64_t ref = first; ref < first + count; ref++) {
		uint64_t all = 0;

		if (!copy(&end, ref, 0, page, PAGE, false))
			continue;
		readable++;
		for (unsigned i = 0; i < PAGE / 8; i++)
			all |= page[i];
		used += all != 0;
	}
	printf("= %u %u\n", readable, used);
}

#endif

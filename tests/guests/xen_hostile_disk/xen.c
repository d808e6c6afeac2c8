/* SPDX-License-Identifier: ISC
 * A disk's backend that does anything: to xenstore, to the ring, to the pages that it was lent, at moments of its own. It says at the
 * end how often it was connected to, and what it did. Layouts: io/ring.h, io/blkif.h.
 *
 * Order: "disk SEED ROUNDS DOMID NUMBER WILD": so many rounds, to disk NUMBER of domain DOMID. WILD is 0 for a backend that keeps to
 * the protocol and answers with any status and any bytes, 1 for one that rarely, 2 for one that often breaks it.
 */
#include "../xen_wild.h"

enum { SLOTS = 32, WORDS = 28, OP_INDIRECT = 6, READ = 0 };

static struct end end;
static int64_t peer, port;
static bool attached;
static unsigned connections, answers, pranks;
static uint8_t bytes[PAGE] __attribute__((aligned(PAGE)));

static volatile uint32_t *slot(uint32_t index)
{
	return &end.ring->words[index % SLOTS * WORDS];
}

/* Anything in a page of the peer's, if it has that reference. */
static void scribble(uint32_t ref)
{
	uint32_t size = once_in(2) ? PAGE : any() % PAGE;

	for (unsigned i = 0; i < 16; i++)
		bytes[any() % PAGE] = (uint8_t)any();
	copy(&end, ref, 0, bytes, size, true);
}

/* Requests that were taken and have no answer yet: they are answered in any order. */
static uint32_t taken[SLOTS][WORDS], waiting;

static void take(void)
{
	while (end.cons != end.ring->req_prod && waiting < SLOTS) {
		for (unsigned i = 0; i < WORDS; i++)
			taken[waiting][i] = slot(end.cons)[i];
		end.cons++;
		waiting++;
	}
}

static void answer(unsigned wild)
{
	if (waiting == 0)
		return;
	uint32_t which = any() % waiting, *words = taken[which], id = words[2], high = words[3], status = once_in(8) ? any() : 0;
	unsigned operation = words[0] & 0xff, count = words[0] >> 8 & 0xff;

	if (operation == READ)
		for (unsigned i = 0; i < count && i < 11; i++)
			scribble(words[6 + 2 * i]);
	if (operation == OP_INDIRECT && copy(&end, words[7], 0, bytes, PAGE, false))
		scribble(((uint32_t *)bytes)[any() % 32 * 2]);
	memmove(words, taken[--waiting], sizeof taken[0]);
	if (wild && once_in(wild == 2 ? 16 : 400))
		id = once_in(2) ? near(id) : any() % SLOTS;
	if (wild && once_in(wild == 2 ? 32 : 400))
		high = any();
	volatile uint32_t *place = slot(end.prod++);

	place[0] = id;
	place[1] = high;
	place[2] = (once_in(8) ? any() & 0xffff : operation) | status << 16;
	__sync_synchronize();
	end.ring->rsp_prod = end.prod;
	answers++;
	/* What was read changes while it is looked at. */
	if (once_in(4))
		scribble(once_in(2) ? words[6] : 8 + any() % 400);
}

/* Anything anywhere in the page of the ring. */
static void scrawl(void)
{
	switch (any() % 4) {
	case 0: end.ring->rsp_prod = near(end.prod); break;
	case 1: end.ring->req_event = any(); break;
	case 2: end.ring->req_prod = any(); end.ring->rsp_event = any(); break;
	default: end.ring->words[any() % (SLOTS * WORDS)] = near(end.ring->words[2]);
	}
}

static void step(unsigned wild)
{
	switch (any() % 8) {
	case 0: if (wild && once_in(wild == 2 ? 4 : 200)) scrawl(); break;
	case 1: for (uint32_t i = any() % (once_in(16) ? 200 : 3); i > 0; i--) mxen_evtchn_notify(port); break;
	case 2: scribble(8 + any() % 400); break;
	default: take(); answer(wild);
	}
}

static void leave(void)
{
	if (!attached)
		return;
	mxen_evtchn_unbind(port);
	detach(&end);
	attached = false;
}

static bool enter(void)
{
	int64_t ref = node_number("ring-ref"), remote = node_number("event-channel");

	if (ref < 0 || remote < 0 || !attach(&end, peer, ref))
		return false;
	port = mxen_evtchn_bind_interdomain(peer, remote);
	if (port < 0) {
		detach(&end);
		return false;
	}
	waiting = 0;
	attached = true;
	connections++;
	return true;
}

static void serve(int64_t rounds, int64_t domid, int64_t number, unsigned wild)
{
	static const char *const names[] = {
		"sectors", "sector-size", "info", "feature-flush-cache", "feature-discard", "feature-max-indirect-segments",
		"feature-persistent", "discard-granularity", "multi-queue-max-queues", "max-ring-page-order", "hotplug-status",
	};

	peer = domid;
	name_folders("vbd", domid, number);
	connections = answers = pranks = 0;
	for (int64_t round = 0; round < rounds; round++) {
		if (!attached || once_in(4))
			shake_hands(attached, enter, leave);
		for (unsigned i = 0; i < 100 && attached; i++)
			step(wild);
		if (attached)
			mxen_evtchn_notify(port);
		if (once_in(wild ? 8 : 20)) {
			prank(names, sizeof names / sizeof *names, wild != 0);
			pranks++;
		}
		/* A disk again, so that it is connected to. */
		if (once_in(4)) {
			put("sectors", "4096");
			put("sector-size", "512");
		}
		if (attached && once_in(40)) {
			/* Gone without a word, or with one. */
			leave();
			if (!once_in(3))
				put_state(once_in(2) ? CLOSING : CLOSED);
		}
		solo5_yield(solo5_clock_monotonic() + MILLISECOND, NULL);
		mxen_evtchn_demux();
		if (attached)
			mxen_evtchn_test_and_clear(port);
	}
	leave();
	printf("= %u %u %u\n", connections, answers, pranks);
}

int main(void)
{
	console = (struct console *)(uintptr_t)mxen_console_page();
	mxen_store_connect();
	printf("ready\n");
	for (;;) {
		fflush(stdout);
		long long a[5] = { 0 };
		char *line = read_line(), what[8] = "";

		sscanf(line, "%7s %lld %lld %lld %lld %lld", what, &a[0], &a[1], &a[2], &a[3], &a[4]);
		if (strcmp(what, "disk") == 0) {
			seed = (uint64_t)a[0];
			serve(a[1], a[2], a[3], (unsigned)a[4]);
		} else if (strcmp(what, "exit") == 0) {
			exit((int)a[0]);
		} else {
			printf("! no such command: %s\n", line);
		}
	}
}

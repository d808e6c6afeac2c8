/* SPDX-License-Identifier: ISC
 * A disk's backend that does anything: to xenstore, to the rings, to the pages that it was lent, at moments of its own. It says at the
 * end how often it was connected to, what it did, how many queues there were at most, and how many requests came by others than the
 * first. Layouts: io/ring.h, io/blkif.h.
 *
 * Order: "disk SEED ROUNDS DOMID NUMBER WILD": so many rounds, to disk NUMBER of domain DOMID. WILD is 0 for a backend that keeps to
 * the protocol and answers with any status and any bytes, 1 for one that rarely, 2 for one that often breaks it, 3 for one that does
 * nothing but break it.
 */
#include "../xen_wild.h"

enum { SLOTS = 32, WORDS = 28, OP_INDIRECT = 6, READ = 0, QUEUES = 4 };

struct queue {
	struct end end;
	int64_t port;
	/* Requests that were taken and have no answer yet: they are answered in any order. */
	uint32_t taken[SLOTS][WORDS], waiting;
};

/* Those of the connection, the one that something is done to now, and the most that there were. */
static struct queue queues[QUEUES], *q = queues;
static unsigned count, most;
static int64_t peer;
static bool attached;
static unsigned connections, answers, pranks, by_others;
static uint8_t bytes[PAGE] __attribute__((aligned(PAGE)));

static volatile uint32_t *slot(uint32_t index)
{
	return &q->end.ring->words[index % SLOTS * WORDS];
}

/* Anything in a page of the peer's, if it has that reference. */
static void scribble(uint32_t ref)
{
	uint32_t size = once_in(2) ? PAGE : any() % PAGE;

	for (unsigned i = 0; i < 16; i++)
		bytes[any() % PAGE] = (uint8_t)any();
	copy(&q->end, ref, 0, bytes, size, true);
}

static void take(void)
{
	while (q->end.cons != q->end.ring->req_prod && q->waiting < SLOTS) {
		for (unsigned i = 0; i < WORDS; i++)
			q->taken[q->waiting][i] = slot(q->end.cons)[i];
		q->end.cons++;
		q->waiting++;
		by_others += q != queues;
	}
}

static void answer(unsigned wild)
{
	if (q->waiting == 0)
		return;
	uint32_t *words = q->taken[any() % q->waiting], id = words[2], high = words[3], status = once_in(8) ? any() : 0;
	unsigned operation = words[0] & 0xff, segments = words[0] >> 8 & 0xff;
	struct queue *by = q;

	if (operation == READ)
		for (unsigned i = 0; i < segments && i < 11; i++)
			scribble(words[6 + 2 * i]);
	if (operation == OP_INDIRECT && copy(&q->end, words[7], 0, bytes, PAGE, false))
		scribble(((uint32_t *)bytes)[any() % 32 * 2]);
	memmove(words, q->taken[--q->waiting], sizeof q->taken[0]);
	if (wild && once_in(wild == 2 ? 16 : 400))
		id = once_in(2) ? near(id) : any() % (SLOTS * QUEUES);
	if (wild == 3)
		id |= SLOTS * QUEUES;
	if (wild && once_in(wild == 2 ? 32 : 400))
		high = any();
	/* By the ring of another queue than it came by. */
	if (wild && once_in(wild == 2 ? 64 : 800))
		q = &queues[any() % count];
	volatile uint32_t *place = slot(q->end.prod++);

	place[0] = id;
	place[1] = high;
	place[2] = (once_in(8) ? any() & 0xffff : operation) | status << 16;
	__sync_synchronize();
	q->end.ring->rsp_prod = q->end.prod;
	q = by;
	answers++;
	/* What was read changes while it is looked at. */
	if (once_in(4))
		scribble(once_in(2) ? words[6] : 8 + any() % 400);
}

/* Anything anywhere in the page of a ring. */
static void scrawl(void)
{
	struct ring *ring = q->end.ring;

	switch (any() % 4) {
	case 0: ring->rsp_prod = near(q->end.prod); break;
	case 1: ring->req_event = any(); break;
	case 2: ring->req_prod = any(); ring->rsp_event = any(); break;
	default: ring->words[any() % (SLOTS * WORDS)] = near(ring->words[2]);
	}
}

static void step(unsigned wild)
{
	q = &queues[any() % count];
	switch (any() % 8) {
	case 0: if (wild && once_in(wild == 2 ? 4 : 200)) scrawl(); break;
	case 1: for (uint32_t i = any() % (once_in(16) ? 200 : 3); i > 0; i--) mxen_evtchn_notify(q->port); break;
	case 2: scribble(8 + any() % 400); break;
	default: take(); answer(wild);
	}
}

static void leave(void)
{
	if (!attached)
		return;
	for (unsigned i = 0; i < count; i++) {
		mxen_evtchn_unbind(queues[i].port);
		detach(&queues[i].end);
	}
	count = 0;
	attached = false;
}

static bool enter_queue(unsigned number, bool several)
{
	struct queue *queue = &queues[number];
	int64_t ref = queue_number(number, several, "ring-ref"), remote = queue_number(number, several, "event-channel");

	if (ref < 0 || remote < 0 || !attach(&queue->end, peer, ref))
		return false;
	queue->waiting = 0;
	queue->port = mxen_evtchn_bind_interdomain(peer, remote);
	if (queue->port < 0)
		detach(&queue->end);
	return queue->port >= 0;
}

static bool enter(void)
{
	int64_t there = node_number("multi-queue-num-queues");
	unsigned wanted = there > 1 && there <= QUEUES ? (unsigned)there : 1;

	attached = true;
	for (count = 0; count < wanted; count++)
		if (!enter_queue(count, wanted > 1)) {
			leave();
			return false;
		}
	connections++;
	if (count > most)
		most = count;
	return true;
}

/* A frontend that is slow is waited for, for as much as this, unless it may have given up. */
static bool is_enough(unsigned wild)
{
	return wild == 3 || (wild != 0 ? connections > 0 : connections > 3 && answers > 150 && by_others > 0);
}

static void serve(int64_t rounds, int64_t domid, int64_t number, unsigned wild)
{
	static const char *const names[] = {
		"sectors", "sector-size", "info", "feature-flush-cache", "feature-discard", "feature-max-indirect-segments",
		"feature-persistent", "discard-granularity", "multi-queue-max-queues", "max-ring-page-order", "hotplug-status",
	};

	peer = domid;
	name_folders("vbd", domid, number);
	connections = answers = pranks = most = by_others = 0;
	for (int64_t round = 0; round < rounds || (!is_enough(wild) && round < 100 * rounds); round++) {
		/* One that keeps to the protocol has all the queues at first that it was plugged with, until they are used. */
		bool untouched = wild == 0 && by_others == 0;

		if (!attached && !untouched && once_in(3))
			offer_queues(wild);
		if (!attached || once_in(4))
			shake_hands(attached, enter, leave);
		for (unsigned i = 0; i < 100 && attached; i++)
			step(wild);
		for (unsigned i = 0; i < count; i++)
			mxen_evtchn_notify(queues[i].port);
		if (wild != 3 && !untouched && once_in(wild ? 8 : 20)) {
			prank(names, sizeof names / sizeof *names, wild != 0);
			pranks++;
		}
		/* A disk again, so that it is connected to. */
		if (once_in(4)) {
			put("sectors", "4096");
			put("sector-size", "512");
		}
		if (wild != 3 && attached && !untouched && once_in(40)) {
			/* Gone without a word, or with one. */
			leave();
			if (!once_in(3))
				put_state(once_in(2) ? CLOSING : CLOSED);
		}
		solo5_yield(solo5_clock_monotonic() + MILLISECOND, NULL);
		mxen_evtchn_demux();
		for (unsigned i = 0; i < count; i++)
			mxen_evtchn_test_and_clear(queues[i].port);
	}
	leave();
	printf("= %u %u %u %u %u\n", connections, answers, pranks, most, by_others);
}

int main(void)
{
	mxen_store_connect();
	take_orders();
	for (;;) {
		struct order order = next_order();
		const int64_t *a = order.a;

		if (strcmp(order.name, "disk") == 0) {
			seed = (uint64_t)a[0];
			serve(a[1], a[2], a[3], (unsigned)a[4]);
		} else {
			other_order(&order);
		}
	}
}

/* SPDX-License-Identifier: ISC
 * A network backend that does anything: to xenstore, to the rings, to the pages that it was lent, at moments of its own. It plays
 * a backend just well enough to be connected to again and again, with one queue or several, and says at the end how often it was, what
 * it did, and how many queues there were at most.
 * Layouts: io/netif.h, io/xenbus.h, io/xs_wire.h.
 *
 * Order: "net SEED ROUNDS DOMID NUMBER WILD": so often, to interface NUMBER of domain DOMID. WILD is 0 for a backend that
 * keeps to the protocol and delivers any bytes with any flags, 1 for one that rarely, 2 for one that often breaks it.
 * Order: "break DOMID NUMBER": connects, breaks the protocol of each queue once, in a ring, and writes nothing to xenstore: whether the
 * frontend was connected, and has made a new connection.
 * Order: "peek DOMID FIRST COUNT": how many references of a domain can be read, and how many of these pages are not all zero.
 */
#include "../xen_vif.h"
#include "../xen_wild.h"

enum { ARP_SIZE = 42, DATA = 128 };

static const char *const names[] = {
	"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-rx-copy", "feature-split-event-channels",
	"multi-queue-max-queues", "hotplug-status", "mac", "mtu", "feature-ctrl-ring",
};

/* ---- packets ---- */

/* The queue that something is done to now, and the most that there were. */
static struct queue *q = queues;
static unsigned most;
static unsigned connections, frames, pranks;
static uint8_t bytes[PAGE] __attribute__((aligned(PAGE)));

/* Who has 10.0.1.2? It answers, which fills the other ring. */
static const uint8_t arp[ARP_SIZE] = {
	255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
	2, 0, 0, 0, 0, 1, 10, 0, 1, 1, 0, 0, 0, 0, 0, 0, 10, 0, 1, 2
};

/* A header of something, right or nearly, of a packet of `size` bytes. */
static void write_header(size_t size)
{
	for (unsigned i = 0; i < DATA; i++)
		bytes[i] = (uint8_t)any();
	if (once_in(8))
		return;
	if (once_in(4)) {
		memcpy(bytes, arp, sizeof arp);
		return;
	}
	uint8_t *ip = bytes + 14;
	unsigned tag = once_in(4) ? 4 : 0, header = once_in(2) ? 20 : any() % 16 * 4, v6 = once_in(3);

	if (tag) {
		put16(bytes + 12, 0x8100);
		ip += 4;
	}
	put16(ip - 2, v6 ? 0x86dd : 0x0800);
	if (v6) {
		ip[0] = 0x60;
		put16(ip + 4, once_in(4) ? any() : (unsigned)size - 54);
		ip[6] = once_in(2) ? 6 : once_in(2) ? 17 : (uint8_t)(any() % 64);
	} else {
		ip[0] = (uint8_t)(0x40 | header / 4);
		put16(ip + 2, once_in(4) ? any() : (unsigned)size - 14);
		put16(ip + 6, once_in(4) ? any() : 0);
		ip[9] = once_in(2) ? 6 : 17;
		const uint8_t to[4] = { 10, 0, 1, 2 };
		memcpy(ip + 16, to, 4);
	}
	uint8_t *tcp = ip + (v6 ? 40 : header);

	if (tcp + 20 < bytes + DATA) {
		put16(tcp + 2, 7);
		put16(tcp + 4, once_in(4) ? any() : (unsigned)(size - (size_t)(tcp - bytes)));
		tcp[12] = (uint8_t)(once_in(2) ? 0x50 : any());
		tcp[13] = (uint8_t)any();
	}
}

/* Delivers a packet of some pieces, with extra information or without, and any flags. */
static void deliver(unsigned wild)
{
	static const size_t lengths[] = { 0, 1, 13, 14, 42, 60, 590, 1514, 4096 };
	unsigned pieces = once_in(2) ? 1 : 1 + any() % (once_in(8) ? 19 : 5), extras = once_in(3) ? 1 + any() % 2 : 0;
	uint32_t waiting = q->rx.ring->req_prod - q->rx.cons;
	size_t sizes[20], size = 0;

	if (waiting > RX_SLOTS)
		return;
	for (unsigned i = 0; i < pieces; i++) {
		sizes[i] = once_in(2) ? lengths[any() % 9] : any() % 4097;
		size += sizes[i];
	}
	if (pieces + extras > waiting || size > 65535)
		return;
	for (unsigned i = 0; i < pieces; i++) {
		uint32_t id = rx_slot(q, q->rx.cons)[0] & 0xffff, ref = rx_slot(q, q->rx.cons)[1];
		uint32_t offset = any() % (uint32_t)(4097 - sizes[i]);
		/* DATA_VALIDATED and CSUM_BLANK by chance, then MORE_DATA and EXTRA_INFO as they are. */
		uint32_t flags = (any() & 3) | (i + 1 < pieces ? 4 : 0) | (i == 0 && extras ? 8 : 0);
		int status = (int)sizes[i];

		q->rx.cons++;
		if (i == 0)
			write_header(size);
		else
			bytes[any() % PAGE] = (uint8_t)any();
		copy(&q->rx, ref, offset, bytes, sizes[i], true);
		if (once_in(16))
			status = -(int)(any() % 3) - 1;
		if (wild && once_in(wild == 2 ? 8 : 400)) {
			switch (any() % 4) {
			case 0: id = near(id) & 0xffff; break;
			case 1: offset = any() & 0xffff; break;
			case 2: status = (int16_t)any(); break;
			default: flags = any() & 0xffff;
			}
		}
		rx_slot(q, q->rx.prod)[0] = id | offset << 16;
		rx_slot(q, q->rx.prod)[1] = flags | (uint32_t)status << 16;
		q->rx.prod++;
		for (unsigned extra = 0; i == 0 && extra < extras; extra++) {
			uint32_t kind = extra == 0 && !once_in(8) ? 1 : 1 + any() % 4, segment = once_in(2) ? any() % 3000 : any() & 0xffff;

			q->rx.cons++;
			if (wild && once_in(wild == 2 ? 4 : 100))
				kind = any() & 0xff;
			rx_slot(q, q->rx.prod)[0] = kind | (extra + 1 < extras ? 1u << 8 : 0) | segment << 16;
			rx_slot(q, q->rx.prod)[1] = wild && once_in(8) ? any() : 1 + any() % 2;
			q->rx.prod++;
		}
	}
	__sync_synchronize();
	q->rx.ring->rsp_prod = q->rx.prod;
	frames++;
	/* What was delivered changes while it is read. */
	if (once_in(4)) {
		write_header(size);
		for (unsigned i = 0; i < 2; i++)
			copy(&q->rx, rx_slot(q, any())[1], any() % (PAGE - DATA), bytes, DATA, true);
	}
}

/* Answers one request to send, or more. */
static void take(unsigned wild)
{
	for (uint32_t left = 1 + any() % 8; left > 0 && q->tx.cons != q->tx.ring->req_prod; left--) {
		uint32_t id = q->tx.ring->words[q->tx.cons++ % TX_SLOTS * 3 + 2] & 0xffff;
		uint32_t status = once_in(8) ? (uint32_t)-(int32_t)(1 + any() % 2) : 0;

		if (wild && once_in(wild == 2 ? 16 : 400))
			id = near(id);
		if (wild && once_in(wild == 2 ? 16 : 400))
			status = any();
		q->tx.ring->words[q->tx.prod++ % TX_SLOTS * 3] = (id & 0xffff) | status << 16;
	}
	__sync_synchronize();
	q->tx.ring->rsp_prod = q->tx.prod;
}

/* Anything anywhere in the two pages of rings. */
static void scrawl(void)
{
	switch (any() % 6) {
	case 0: q->rx.ring->rsp_prod = near(q->rx.prod); break;
	case 1: q->tx.ring->rsp_prod = near(q->tx.prod); break;
	case 2: q->rx.ring->req_event = any(); q->tx.ring->req_event = any(); break;
	case 3: q->rx.ring->req_prod = any(); q->tx.ring->rsp_event = any(); break;
	case 4: q->rx.ring->words[any() % (RX_SLOTS * 2)] = near(q->rx.ring->words[0]); break;
	default: q->tx.ring->words[any() % (TX_SLOTS * 3)] = near(q->tx.ring->words[2]);
	}
}

static void step(unsigned wild)
{
	q = &queues[any() % count];
	switch (any() % 8) {
	case 0: case 1: case 2: take(wild); break;
	case 3: if (wild && once_in(wild == 2 ? 4 : 200)) scrawl(); break;
	case 4:
		/* Events for nothing. */
		for (uint32_t i = any() % (once_in(32) ? 100 : 2); i > 0; i--)
			mxen_evtchn_notify(q->ports[any() % q->channels]);
		break;
	default: deliver(wild);
	}
}

static bool enter(void)
{
	if (!enter_all())
		return false;
	connections++;
	if (count > most)
		most = count;
	return true;
}

/* A frontend that is slow is waited for, for as much as this. */
static bool is_enough(unsigned wild)
{
	return wild != 0 ? connections > 0 && frames > 0 : connections > 3 && frames > 150;
}

static void serve(int64_t rounds, int64_t domid, int64_t number, unsigned wild)
{
	uint64_t steps = 0;

	peer = domid;
	name_folders("vif", domid, number);
	connections = frames = pranks = most = 0;
	for (int64_t round = 0; round < rounds || (!is_enough(wild) && round < 100 * rounds); round++) {
		/* One that keeps to the protocol has all the queues at first that it was plugged with. */
		bool untouched = wild == 0 && connections == 0;

		if (!attached && !untouched && once_in(3))
			offer_queues(wild);
		if (!attached || once_in(4))
			shake_hands(attached, enter, leave);
		for (unsigned i = 0; i < 40 && attached; i++, steps++)
			step(wild);
		for (unsigned n = 0; n < count; n++)
			for (unsigned i = 0; i < queues[n].channels; i++)
				mxen_evtchn_notify(queues[n].ports[i]);
		if (!untouched && once_in(wild ? 6 : 10)) {
			prank(names, sizeof names / sizeof *names, wild != 0);
			pranks++;
		}
		if (attached && once_in(20)) {
			/* Gone without a word, or with one. */
			leave();
			if (!once_in(3))
				put_state(once_in(2) ? CLOSING : CLOSED);
		}
		solo5_yield(solo5_clock_monotonic() + MILLISECOND, NULL);
		mxen_evtchn_demux();
		for (unsigned n = 0; n < count; n++)
			for (unsigned i = 0; i < queues[n].channels; i++)
				mxen_evtchn_test_and_clear(queues[n].ports[i]);
	}
	leave();
	printf("= %u %llu %u %u %u\n", connections, (unsigned long long)steps, frames, pranks, most);
}

/* Plays its part until there is a connection, for two minutes at most. */
static bool connect(void)
{
	for (unsigned tries = 0; tries < 120000 / 20; tries++) {
		shake_hands(attached, enter, leave);
		if (attached)
			return true;
		solo5_yield(solo5_clock_monotonic() + 20 * MILLISECOND, NULL);
	}
	return false;
}

static void break_once(int64_t domid, int64_t number)
{
	peer = domid;
	name_folders("vif", domid, number);
	bool first = connect(), second = false;

	/* The frontend has nothing to do any more but to wait. */
	solo5_yield(solo5_clock_monotonic() + 1000 * MILLISECOND, NULL);
	for (unsigned n = 0; n < count; n++) {
		queues[n].rx.ring->rsp_prod += 5000;
		mxen_evtchn_notify(queues[n].ports[0]);
	}
	for (unsigned tries = 0; first && attached && tries < 120000 / 20; tries++) {
		shake_hands(attached, enter, leave);
		solo5_yield(solo5_clock_monotonic() + 20 * MILLISECOND, NULL);
	}
	second = first && !attached && connect();
	leave();
	printf("= %d %d\n", first, second);
}

int main(void)
{
	mxen_store_connect();
	take_orders();
	for (;;) {
		struct order order = next_order();
		const int64_t *a = order.a;

		if (strcmp(order.name, "net") == 0) {
			seed = (uint64_t)a[0];
			serve(a[1], a[2], a[3], (unsigned)a[4]);
		} else if (strcmp(order.name, "break") == 0) {
			break_once(a[0], a[1]);
		} else if (strcmp(order.name, "peek") == 0) {
			peek(a[0], a[1], a[2]);
		} else {
			other_order(&order);
		}
	}
}

/* SPDX-License-Identifier: ISC
 * A network backend that does anything: to xenstore, to the rings, to the pages that it was lent, at moments of its own. It plays
 * a backend just well enough to be connected to again and again, with one queue or several, and says at the end how often it was, what
 * it did, and how many queues there were at most.
 * Layouts: io/netif.h, io/xenbus.h, io/xs_wire.h.
 *
 * Order: "net SEED ROUNDS DOMID NUMBER WILD": so often, to interface NUMBER of domain DOMID. WILD is 0 for a backend that
 * keeps to the protocol and delivers any bytes with any flags, 1 for one that rarely, 2 for one that often breaks it.
 * Order: "peek DOMID FIRST COUNT": how many references of a domain can be read, and how many of these pages are not all zero.
 */
#include "../xen_wild.h"

enum { ARP_SIZE = 42, DATA = 128, TX_SLOTS = 256, RX_SLOTS = 256, QUEUES = 4 };

static const char *const names[] = {
	"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-rx-copy", "feature-split-event-channels",
	"multi-queue-max-queues", "hotplug-status", "mac", "mtu", "feature-ctrl-ring",
};

/* ---- packets ---- */

struct queue {
	struct end tx, rx;
	int64_t ports[2];
	unsigned channels;
};

/* Those of the connection, the one that something is done to now, and the most that there were. */
static struct queue queues[QUEUES], *q = queues;
static unsigned count, most;
static int64_t peer;
static unsigned connections, frames, pranks;
static bool attached;
static uint8_t bytes[PAGE] __attribute__((aligned(PAGE)));

static void put16(uint8_t *at, unsigned number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

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

static volatile uint32_t *rx_slot(uint32_t index)
{
	return &q->rx.ring->words[index % RX_SLOTS * 2];
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
		uint32_t id = rx_slot(q->rx.cons)[0] & 0xffff, ref = rx_slot(q->rx.cons)[1];
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
		rx_slot(q->rx.prod)[0] = id | offset << 16;
		rx_slot(q->rx.prod)[1] = flags | (uint32_t)status << 16;
		q->rx.prod++;
		for (unsigned extra = 0; i == 0 && extra < extras; extra++) {
			uint32_t kind = extra == 0 && !once_in(8) ? 1 : 1 + any() % 4, segment = once_in(2) ? any() % 3000 : any() & 0xffff;

			q->rx.cons++;
			if (wild && once_in(wild == 2 ? 4 : 100))
				kind = any() & 0xff;
			rx_slot(q->rx.prod)[0] = kind | (extra + 1 < extras ? 1u << 8 : 0) | segment << 16;
			rx_slot(q->rx.prod)[1] = wild && once_in(8) ? any() : 1 + any() % 2;
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
			copy(&q->rx, rx_slot(any())[1], any() % (PAGE - DATA), bytes, DATA, true);
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

static void let_go(struct queue *queue)
{
	for (unsigned i = 0; i < queue->channels; i++)
		mxen_evtchn_unbind(queue->ports[i]);
	queue->channels = 0;
	detach(&queue->tx);
	detach(&queue->rx);
}

static void leave(void)
{
	if (!attached)
		return;
	for (unsigned i = 0; i < count; i++)
		let_go(&queues[i]);
	count = 0;
	attached = false;
}

/* A number that the frontend has published of a queue, of which there are several or one. */
static int64_t queue_number(unsigned queue, bool several, const char *name)
{
	char path[64];

	if (!several)
		return node_number(name);
	snprintf(path, sizeof path, "queue-%u/%s", queue, name);
	return node_number(path);
}

static bool enter_queue(unsigned number, bool several)
{
	struct queue *queue = &queues[number];
	int64_t tx_ref = queue_number(number, several, "tx-ring-ref"), rx_ref = queue_number(number, several, "rx-ring-ref");
	int64_t remote[2] = { queue_number(number, several, "event-channel"), 0 };
	unsigned channels = 1;

	if (remote[0] < 0) {
		remote[0] = queue_number(number, several, "event-channel-rx");
		remote[1] = queue_number(number, several, "event-channel-tx");
		channels = 2;
	}
	if (tx_ref < 0 || rx_ref < 0 || remote[0] < 0 || remote[1] < 0 || !attach(&queue->tx, peer, tx_ref))
		return false;
	if (!attach(&queue->rx, peer, rx_ref)) {
		detach(&queue->tx);
		return false;
	}
	for (queue->channels = 0; queue->channels < channels; queue->channels++)
		if ((queue->ports[queue->channels] = mxen_evtchn_bind_interdomain(peer, remote[queue->channels])) < 0) {
			let_go(queue);
			return false;
		}
	return true;
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

/* Queues as a backend offers them, or as none does, before the frontend looks. */
static void offer_queues(unsigned wild)
{
	static const char *const offers[] = { "4", "2", "3", "1", "4", "0", "-1", "64", "18446744073709551616", "four", "" };

	put("multi-queue-max-queues", offers[any() % (wild ? sizeof offers / sizeof *offers : 5)]);
}

static void serve(int64_t rounds, int64_t domid, int64_t number, unsigned wild)
{
	uint64_t steps = 0;

	peer = domid;
	name_folders("vif", domid, number);
	connections = frames = pranks = most = 0;
	/* A frontend that is slow is waited for. */
	for (int64_t round = 0; round < rounds || (connections == 0 && round < 100 * rounds); round++) {
		if (!attached && once_in(3))
			offer_queues(wild);
		if (!attached || once_in(4))
			shake_hands(attached, enter, leave);
		for (unsigned i = 0; i < 40 && attached; i++, steps++)
			step(wild);
		for (unsigned n = 0; n < count; n++)
			for (unsigned i = 0; i < queues[n].channels; i++)
				mxen_evtchn_notify(queues[n].ports[i]);
		if (once_in(wild ? 6 : 10)) {
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

static void peek(int64_t domid, int64_t first, int64_t count)
{
	static uint64_t page[PAGE / 8] __attribute__((aligned(PAGE)));
	const struct end peer = { .domid = domid };
	unsigned readable = 0, used = 0;

	for (int64_t ref = first; ref < first + count; ref++) {
		uint64_t all = 0;

		if (!copy(&peer, ref, 0, page, PAGE, false))
			continue;
		readable++;
		for (unsigned i = 0; i < PAGE / 8; i++)
			all |= page[i];
		used += all != 0;
	}
	printf("= %u %u\n", readable, used);
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
		if (strcmp(what, "net") == 0) {
			seed = (uint64_t)a[0];
			serve(a[1], a[2], a[3], (unsigned)a[4]);
		} else if (strcmp(what, "peek") == 0) {
			peek(a[0], a[1], a[2]);
		} else if (strcmp(what, "exit") == 0) {
			exit((int)a[0]);
		} else {
			printf("! no such command: %s\n", line);
		}
	}
}

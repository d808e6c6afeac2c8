/* SPDX-License-Identifier: ISC
 * A network backend that does anything: to xenstore, to the rings, to the pages that it was lent, at moments of its own. It plays
 * a backend just well enough to be connected to again and again, and says at the end how often it was, and what it did.
 * Layouts: io/netif.h, io/xenbus.h, io/xs_wire.h.
 *
 * Order: "net SEED ROUNDS DOMID NUMBER WILD": so often, to interface NUMBER of domain DOMID. WILD is 0 for a backend that
 * keeps to the protocol and delivers any bytes with any flags, 1 for one that rarely, 2 for one that often breaks it.
 * Order: "peek DOMID FIRST COUNT": how many references of a domain can be read, and how many of these pages are not all zero.
 */
#include "../xen_wild.h"

enum { ARP_SIZE = 42, DATA = 128, TX_SLOTS = 256, RX_SLOTS = 256 };

static const char *const names[] = {
	"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-rx-copy", "feature-split-event-channels",
	"multi-queue-max-queues", "hotplug-status", "mac", "mtu", "feature-ctrl-ring",
};

/* ---- packets ---- */

static struct end tx, rx;
static int64_t peer;
static int64_t ports[2];
static unsigned channels, connections, frames, pranks;
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
	return &rx.ring->words[index % RX_SLOTS * 2];
}

/* Delivers a packet of some pieces, with extra information or without, and any flags. */
static void deliver(unsigned wild)
{
	static const size_t lengths[] = { 0, 1, 13, 14, 42, 60, 590, 1514, 4096 };
	unsigned pieces = once_in(2) ? 1 : 1 + any() % (once_in(8) ? 19 : 5), extras = once_in(3) ? 1 + any() % 2 : 0;
	uint32_t waiting = rx.ring->req_prod - rx.cons;
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
		uint32_t id = rx_slot(rx.cons)[0] & 0xffff, ref = rx_slot(rx.cons)[1];
		uint32_t offset = any() % (uint32_t)(4097 - sizes[i]);
		/* DATA_VALIDATED and CSUM_BLANK by chance, then MORE_DATA and EXTRA_INFO as they are. */
		uint32_t flags = (any() & 3) | (i + 1 < pieces ? 4 : 0) | (i == 0 && extras ? 8 : 0);
		int status = (int)sizes[i];

		rx.cons++;
		if (i == 0)
			write_header(size);
		else
			bytes[any() % PAGE] = (uint8_t)any();
		copy(&rx, ref, offset, bytes, sizes[i], true);
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
		rx_slot(rx.prod)[0] = id | offset << 16;
		rx_slot(rx.prod)[1] = flags | (uint32_t)status << 16;
		rx.prod++;
		for (unsigned extra = 0; i == 0 && extra < extras; extra++) {
			uint32_t kind = extra == 0 && !once_in(8) ? 1 : 1 + any() % 4, segment = once_in(2) ? any() % 3000 : any() & 0xffff;

			rx.cons++;
			if (wild && once_in(wild == 2 ? 4 : 100))
				kind = any() & 0xff;
			rx_slot(rx.prod)[0] = kind | (extra + 1 < extras ? 1u << 8 : 0) | segment << 16;
			rx_slot(rx.prod)[1] = wild && once_in(8) ? any() : 1 + any() % 2;
			rx.prod++;
		}
	}
	__sync_synchronize();
	rx.ring->rsp_prod = rx.prod;
	frames++;
	/* What was delivered changes while it is read. */
	if (once_in(4)) {
		write_header(size);
		for (unsigned i = 0; i < 2; i++)
			copy(&rx, rx_slot(any())[1], any() % (PAGE - DATA), bytes, DATA, true);
	}
}

/* Answers one request to send, or more. */
static void take(unsigned wild)
{
	for (uint32_t count = 1 + any() % 8; count > 0 && tx.cons != tx.ring->req_prod; count--) {
		uint32_t id = tx.ring->words[tx.cons++ % TX_SLOTS * 3 + 2] & 0xffff;
		uint32_t status = once_in(8) ? (uint32_t)-(int32_t)(1 + any() % 2) : 0;

		if (wild && once_in(wild == 2 ? 16 : 400))
			id = near(id);
		if (wild && once_in(wild == 2 ? 16 : 400))
			status = any();
		tx.ring->words[tx.prod++ % TX_SLOTS * 3] = (id & 0xffff) | status << 16;
	}
	__sync_synchronize();
	tx.ring->rsp_prod = tx.prod;
}

/* Anything anywhere in the two pages of rings. */
static void scrawl(void)
{
	switch (any() % 6) {
	case 0: rx.ring->rsp_prod = near(rx.prod); break;
	case 1: tx.ring->rsp_prod = near(tx.prod); break;
	case 2: rx.ring->req_event = any(); tx.ring->req_event = any(); break;
	case 3: rx.ring->req_prod = any(); tx.ring->rsp_event = any(); break;
	case 4: rx.ring->words[any() % (RX_SLOTS * 2)] = near(rx.ring->words[0]); break;
	default: tx.ring->words[any() % (TX_SLOTS * 3)] = near(tx.ring->words[2]);
	}
}

static void step(unsigned wild)
{
	switch (any() % 8) {
	case 0: case 1: case 2: take(wild); break;
	case 3: if (wild && once_in(wild == 2 ? 4 : 200)) scrawl(); break;
	case 4:
		/* Events for nothing. */
		for (uint32_t i = any() % (once_in(32) ? 100 : 2); i > 0; i--)
			mxen_evtchn_notify(ports[any() % channels]);
		break;
	default: deliver(wild);
	}
}

static void leave(void)
{
	if (!attached)
		return;
	for (unsigned i = 0; i < channels; i++)
		mxen_evtchn_unbind(ports[i]);
	detach(&tx);
	detach(&rx);
	attached = false;
}

static bool enter(void)
{
	int64_t tx_ref = node_number("tx-ring-ref"), rx_ref = node_number("rx-ring-ref");
	int64_t remote[2] = { node_number("event-channel"), 0 };

	channels = 1;
	if (remote[0] < 0) {
		remote[0] = node_number("event-channel-rx");
		remote[1] = node_number("event-channel-tx");
		channels = 2;
	}
	if (tx_ref < 0 || rx_ref < 0 || remote[0] < 0 || remote[1] < 0 || !attach(&tx, peer, tx_ref))
		return false;
	if (!attach(&rx, peer, rx_ref)) {
		detach(&tx);
		return false;
	}
	for (unsigned i = 0; i < channels; i++)
		if ((ports[i] = mxen_evtchn_bind_interdomain(peer, remote[i])) < 0) {
			channels = i;
			attached = true;
			leave();
			return false;
		}
	attached = true;
	connections++;
	return true;
}

static void serve(int64_t rounds, int64_t domid, int64_t number, unsigned wild)
{
	uint64_t steps = 0;

	peer = domid;
	name_folders("vif", domid, number);
	connections = frames = pranks = 0;
	for (int64_t round = 0; round < rounds; round++) {
		if (!attached || once_in(4))
			shake_hands(attached, enter, leave);
		for (unsigned i = 0; i < 40 && attached; i++, steps++)
			step(wild);
		for (unsigned i = 0; i < channels && attached; i++)
			mxen_evtchn_notify(ports[i]);
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
		for (unsigned i = 0; i < channels && attached; i++)
			mxen_evtchn_test_and_clear(ports[i]);
	}
	leave();
	printf("= %u %llu %u %u\n", connections, (unsigned long long)steps, frames, pranks);
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

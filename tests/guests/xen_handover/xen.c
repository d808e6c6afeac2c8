/* SPDX-License-Identifier: ISC
 * A backend that keeps to the protocol and then gives its device up in one of several ways. As a disk's it keeps what is written, in
 * memory that it lends to others who are to go on with it; as a network's it is a host that sends datagrams and looks at the answers.
 * Layouts: io/netif.h. The file is as long as two kinds of backends and their ends: both are given up in the same ways.
 *
 * Orders: "vif DOMID NUMBER WORD" and "vbd DOMID NUMBER" serve that device until one of these:
 *   "stop" goes on until there was something to look at, waits for what is under way, lets go of everything, and says what there was;
 *   "last" does so, too, but before it lets go it tells the host to end, and serves it, or whoever has the disk, until it has;
 *   "freeze" does nothing any more, but keeps the rings; "hoard COUNT" keeps the first so many pages, too; until "release".
 * "lend DOMID" lets that domain use the disk's memory, which says "borrow DOMID REF" with the reference that is answered.
 * "over SECTOR" writes a word there for who waits for it. "digest SECTORS" is that of what is on the disk.
 * "scrawl DOMID WORD" writes the word to the end of each page that may be written, "seek DOMID WORD" says how many pages can be read and
 * how many of these have it anywhere.
 */
#include "../xen_bus.h"
#include "../xen_vbd.h"

enum { DISK = 2 << 20, PAGES = DISK / PAGE, SLOTS = 256, REFS = 600, WINDOW = 24, MOST = 1 << 20 };

static int64_t peer, port;
static struct end ends[2];
static bool attached, stopping;

/* What is kept of devices that were given up. */
static struct end kept_rings[64];
static int64_t kept_ports[64];
static struct { uintptr_t address; uint32_t handle; bool writable; } kept[4096];
static unsigned rings_kept, ports_kept, pages_kept;

static bool bind(void)
{
	int64_t remote = node_number("event-channel");

	port = remote < 0 ? remote : mxen_evtchn_bind_interdomain(peer, remote);
	return port >= 0;
}

static void clear_event(void)
{
	__sync_synchronize();
	mxen_evtchn_demux();
	mxen_evtchn_test_and_clear(port);
}

/* ---- a disk ---- */

static uint8_t own_disk[DISK] __attribute__((aligned(PAGE)));
static uint8_t *disk = own_disk, page[PAGE] __attribute__((aligned(PAGE)));
static uint64_t reads, writes, wrong;

static int transfer(const struct end *end, bool is_write, uint64_t sector, const struct segment *segments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct segment *s = &segments[i];
		size_t size = (size_t)(s->last + 1 - s->first) * 512;

		if (s->last > 7 || s->first > s->last || sector * 512 + size > DISK)
			return ERROR;
		if (!is_write)
			memcpy(page, disk + sector * 512, size);
		if (!copy(end, s->ref, s->first * 512, page, size, !is_write))
			return ERROR;
		if (is_write)
			memcpy(disk + sector * 512, page, size);
		sector += size / 512;
	}
	*(is_write ? &writes : &reads) += 1;
	return OKAY;
}

static int disk_request(const struct end *end, const uint32_t *words)
{
	static uint8_t list[PAGE] __attribute__((aligned(PAGE)));
	unsigned operation = words[0] & 0xff, count = words[0] >> 8 & 0xff;
	uint64_t sector = words[4] | (uint64_t)words[5] << 32;

	if (operation == FLUSH)
		return OKAY;
	if (operation == READ || operation == WRITE)
		return transfer(end, operation == WRITE, sector, (const struct segment *)(words + 6), count);
	if (operation != INDIRECT || words[0] >> 16 > PAGE / 8 || !copy(end, words[7], 0, list, PAGE, false))
		return ERROR;
	return transfer(end, count == WRITE, sector, (const struct segment *)list, words[0] >> 16);
}

static int count_errors(const struct end *end, const uint32_t *words)
{
	int status = disk_request(end, words);

	wrong += status != OKAY;
	return status;
}

static bool enter_disk(void)
{
	int64_t ref = node_number("ring-ref");

	attached = ref >= 0 && bind() && attach(&ends[0], peer, ref);
	return attached;
}

static bool step_disk(void)
{
	return serve_requests(&ends[0], port, count_errors);
}

/* ---- a host ---- */

static struct { struct {
	uint8_t to[6], from[6], type[2];
} ethernet; uint8_t ip[20], udp[8]; uint64_t words[180]; } __attribute__((packed)) packet;

/* How many datagrams are enough to look at. */
enum { ENOUGH = 101 };

static uint64_t word, sent, answered, twice;
/* The host has been told to end, by this connection: what was under way in the one before is lost. */
static bool told;
static uint8_t answers[MOST];

static void put16(uint8_t *at, uint64_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

/* The datagram of that number, to port 7 of 10.0.0.2: its length. All lengths come by, and all words depend on all of that. */
static size_t write_packet(uint64_t number)
{
	static const uint8_t header[20] = { 0x45, [8] = 64, 17, [12] = 10, 0, 0, 1, 10, 0, 0, 2 };
	size_t count = 2 + number * 7919 % 179, sum = 0;

	memset(&packet.ethernet, 0xff, 6);
	memcpy(packet.ethernet.from, "\x02\0\0\0\0\x01", 6);
	put16(packet.ethernet.type, 0x0800);
	memcpy(packet.ip, header, 20);
	put16(packet.ip + 2, 28 + 8 * count);
	for (unsigned i = 0; i < 20; i += 2)
		sum += (size_t)packet.ip[i] << 8 | packet.ip[i + 1];
	put16(packet.ip + 10, ~(sum + (sum >> 16)));
	put16(packet.udp, 77);
	put16(packet.udp + 2, 7);
	put16(packet.udp + 4, 8 + 8 * count);
	put16(packet.udp + 6, 0);
	packet.words[0] = word;
	packet.words[1] = number;
	for (unsigned i = 2; i < count; i++)
		packet.words[i] = word + number * 0x9e3779b97f4a7c15ull * i;
	return 42 + 8 * count;
}

/* Puts what was written for the host into its ring, if there is room. */
static bool deliver(size_t size)
{
	struct end *rx = &ends[1];

	if (rx->cons == rx->ring->req_prod)
		return false;
	__sync_synchronize();
	uint32_t id = rx->ring->words[rx->cons % SLOTS * 2] & 0xffff, ref = rx->ring->words[rx->cons % SLOTS * 2 + 1];
	bool good = copy(rx, ref, 0, &packet, size, true);
	volatile uint32_t *answer = &rx->ring->words[rx->prod++ % SLOTS * 2];

	rx->cons++;
	answer[0] = id;
	answer[1] = good ? (uint32_t)size << 16 : 0xffff0000;
	__sync_synchronize();
	rx->ring->rsp_prod = rx->prod;
	return good;
}

/* Tells the host to end. */
static bool send_last(void)
{
	write_packet(0);
	put16(packet.ip + 2, 32);
	/* The header's sum as it is with that length. */
	put16(packet.ip + 10, ((uint64_t)packet.ip[10] << 8 | packet.ip[11]) + 44 - 32);
	put16(packet.udp + 2, 9);
	put16(packet.udp + 4, 12);
	memcpy(packet.words, "stop", 4);
	bool done = deliver(46);

	mxen_evtchn_notify(port);
	return done;
}

static bool enter_net(void)
{
	int64_t tx = node_number("tx-ring-ref"), rx = node_number("rx-ring-ref");

	attached = tx >= 0 && rx >= 0 && bind() && attach(&ends[0], peer, tx) && attach(&ends[1], peer, rx);
	sent = answered = wrong = twice = 0;
	told = false;
	memset(answers, 0, sizeof answers);
	return attached;
}

/* An answer: to a datagram that was sent from here, or to one of the backend before. */
static void take_packet(const uint8_t *frame, size_t size)
{
	uint64_t words[2];

	if (size < 58 || frame[12] != 8 || frame[13] != 0 || frame[23] != 17)
		return;
	memcpy(words, frame + 42, 16);
	if (words[0] != word)
		return;
	if (words[1] >= sent) {
		wrong++;
		return;
	}
	size_t length = write_packet(words[1]);

	wrong += size != length || memcmp(frame + 42, packet.words, length - 42) != 0;
	twice += answers[words[1]]++ != 0;
	answered++;
}

static bool step_net(void)
{
	struct end *tx = &ends[0], *rx = &ends[1];
	bool idle = true;

	for (; tx->cons != tx->ring->req_prod; idle = false) {
		__sync_synchronize();
		uint32_t words[3];

		for (unsigned i = 0; i < 3; i++)
			words[i] = tx->ring->words[tx->cons % SLOTS * 3 + i];
		tx->cons++;
		size_t size = words[2] >> 16;
		bool good = (words[1] & 0xffff) + size <= PAGE && copy(tx, words[0], words[1] & 0xffff, page, size, false);

		if (good)
			take_packet(page, size);
		tx->ring->words[tx->prod++ % SLOTS * 3] = (words[2] & 0xffff) | (good ? 0 : 0xffff0000);
	}
	while ((!stopping || sent < ENOUGH) && sent - answered < WINDOW && sent < MOST && deliver(write_packet(sent))) {
		sent++;
		idle = false;
	}
	__sync_synchronize();
	tx->ring->rsp_prod = tx->prod;
	if (!idle)
		mxen_evtchn_notify(port);
	tx->ring->req_event = tx->cons + 1;
	rx->ring->req_event = rx->cons + 1;
	clear_event();
	return idle;
}

/* ---- any device ---- */

static void leave(void)
{
	if (port >= 0)
		mxen_evtchn_unbind(port);
	for (unsigned i = 0; i < 2; i++)
		if (ends[i].ring != NULL)
			detach(&ends[i]);
	memset(ends, 0, sizeof ends);
	port = -1;
	attached = false;
}

/* Gives up, and keeps the rings and the pages of `count` references. */
static void freeze(int64_t count)
{
	for (unsigned i = 0; i < 2; i++)
		if (ends[i].ring != NULL)
			kept_rings[rings_kept++] = ends[i];
	kept_ports[ports_kept++] = port;
	for (int64_t ref = mxen_grant_reserved(); ref < mxen_grant_reserved() + count && pages_kept < sizeof kept / sizeof *kept; ref++) {
		struct mxen_foreign foreign = { peer, ref };
		int64_t failed, address;

		kept[pages_kept].writable = true;
		address = mxen_grant_map(&foreign, 1, true, &kept[pages_kept].handle, &failed);
		if (address < 0) {
			kept[pages_kept].writable = false;
			address = mxen_grant_map(&foreign, 1, false, &kept[pages_kept].handle, &failed);
		}
		if (address >= 0)
			kept[pages_kept++].address = (uintptr_t)address;
	}
	memset(ends, 0, sizeof ends);
	port = -1;
	attached = false;
}

static void release(void)
{
	while (rings_kept > 0)
		detach(&kept_rings[--rings_kept]);
	while (ports_kept > 0)
		mxen_evtchn_unbind(kept_ports[--ports_kept]);
	while (pages_kept > 0) {
		pages_kept--;
		mxen_grant_unmap(kept[pages_kept].address, &kept[pages_kept].handle, 1, kept[pages_kept].writable);
	}
}

static void serve(bool (*enter)(void), bool (*step)(void), long long number)
{
	uint64_t looked = 0, since = 0;
	bool is_last = false, gone = false;

	reads = writes = wrong = 0;
	stopping = false;
	name_folders(enter == enter_net ? "vif" : "vbd", peer, number);
	for (;;) {
		uint64_t now = solo5_clock_monotonic();

		if ((!stopping || is_last) && now - looked > 20 * MILLISECOND) {
			bool before = attached;

			shake_hands(attached, enter, leave);
			gone = node(front, "state", NULL, 0) == 0;
			looked = now;
			if (attached && !before) {
				printf("connected\n");
				fflush(stdout);
			}
		}
		if (!attached || step())
			solo5_yield(solo5_clock_monotonic() + MILLISECOND, NULL);
		bool enough = enter == enter_net ? sent >= ENOUGH && answered == sent : reads + writes > 0 && now > since + 100 * MILLISECOND;

		if (stopping && (enough || gone || now > since + 60000 * MILLISECOND)) {
			if (!is_last || gone)
				break;
			if (attached && !told && enter == enter_net)
				told = send_last();
		}
		if (console->in_cons == console->in_prod)
			continue;
		const char *line = read_line();

		if (strcmp(line, "stop") == 0 || strcmp(line, "last") == 0) {
			is_last = line[0] == 'l';
			/* What is under way comes to its end. */
			stopping = true;
			since = now;
			continue;
		}
		freeze(sscanf(line, "hoard %lld", &number) == 1 ? number : 0);
		break;
	}
	if (stopping)
		leave();
	if (enter == enter_net)
		printf("= %llu %llu %llu %llu\n", (unsigned long long)sent, (unsigned long long)answered, (unsigned long long)wrong, (unsigned long long)twice);
	else
		printf("= %llu %llu %llu\n", (unsigned long long)reads, (unsigned long long)writes, (unsigned long long)wrong);
}

static void lend(int64_t domid)
{
	int64_t first = mxen_grant_reserved(), result = 0;

	while (mxen_grant_end_access(first) != 1)
		first += PAGES;
	for (int64_t i = 0; i < PAGES && result >= 0; i++)
		/* It may be that of a domain that is gone. */
		result = mxen_grant_end_access(first + i) != 1 ? -1 : mxen_grant_access(first + i, (uintptr_t)own_disk + (uintptr_t)i * PAGE, domid,
									       true);
	if (result < 0)
		fail("lend", result);
	else
		printf("= %lld\n", (long long)first);
}

static void borrow(int64_t domid, int64_t ref)
{
	static struct mxen_foreign foreign[PAGES];
	static uint32_t handles[PAGES];
	int64_t failed, address;

	for (unsigned i = 0; i < PAGES; i++)
		foreign[i] = (struct mxen_foreign) { domid, ref + i };
	address = mxen_grant_map(foreign, PAGES, true, handles, &failed);
	if (address < 0)
		return fail("borrow", address);
	disk = (uint8_t *)(uintptr_t)address;
	printf("= 1\n");
}

static void digest(uint64_t sectors)
{
	uint64_t hash = 14695981039346656037ull;

	for (uint64_t i = 0; i < sectors * 64; i++)
		hash = (hash ^ ((uint64_t *)disk)[i]) * 1099511628211ull;
	printf("digest %llu\n= 1\n", (unsigned long long)hash);
}

static void seek(int64_t domid, uint64_t wanted, bool writes_it)
{
	const struct end end = { .domid = domid };
	unsigned there = 0, have = 0;

	for (int64_t ref = mxen_grant_reserved(); ref < REFS; ref++) {
		bool has = false;

		if (writes_it) {
			there += copy(&end, ref, PAGE - 8, &wanted, 8, true);
			continue;
		}
		if (!copy(&end, ref, 0, page, PAGE, false))
			continue;
		there++;
		for (unsigned i = 0; i <= PAGE - 8; i++)
			has |= memcmp(page + i, &wanted, 8) == 0;
		have += has;
	}
	printf("= %u %u\n", there, have);
}

int main(void)
{
	mxen_store_connect();
	port = -1;
	take_orders();
	for (;;) {
		struct order order = next_order();
		const char *what = order.name;
		int64_t a = order.a[0], b = order.a[1], c = order.a[2];

		if (strcmp(what, "vif") == 0) {
			peer = a;
			word = (uint64_t)c;
			serve(enter_net, step_net, b);
		} else if (strcmp(what, "vbd") == 0) {
			peer = a;
			serve(enter_disk, step_disk, b);
		} else if (strcmp(what, "release") == 0) {
			release();
			printf("= 1\n");
		} else if (strcmp(what, "lend") == 0) {
			lend(a);
		} else if (strcmp(what, "borrow") == 0) {
			borrow(a, b);
		} else if (strcmp(what, "over") == 0) {
			memcpy(disk + a * 512, "stop", 4);
			printf("= 1\n");
		} else if (strcmp(what, "digest") == 0) {
			digest((uint64_t)a);
		} else if (strcmp(what, "seek") == 0 || strcmp(what, "scrawl") == 0) {
			seek(a, (uint64_t)b, what[1] == 'c');
		} else {
			other_order(&order);
		}
	}
}

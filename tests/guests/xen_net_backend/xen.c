/* SPDX-License-Identifier: ISC
 * A network backend that keeps to the protocol, for what netback cannot be told: it takes from the frontend no more than it is told to.
 * It is a host on the wire, too: it sends datagrams, over IPv4 and IPv6, whose answers it compares. A frontend's program answers them
 * by the port that they come to (tests/guests/solo5_net_kinds, os_net_kinds). Layouts: io/netif.h.
 *
 * Order: "net DOMID NUMBER COUNT TAKES STOP": connects to interface NUMBER of domain DOMID, sends COUNT datagrams, has the program
 * end if STOP is 1, and closes the connection. TAKES is of enum takes. What it offers is in its folder already. It says how many
 * answers came, how many packets were wrong, had blank checksums, were to be cut, lay in several slots, on how many queues answers came,
 * how many event channels a queue had, and how many packets nobody had asked for came.
 */
#include "../xen_vif.h"
#include "packet.h"

enum takes { SG = 1, GSO_V4 = 2, GSO_V6 = 4, BLANK_V4 = 8, BLANK_V6 = 16 };
enum { WINDOW = 8, MOST_COUNT = 1 << 16, CSUM_BLANK_TX = 1, MORE_DATA = 4, EXTRA_INFO = 8, CSUM_BLANK_RX = 3, NULL_RESPONSE = 1 };

static unsigned takes, answered, wrongs, blanks, cuts, several, used, unasked;
static bool done[MOST_COUNT];
static uint8_t packet[65536 + PAGE], wanted[65536 + PAGE];

static void wrong(const char *what, unsigned number)
{
	if (wrongs++ < 20)
		printf("wrong: %s: %u\n", what, number);
}

/* Delivers the frame in `packet` in as many pages as it has; false while there are not so many. */
static bool deliver(struct queue *q, size_t size, bool blank)
{
	uint32_t pieces = (uint32_t)((size + PAGE - 1) / PAGE);

	if (q->rx.ring->req_prod - q->rx.cons < pieces)
		return false;
	for (size_t at = 0; at < size; at += PAGE) {
		size_t now = size - at < PAGE ? size - at : PAGE;
		uint32_t id = rx_slot(q, q->rx.cons)[0] & 0xffff, ref = rx_slot(q, q->rx.cons)[1];
		uint32_t flags = (blank && at == 0 ? CSUM_BLANK_RX : 0) | (at + now < size ? MORE_DATA : 0);

		q->rx.cons++;
		if (!copy(&q->rx, ref, 0, packet + at, now, true))
			wrong("a page to receive into", ref);
		rx_slot(q, q->rx.prod)[0] = id;
		rx_slot(q, q->rx.prod)[1] = flags | (uint32_t)now << 16;
		q->rx.prod++;
	}
	__sync_synchronize();
	q->rx.ring->rsp_prod = q->rx.prod;
	mxen_evtchn_notify(q->ports[0]);
	return true;
}

/* The answer that a datagram should have, in `wanted`: as it was told to be, or as it can be without what is not taken. */
static size_t expected(const struct datagram *d, bool *blank, bool *cut)
{
	unsigned takes_blank = d->v6 ? BLANK_V6 : BLANK_V4, takes_cut = d->v6 ? GSO_V6 : GSO_V4;
	size_t segment = write_packet(wanted, d, ANSWER_SEGMENT), plain;

	*cut = d->kind == SEGMENT && takes & takes_cut && takes & takes_blank && (segment <= PAGE || takes & SG);
	*blank = *cut || (d->kind != PLAIN && takes & takes_blank);
	if (*cut)
		return segment;
	plain = write_packet(wanted, d, *blank ? ANSWER_BLANK : ANSWER);
	if (plain <= PAGE || takes & SG)
		return plain;
	return write_packet(wanted, d, *blank ? ANSWER_SHORT_BLANK : ANSWER_SHORT);
}

static void look_at(const struct queue *q, size_t size, bool blank, unsigned cut)
{
	struct datagram d;
	bool blank_wanted, cut_wanted;
	uint32_t number;

	if (!find_number(packet, size, &number) || number >= MOST_COUNT) {
		unasked++;
		return;
	}
	d = datagram(number);
	size_t length = expected(&d, &blank_wanted, &cut_wanted);
	if (blank != blank_wanted || cut != (cut_wanted ? d.v6 + 1u : 0))
		wrong("another offload than was taken for datagram", number);
	else if (size != length || memcmp(packet, wanted, size) != 0)
		wrong("other bytes than were sent, datagram", number);
	else if (done[number])
		wrong("twice, datagram", number);
	else
		answered++;
	done[number] = true;
	used |= 1u << (q - queues);
}

static volatile uint32_t *tx_slot(const struct queue *q, uint32_t index)
{
	return &q->tx.ring->words[index % TX_SLOTS * 3];
}

static void respond(struct queue *q, uint32_t id, uint32_t status)
{
	tx_slot(q, q->tx.prod++)[0] = id | status << 16;
}

/* Takes a packet that the frontend has sent, and looks whether it should have. */
static void take(struct queue *q)
{
	uint32_t first = q->tx.cons, flags = tx_slot(q, first)[1] >> 16, all = flags, size = tx_slot(q, first)[2] >> 16;
	uint32_t pieces[20][4], count_pieces = 0, rest = 0, extras = 0;
	unsigned cut = 0;

	for (;; count_pieces++) {
		volatile uint32_t *slot = tx_slot(q, q->tx.cons++);

		if (count_pieces == 20) {
			wrong("slots of one packet", count_pieces);
			return;
		}
		pieces[count_pieces][0] = slot[0];
		pieces[count_pieces][1] = slot[1] & 0xffff;
		pieces[count_pieces][2] = slot[2] & 0xffff;
		pieces[count_pieces][3] = slot[2] >> 16;
		all = slot[1] >> 16;
		if (count_pieces > 0)
			rest += slot[2] >> 16;
		if (count_pieces == 0 && all & EXTRA_INFO) {
			volatile uint32_t *extra = tx_slot(q, q->tx.cons++);

			extras = 1;
			cut = extra[1] & 0xff;
			if ((extra[0] & 0xff) != 1 || extra[0] >> 16 != SEGMENT_SIZE)
				wrong("extra information", extra[0]);
		}
		if (!(all & MORE_DATA))
			break;
	}
	count_pieces++;
	if (q->tx.cons - first > q->tx.ring->req_prod - first)
		wrong("half a packet, slots", count_pieces);
	pieces[0][3] = size - rest;
	size_t at = 0;
	for (uint32_t i = 0; i < count_pieces; i++) {
		if (at + pieces[i][3] > 65536 || pieces[i][1] + pieces[i][3] > PAGE ||
		    !copy(&q->tx, pieces[i][0], pieces[i][1], packet + at, pieces[i][3], false))
			wrong("a piece that cannot be copied, bytes", pieces[i][3]);
		at += pieces[i][3];
		respond(q, pieces[i][2], 0);
		if (i == 0 && extras)
			respond(q, 0, NULL_RESPONSE);
	}
	__sync_synchronize();
	q->tx.ring->rsp_prod = q->tx.prod;

	bool blank = flags & CSUM_BLANK_TX, v6 = packet[12] == 0x86;
	blanks += blank;
	cuts += cut != 0;
	several += count_pieces > 1;
	if (blank && !(takes & (v6 ? BLANK_V6 : BLANK_V4)))
		wrong("a blank checksum that is not taken, bytes", size);
	if (cut != 0 && !(takes & (cut == 2 ? GSO_V6 : GSO_V4)))
		wrong("a segment that is not taken, bytes", size);
	if (count_pieces > 1 && !(takes & SG))
		wrong("several slots without scatter-gather, bytes", size);
	look_at(q, size, blank, cut);
}

static bool serve_queue(struct queue *q)
{
	bool any = false;

	while (q->tx.cons != q->tx.ring->req_prod) {
		__sync_synchronize();
		take(q);
		any = true;
	}
	q->tx.ring->req_event = q->tx.cons + 1;
	if (any)
		mxen_evtchn_notify(q->ports[q->channels - 1]);
	for (unsigned i = 0; i < q->channels; i++)
		mxen_evtchn_test_and_clear(q->ports[i]);
	return any;
}

static void turn(void)
{
	bool any = false;

	for (unsigned i = 0; i < count; i++)
		any |= serve_queue(&queues[i]);
	if (!any)
		solo5_yield(solo5_clock_monotonic() + MILLISECOND / 2, NULL);
	mxen_evtchn_demux();
}

/* A minute at most. */
static bool shaken(bool connected)
{
	uint64_t end = solo5_clock_monotonic() + 60000 * MILLISECOND;

	while (attached != connected && solo5_clock_monotonic() < end) {
		shake_hands(attached, enter_all, leave);
		turn();
	}
	return attached == connected;
}

static void serve(unsigned datagrams, bool stop)
{
	uint64_t moved = solo5_clock_monotonic();
	unsigned next = 0, before = 0;

	/* What nobody has asked for comes at moments of the program's own. */
	while ((answered + wrongs < datagrams || (unasked == 0 && takes & BLANK_V4)) && solo5_clock_monotonic() < moved + 60000 * MILLISECOND) {
		while (next < datagrams && next < answered + wrongs + WINDOW) {
			struct datagram d = datagram(next);
			size_t size = write_packet(packet, &d, d.blank ? QUESTION_BLANK : QUESTION);

			if (!deliver(&queues[next % count], size, d.blank))
				break;
			next++;
		}
		turn();
		if (answered + wrongs != before)
			moved = solo5_clock_monotonic();
		before = answered + wrongs;
	}
	if (stop) {
		struct datagram d = datagram(0);
		uint64_t end = solo5_clock_monotonic() + 300 * MILLISECOND;

		d.kind = STOP;
		deliver(&queues[0], write_packet(packet, &d, QUESTION), false);
		while (solo5_clock_monotonic() < end)
			turn();
	}
}

static void net(int64_t domid, int64_t number, unsigned datagrams, bool stop)
{
	char mac[32] = "";

	peer = domid;
	name_folders("vif", domid, number);
	answered = wrongs = blanks = cuts = several = used = unasked = 0;
	memset(done, 0, sizeof done);
	node(front, "mac", mac, sizeof mac);
	set_mac(mac);
	if (!shaken(true)) {
		printf("! the frontend does not connect\n");
		return;
	}
	unsigned channels = queues[0].channels;
	put_state(CONNECTED);
	serve(datagrams, stop);
	if (!stop) {
		put_state(CLOSING);
		for (uint64_t end = solo5_clock_monotonic() + 60000 * MILLISECOND; attached && solo5_clock_monotonic() < end;) {
			char theirs = node(front, "state", NULL, 0);

			turn();
			if (theirs == '0' + CLOSING || theirs == '0' + CLOSED)
				leave();
		}
		put_state(CLOSED);
	}
	leave();
	printf("= %u %u %u %u %u %d %u %u\n", answered, wrongs, blanks, cuts, several, __builtin_popcount(used), channels, unasked);
}

int main(void)
{
	mxen_store_connect();
	take_orders();
	for (;;) {
		struct order order = next_order();
		const int64_t *a = order.a;

		if (strcmp(order.name, "net") == 0) {
			takes = (unsigned)a[3];
			net(a[0], a[1], a[2] > MOST_COUNT ? MOST_COUNT : (unsigned)a[2], a[4] != 0);
		} else {
			other_order(&order);
		}
	}
}

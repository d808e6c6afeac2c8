/* SPDX-License-Identifier: ISC
 * Datagrams that a backend of ours sends to the program of a frontend, and the answers that are expected. All of a datagram follows from
 * its number. It is sent from port 1000 and an address of its own to the port of its kind, which says how to answer:
 *
 *   7 PLAIN    the same bytes in a datagram
 *   8 BLANK    the same, with the checksum left to the backend; if that does not take it, PLAIN
 *   9 SEGMENT  the same bytes 16 times over, up to 60000 in all, in a segment of TCP to be cut; if the backend does not take it, BLANK
 *   10 STOP    not at all: the program ends
 *
 * A datagram that the backend does not take, since it does not fit into a page, is answered with its first 64 bytes.
 */
#ifndef PACKET_H
#define PACKET_H

enum kind { PLAIN = 7, BLANK = 8, SEGMENT = 9, STOP = 10 };
enum form { QUESTION, QUESTION_BLANK, ANSWER, ANSWER_BLANK, ANSWER_SHORT, ANSWER_SHORT_BLANK, ANSWER_SEGMENT };
enum { MTU = 9000, SHORT = 64, TIMES = 16, MOST_SEGMENT = 60000, SEGMENT_SIZE = 1000, TCP = 6, UDP = 17 };

struct datagram {
	uint32_t number;
	unsigned kind;
	bool v6, blank;
	size_t size;
};

static const uint8_t own_mac[6] = { 2, 0, 0, 0, 0, 1 };
static uint8_t peer_mac[6];

static uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static struct datagram datagram(uint32_t number)
{
	uint64_t chance = scramble(number + 1);

	return (struct datagram) {
		.number = number,
		.kind = PLAIN + number % 3,
		.v6 = number / 3 % 2,
		.blank = chance >> 63,
		/* Around a page and the MTU as often as in between. */
		.size = chance >> 61 & 1 ? SHORT + chance % (MTU - 48 - SHORT + 1) :
					   (chance >> 60 & 1 ? MTU - 48 : PAGE - 62) - chance % 30,
	};
}

static unsigned sum(const uint8_t *bytes, size_t size, uint64_t total)
{
	for (size_t i = 0; i < size; i++)
		total += i % 2 ? bytes[i] : (unsigned)bytes[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (unsigned)total;
}

static void write_address(uint8_t *at, bool v6, unsigned host)
{
	memset(at, 0, v6 ? 16 : 4);
	at[0] = v6 ? 0xfd : 10;
	at[v6 ? 15 : 3] = (uint8_t)host;
}

/* Writes the packet with that datagram, or an answer to it; its length. */
static size_t write_packet(uint8_t *frame, const struct datagram *d, enum form form)
{
	bool question = form <= QUESTION_BLANK, segment = form == ANSWER_SEGMENT;
	bool blank = form == QUESTION_BLANK || form == ANSWER_BLANK || form == ANSWER_SHORT_BLANK || segment;
	size_t part = form == ANSWER_SHORT || form == ANSWER_SHORT_BLANK ? SHORT : d->size;
	size_t times = !segment ? 1 : MOST_SEGMENT / part < TIMES ? MOST_SEGMENT / part : TIMES;
	size_t head = segment ? 20 : 8, length = head + part * times, width = d->v6 ? 16 : 4;
	uint8_t *ip = frame + 14, *addresses = ip + (d->v6 ? 8 : 12), *udp = ip + (d->v6 ? 40 : 20), *data = udp + head;
	unsigned host = 10 + d->number % 32;

	memset(frame, 0, 14 + 40 + 20);
	memcpy(frame, question ? peer_mac : own_mac, 6);
	memcpy(frame + 6, question ? own_mac : peer_mac, 6);
	put16(frame + 12, d->v6 ? 0x86dd : 0x0800);
	write_address(addresses, d->v6, question ? host : 2);
	write_address(addresses + width, d->v6, question ? 2 : host);
	if (d->v6) {
		ip[0] = 0x60;
		put16(ip + 4, (unsigned)length);
		ip[6] = segment ? TCP : UDP;
		ip[7] = 64;
	} else {
		ip[0] = 0x45;
		put16(ip + 2, (unsigned)(20 + length));
		ip[8] = 64;
		ip[9] = segment ? TCP : UDP;
		put16(ip + 10, ~sum(ip, 20, 0) & 0xffff);
	}
	put16(udp, question ? 1000 : d->kind);
	put16(udp + 2, question ? d->kind : 1000);
	if (segment) {
		put16(udp + 12, 0x5010);
		put16(udp + 14, 0xffff);
	} else {
		put16(udp + 4, (unsigned)length);
	}
	for (size_t at = 0; at < part; at += 8) {
		uint64_t word = at == 0 ? 0x6b696e64ull << 32 | d->number : scramble((uint64_t)d->number << 32 | at);

		memcpy(data + at, &word, part - at < 8 ? part - at : 8);
	}
	for (size_t i = 1; i < times; i++)
		memcpy(data + i * part, data, part);
	/* Blank is the sum of the pseudo header. */
	unsigned pseudo = sum(addresses, 2 * width, length + (segment ? TCP : UDP));
	unsigned value = blank ? pseudo : ~sum(udp, length, pseudo) & 0xffff;
	put16(udp + (segment ? 16 : 6), value == 0 && !blank ? 0xffff : value);
	return (size_t)(data - frame) + part * times;
}

/* The number of the datagram that a packet answers. */
static bool find_number(const uint8_t *frame, size_t size, uint32_t *number)
{
	size_t at = 14 + (frame[12] == 0x86 ? 40 : 20);
	uint8_t protocol = frame[12] == 0x86 ? frame[20] : frame[23];
	uint32_t mark;

	at += protocol == TCP ? 20 : 8;
	if (size < at + 8)
		return false;
	memcpy(number, frame + at, 4);
	memcpy(&mark, frame + at + 4, 4);
	return mark == 0x6b696e64;
}

static void set_mac(const char *text)
{
	unsigned mac[6] = { 0 };

	sscanf(text, "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]);
	for (unsigned i = 0; i < 6; i++)
		peer_mac[i] = (uint8_t)mac[i];
}

#endif

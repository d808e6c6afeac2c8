/* SPDX-License-Identifier: ISC
 * One TCP connection, over IPv4 or IPv6. What is sent are segments of up to 60000 bytes, which the backend is to cut (GSO) and whose
 * checksums it is to compute; what is lost is sent again. What is received is taken in order, and all of it checked. Byte n of
 * either stream is n * 7 + n / 251. Over IPv6 the addresses are fd00::1 and fd00::2, and who has them is known.
 */
#ifndef SOLO5_TCP_H
#define SOLO5_TCP_H

#include "solo5_ip.h"

enum { FIN = 1, SYN = 2, ACK = 16, FIRST = 1000, SEGMENT = 60000, OWN_PORT = 4000 };

struct connection {
	struct interface *net;
	uint8_t mac[6], own[16], peer[16];
	bool v6, open, closed;
	unsigned port, shift;
	uint32_t theirs, acked, window;
	/* What came: bytes in order; packets larger than the MTU; wrong ones. */
	bool whole;
	size_t got, large, wrong;
};

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put32(uint8_t *at, uint32_t number)
{
	put16(at, number >> 16);
	put16(at + 2, number & 0xffff);
}

/* Sum of the pseudo header of a segment of `size` bytes, from `from` to `to`. */
static uint64_t pseudo(const struct connection *c, const uint8_t *from, const uint8_t *to, size_t size)
{
	size_t length = c->v6 ? 16 : 4;

	return sum(from, length) + sum(to, length) + 6 + size;
}

/* A segment: `size` bytes of the stream from `at` on. */
static int send_segment(struct connection *c, unsigned flags, uint32_t sequence, size_t at, size_t size)
{
	uint8_t *ip_header = reply + 14, *tcp = reply + (c->v6 ? 54 : 34);
	size_t header = flags & SYN ? 28 : 20, mss = c->net->info.mtu - (c->v6 ? 60 : 40);
	const struct solo5__xen_net_offload offload = { 1, c->v6, (uint16_t)(size > mss ? mss : 0) };

	memcpy(reply, c->mac, 6);
	memcpy(reply + 6, c->net->info.mac_address, 6);
	put16(reply + 12, c->v6 ? 0x86dd : 0x0800);
	memset(ip_header, 0, 40);
	if (c->v6) {
		ip_header[0] = 0x60;
		put16(ip_header + 4, (unsigned)(header + size));
		ip_header[6] = 6;
		ip_header[7] = 64;
		memcpy(ip_header + 8, c->own, 16);
		memcpy(ip_header + 24, c->peer, 16);
	} else {
		ip_header[0] = 0x45;
		put16(ip_header + 2, (unsigned)(20 + header + size));
		ip_header[6] = 0x40;
		ip_header[8] = 64;
		ip_header[9] = 6;
		memcpy(ip_header + 12, c->own, 4);
		memcpy(ip_header + 16, c->peer, 4);
		put16(ip_header + 10, checksum(sum(ip_header, 20)));
	}
	memset(tcp, 0, header);
	put16(tcp, OWN_PORT);
	put16(tcp + 2, c->port);
	put32(tcp + 4, sequence);
	put32(tcp + 8, c->theirs);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, 60000);
	if (flags & SYN) {
		static const uint8_t options[8] = { 2, 4, 0, 0, 1, 3, 3, 7 };
		memcpy(tcp + 20, options, 8);
		put16(tcp + 22, (unsigned)mss);
	}
	for (size_t i = 0; i < size; i++)
		tcp[header + i] = (uint8_t)((at + i) * 7 + (at + i) / 251);
	/* The pseudo header's sum stands where the checksum will. */
	put16(tcp + 16, (uint16_t)~checksum(pseudo(c, c->own, c->peer, header + size)));
	return (int)solo5__xen_net_write(c->net->handle, reply, (size_t)(tcp - reply) + header + size, &offload);
}

/* The segment in `frame`, of a packet of `size` bytes: its size, 0 when it is another packet. */
static size_t find_segment(const struct connection *c, size_t size)
{
	const uint8_t *ip_header = frame + 14, *tcp = frame + (c->v6 ? 54 : 34);
	size_t length;

	if (c->v6) {
		if (size < 74 || get16(frame + 12) != 0x86dd || ip_header[6] != 6)
			return 0;
		length = get16(ip_header + 4);
	} else {
		if (size < 54 || get16(frame + 12) != 0x0800 || ip_header[0] != 0x45 || ip_header[9] != 6)
			return 0;
		length = (size_t)get16(ip_header + 2) - 20;
	}
	return get16(tcp + 2) == OWN_PORT && length >= 20 && length <= size - (size_t)(tcp - frame) ? length : 0;
}

static solo5_result_t receive_packet(struct connection *c, size_t *size, struct solo5__xen_net_offload *offload)
{
	memset(offload, 0, sizeof *offload);
	if (c->whole)
		return solo5__xen_net_read(c->net->handle, frame, sizeof frame, size, offload);
	return solo5_net_read(c->net->handle, frame, sizeof frame, size);
}

/* Takes in what has come; whether there is something to acknowledge. */
static bool take_segments(struct connection *c)
{
	struct solo5__xen_net_offload offload;
	bool more = false;
	size_t size, length;

	while (receive_packet(c, &size, &offload) == SOLO5_R_OK) {
		const uint8_t *tcp = frame + (c->v6 ? 54 : 34);

		if (size >= 14 && get16(frame + 12) == 0x0806)
			arp(c->net, frame, size);
		if (size > c->net->info.mtu + 14)
			c->large++;
		length = find_segment(c, size);
		if (length == 0)
			continue;
		uint64_t total = offload.blank ? 0 : checksum(pseudo(c, c->peer, c->own, length) + sum(tcp, length));

		/* Of one that came whole the pseudo header's sum is there. */
		if (total != 0 || (!c->v6 && checksum(sum(frame + 14, 20)) != 0)) {
			c->wrong++;
			continue;
		}
		size_t end = (tcp[12] >> 4) * 4u;

		if ((tcp[13] & (SYN | ACK)) == (SYN | ACK)) {
			for (size_t i = 20; i + 2 < end && tcp[i] != 0; i += tcp[i] == 1 ? 1 : tcp[i + 1])
				if (tcp[i] == 3)
					c->shift = tcp[i + 2];
			c->theirs = get32(tcp + 4) + 1;
			c->acked = get32(tcp + 8);
			c->window = get16(tcp + 14);
			c->open = true;
			continue;
		}
		if (!(tcp[13] & ACK))
			continue;
		if ((int32_t)(get32(tcp + 8) - c->acked) >= 0)
			c->acked = get32(tcp + 8);
		c->window = (uint32_t)get16(tcp + 14) << c->shift;
		more |= length > end || tcp[13] & FIN;
		if (get32(tcp + 4) == c->theirs) {
			for (size_t i = 0; i < length - end; i++)
				if (tcp[end + i] != (uint8_t)((c->got + i) * 7 + (c->got + i) / 251))
					c->wrong++;
			c->got += length - end;
			c->theirs += (uint32_t)(length - end);
			if (tcp[13] & FIN) {
				c->theirs++;
				c->closed = true;
			}
		}
	}
	return more;
}

/* Connects to `port` of whoever sent the last datagram. */
static bool tcp_open(struct connection *c, struct interface *net, unsigned port, bool v6)
{
	solo5_handle_set_t ready;

	c->net = net;
	c->port = port;
	c->v6 = v6;
	memcpy(c->mac, last_mac, 6);
	if (v6) {
		c->own[0] = c->peer[0] = 0xfd;
		c->own[15] = 2;
		c->peer[15] = 1;
	} else {
		memcpy(c->own, net->address, 4);
		memcpy(c->peer, last_address, 4);
	}
	for (int tries = 0; !c->open; tries++) {
		if (tries == 30)
			return false;
		send_segment(c, SYN, FIRST, 0, 0);
		solo5_yield(solo5_clock_monotonic() + 1000000000, &ready);
		take_segments(c);
	}
	return true;
}

/* Sends `size` bytes. */
static int tcp_send(struct interface *net, unsigned port, size_t size, bool v6)
{
	struct connection c = { .shift = 0 };
	solo5_handle_set_t ready;
	size_t sent = 0;
	unsigned large = 0;

	if (!tcp_open(&c, net, port, v6))
		return 1;
	solo5_time_t progress = solo5_clock_monotonic();
	for (uint32_t before = c.acked; c.acked != FIRST + 1 + (uint32_t)size;) {
		size_t acked = c.acked - FIRST - 1;

		while (sent < size && sent < acked + c.window) {
			size_t now = acked + c.window - sent;

			if (now > SEGMENT)
				now = SEGMENT;
			if (now > size - sent)
				now = size - sent;
			if (send_segment(&c, ACK, FIRST + 1 + (uint32_t)sent, sent, now) != SOLO5_R_OK)
				return 2;
			large += now > net->info.mtu;
			sent += now;
		}
		solo5_yield(solo5_clock_monotonic() + 300000000, &ready);
		take_segments(&c);
		if (c.acked != before) {
			before = c.acked;
			progress = solo5_clock_monotonic();
		} else if (ready == 0) {
			sent = acked;
		}
		if (solo5_clock_monotonic() - progress > 20000000000ull)
			return 3;
	}
	send_segment(&c, FIN | ACK, FIRST + 1 + (uint32_t)size, 0, 0);
	print_number("segments larger than a packet: ", large, "\n");
	return large == 0 || c.wrong != 0;
}

/* Receives until the peer closes; `whole` is for segments as they come. */
static int tcp_receive(struct interface *net, unsigned port, bool whole, bool v6)
{
	struct connection c = { .whole = whole };

	if (!tcp_open(&c, net, port, v6))
		return 1;
	send_segment(&c, ACK, FIRST + 1, 0, 0);
	for (solo5_time_t progress = solo5_clock_monotonic(); !c.closed;) {
		solo5_handle_set_t ready;
		size_t before = c.got;

		solo5_yield(solo5_clock_monotonic() + 300000000, &ready);
		if (take_segments(&c) || ready == 0)
			send_segment(&c, ACK, FIRST + 1, 0, 0);
		if (c.got != before)
			progress = solo5_clock_monotonic();
		if (solo5_clock_monotonic() - progress > 20000000000ull)
			return 3;
	}
	send_segment(&c, FIN | ACK, FIRST + 1, 0, 0);
	print_number("received in order ", c.got, "");
	print_number(" in large packets ", c.large, "");
	print_number(" bad ", c.wrong, "\n");
	return 0;
}

#endif

/* SPDX-License-Identifier: ISC
 * One TCP connection, for sending: segments of up to 60000 bytes, which the backend is to cut (GSO) and whose checksums it is
 * to compute. What is lost is sent again. Byte n of the stream is n * 7 + n / 251.
 */
#ifndef SOLO5_TCP_H
#define SOLO5_TCP_H

#include "solo5_ip.h"

/* src/solo5/devices/net.rs */
struct solo5__xen_net_offload {
	uint8_t blank, v6;
	uint16_t gso_size;
};
solo5_result_t solo5__xen_net_write(solo5_handle_t handle, const uint8_t *buffer, size_t size,
				    const struct solo5__xen_net_offload *offload);

enum { FIN = 1, SYN = 2, ACK = 16, FIRST = 1000, SEGMENT = 60000 };

struct connection {
	struct interface *net;
	uint8_t mac[6], address[4];
	unsigned port, shift;
	uint32_t theirs, acked, window;
	bool open;
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

/* A segment: `size` bytes of the stream from `at` on, with sequence number FIRST + 1 + at. */
static int send_segment(struct connection *c, unsigned flags, uint32_t sequence, size_t at, size_t size)
{
	uint8_t *ip_header = reply + 14, *tcp = reply + 34;
	size_t header = flags & SYN ? 28 : 20, mss = c->net->info.mtu - 40;
	const struct solo5__xen_net_offload offload = { 1, 0, (uint16_t)(size > mss ? mss : 0) };
	uint64_t total;

	memcpy(reply, c->mac, 6);
	memcpy(reply + 6, c->net->info.mac_address, 6);
	put16(reply + 12, 0x0800);
	memset(ip_header, 0, 20);
	ip_header[0] = 0x45;
	put16(ip_header + 2, (unsigned)(20 + header + size));
	ip_header[6] = 0x40;
	ip_header[8] = 64;
	ip_header[9] = 6;
	memcpy(ip_header + 12, c->net->address, 4);
	memcpy(ip_header + 16, c->address, 4);
	put16(ip_header + 10, checksum(sum(ip_header, 20)));
	memset(tcp, 0, header);
	put16(tcp, 4000);
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
	total = sum(c->net->address, 4) + sum(c->address, 4) + 6 + header + size;
	put16(tcp + 16, (uint16_t)~checksum(total));
	return (int)solo5__xen_net_write(c->net->handle, reply, 34 + header + size, &offload);
}

/* Takes in what has come. */
static void take_segments(struct connection *c)
{
	size_t size;

	while (solo5_net_read(c->net->handle, frame, sizeof frame, &size) == SOLO5_R_OK) {
		const uint8_t *tcp = frame + 34;

		if (size >= 14 && get16(frame + 12) == 0x0806)
			arp(c->net, frame, size);
		if (size < 54 || get16(frame + 12) != 0x0800 || frame[14] != 0x45 || frame[23] != 6 || get16(tcp + 2) != 4000)
			continue;
		if ((tcp[13] & (SYN | ACK)) == (SYN | ACK)) {
			size_t end = (tcp[12] >> 4) * 4u;

			for (size_t i = 20; i + 2 < end && tcp[i] != 0; i += tcp[i] == 1 ? 1 : tcp[i + 1])
				if (tcp[i] == 3)
					c->shift = tcp[i + 2];
			c->theirs = get32(tcp + 4) + 1;
			c->acked = get32(tcp + 8);
			c->window = get16(tcp + 14);
			c->open = true;
		} else if (tcp[13] & ACK) {
			if ((int32_t)(get32(tcp + 8) - c->acked) >= 0)
				c->acked = get32(tcp + 8);
			c->window = (uint32_t)get16(tcp + 14) << c->shift;
		}
	}
}

/* Sends `size` bytes to `port` of whoever sent the last datagram. */
static int tcp_send(struct interface *net, unsigned port, size_t size)
{
	struct connection c = { .net = net, .port = port };
	solo5_handle_set_t ready;
	size_t sent = 0;
	unsigned large = 0;

	memcpy(c.mac, last_mac, 6);
	memcpy(c.address, last_address, 4);
	for (int tries = 0; !c.open; tries++) {
		if (tries == 30)
			return 1;
		send_segment(&c, SYN, FIRST, 0, 0);
		solo5_yield(solo5_clock_monotonic() + 1000000000, &ready);
		take_segments(&c);
	}
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
	return large == 0;
}

#endif

/* SPDX-License-Identifier: ISC
 * A host small enough for a test: ARP, IPv4 with fragments, ICMP echo, UDP echo. Each interface NUMBER has the address
 * 10.0.NUMBER.2, and over IPv6, where it echoes, too, but looks for nobody, fd00::2.
 *
 * UDP port 7 echoes; port 9 takes orders: "stop" ends the program, "send COUNT SIZE" sends so many datagrams of so many
 * bytes of payload back, the n-th filled with the numbers n, n + 1, … in 32 bits. "more COUNT SIZE" does so, too, but one by one between the
 * frames that come, and goes on counting where the last such order ended. The file is as long as its list of protocols.
 */
#ifndef SOLO5_IP_H
#define SOLO5_IP_H

#include "solo5_test.h"

/* The compiler calls these by itself. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

__attribute__((weak)) void *memcpy(void *to, const void *from, size_t size)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return start;
}

__attribute__((weak)) void *memset(void *to, int byte, size_t size)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return start;
}

/* What the core knows of an interface: src/solo5/devices/net/api.rs. */
struct solo5__xen_net_statistics {
	uint64_t received, received_bytes, received_dropped, sent, sent_bytes, sent_dropped, connections;
};
solo5_result_t solo5__xen_net_statistics(solo5_handle_t handle, struct solo5__xen_net_statistics *statistics);

/* What a packet leaves to whoever puts it on a wire, and packets with that. */
struct solo5__xen_net_offload {
	uint8_t blank, v6;
	uint16_t gso_size;
};
solo5_result_t solo5__xen_net_write(solo5_handle_t handle, const uint8_t *buffer, size_t size,
				    const struct solo5__xen_net_offload *offload);
solo5_result_t solo5__xen_net_read(solo5_handle_t handle, uint8_t *buffer, size_t size, size_t *read_size,
				   struct solo5__xen_net_offload *offload);
int solo5__xen_net_carrier(solo5_handle_t handle);

#define FRAME_MAX 65549
#define DATAGRAM_MAX 65535

struct interface {
	solo5_handle_t handle;
	struct solo5_net_info info;
	uint8_t address[4];
	/* A datagram in pieces: who sends it, its number, bytes so far, bytes in all. */
	uint8_t from[4];
	uint16_t number;
	size_t have, total;
	uint8_t datagram[DATAGRAM_MAX + 1];
};

static uint8_t frame[FRAME_MAX], reply[FRAME_MAX + 64];
static uint16_t next_number;
/* Whoever sent the last datagram. */
static uint8_t last_mac[6], last_address[4];
static bool stopped;
/* Leaves the checksums of datagrams to the backend. */
static bool blank_udp;

static inline uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void put16(uint8_t *at, unsigned number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

static inline bool equal(const uint8_t *a, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static uint64_t sum(const uint8_t *bytes, size_t size)
{
	uint64_t total = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		total += get16(bytes + i);
	return size % 2 ? total + (unsigned)(bytes[size - 1] << 8) : total;
}

static uint16_t checksum(uint64_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

/* Sends an IPv4 datagram whose payload lies in `reply` from byte 34 on, in fragments where it has to be. */
static void send_ip(struct interface *net, const uint8_t *mac, const uint8_t *to, uint8_t protocol, size_t size)
{
	static uint8_t out[FRAME_MAX];
	size_t most = (net->info.mtu - 20) / 8 * 8;
	uint16_t number = next_number++;
	/* Of a fragment nobody can compute it. */
	bool blank = blank_udp && protocol == 17 && size <= most;

	for (size_t at = 0; at == 0 || at < size;) {
		size_t now = size - at > most ? most : size - at;
		bool more = at + now < size;

		memcpy(out, mac, 6);
		memcpy(out + 6, net->info.mac_address, 6);
		put16(out + 12, 0x0800);
		out[14] = 0x45;
		out[15] = 0;
		put16(out + 16, (unsigned)(20 + now));
		put16(out + 18, number);
		put16(out + 20, (unsigned)(at / 8) | (more ? 0x2000 : 0));
		out[22] = 64;
		out[23] = protocol;
		put16(out + 24, 0);
		memcpy(out + 26, net->address, 4);
		memcpy(out + 30, to, 4);
		put16(out + 24, checksum(sum(out + 14, 20)));
		memcpy(out + 34, reply + 34 + at, now);
		if (blank) {
			const struct solo5__xen_net_offload offload = { 1, 0, 0 };
			uint64_t pseudo_header = sum(net->address, 4) + sum(to, 4) + 17 + size;

			put16(out + 40, (uint16_t)~checksum(pseudo_header));
			solo5__xen_net_write(net->handle, out, 34 + now, &offload);
		} else {
			solo5_net_write(net->handle, out, 34 + now);
		}
		at += now;
		if (now == 0)
			return;
	}
}

static void send_udp(struct interface *net, const uint8_t *mac, const uint8_t *to, unsigned from_port, unsigned to_port, size_t size)
{
	uint8_t *udp = reply + 34;
	uint64_t total;

	put16(udp, from_port);
	put16(udp + 2, to_port);
	put16(udp + 4, (unsigned)(8 + size));
	put16(udp + 6, 0);
	total = sum(net->address, 4) + sum(to, 4) + 17 + (8 + size) + sum(udp, 8 + size);
	put16(udp + 6, checksum(total) == 0 ? 0xffff : checksum(total));
	send_ip(net, mac, to, 17, 8 + size);
}

static uint32_t word(const char **text)
{
	uint32_t number = 0;

	while (**text == ' ')
		(*text)++;
	while (**text >= '0' && **text <= '9')
		number = number * 10 + (uint32_t)(*(*text)++ - '0');
	return number;
}

static void send_numbers(struct interface *net, const uint8_t *mac, const uint8_t *to, unsigned port, uint32_t n, uint32_t size)
{
	for (uint32_t at = 0; at + 4 <= size; at += 4) {
		uint32_t number = n + at / 4;
		memcpy(reply + 42 + at, &number, 4);
	}
	send_udp(net, mac, to, 9, port, size);
}

/* What "more" asked for. */
static struct {
	struct interface *net;
	uint8_t mac[6], to[4];
	unsigned port;
	uint32_t next, left, size;
} stream;

static void send_more(void)
{
	if (stream.left == 0)
		return;
	stream.left--;
	send_numbers(stream.net, stream.mac, stream.to, stream.port, stream.next++, stream.size);
}

static void order(struct interface *net, const uint8_t *mac, const uint8_t *from, unsigned port, const char *text)
{
	if (starts_with(text, "stop")) {
		stopped = true;
	} else if (starts_with(text, "send ")) {
		text += 5;
		uint32_t count = word(&text), size = word(&text);

		for (uint32_t n = 0; n < count; n++)
			send_numbers(net, mac, from, port, n, size);
	} else if (starts_with(text, "more ")) {
		text += 5;
		stream.left += word(&text);
		stream.size = word(&text);
		stream.net = net;
		stream.port = port;
		memcpy(stream.mac, mac, 6);
		memcpy(stream.to, from, 4);
	}
}

static void ip_payload(struct interface *net, const uint8_t *mac, const uint8_t *from, uint8_t protocol, const uint8_t *data, size_t size)
{
	if (protocol == 1 && size >= 8 && data[0] == 8) {
		if (checksum(sum(data, size)) != 0) {
			print("a ping with a wrong checksum\n");
			return;
		}
		memcpy(reply + 34, data, size);
		reply[34] = 0;
		put16(reply + 36, 0);
		put16(reply + 36, checksum(sum(reply + 34, size)));
		send_ip(net, mac, from, 1, size);
	} else if (protocol == 17 && size >= 8 && get16(data + 4) >= 8 && get16(data + 4) <= size) {
		size_t length = get16(data + 4);
		unsigned port = get16(data), own = get16(data + 2);

		if (get16(data + 6) != 0) {
			uint64_t total = sum(net->address, 4) + sum(from, 4) + 17 + length + sum(data, length);
			if (checksum(total) != 0) {
				print("a datagram with a wrong checksum\n");
				return;
			}
		}
		if (own == 7) {
			memcpy(reply + 42, data + 8, length - 8);
			send_udp(net, mac, from, 7, port, length - 8);
		} else if (own == 9 && length < 200) {
			char text[200];

			memcpy(text, data + 8, length - 8);
			text[length - 8] = 0;
			order(net, mac, from, port, text);
		}
	}
}

static void ip(struct interface *net, const uint8_t *frame_in, size_t size)
{
	const uint8_t *header = frame_in + 14;
	size_t length = size >= 34 ? get16(header + 2) : 0, start = (header[0] & 15u) * 4;
	unsigned fragment = get16(header + 6);
	size_t at = (fragment & 0x1fff) * 8;

	if (size < 34 || length > size - 14 || start < 20 || length < start || !equal(header + 16, net->address, 4))
		return;
	if (checksum(sum(header, start)) != 0) {
		print("an IPv4 header with a wrong checksum\n");
		return;
	}
	memcpy(last_mac, frame_in + 6, 6);
	memcpy(last_address, header + 12, 4);
	if ((fragment & 0x3fff) == 0) {
		ip_payload(net, frame_in + 6, header + 12, header[9], header + start, length - start);
		return;
	}
	if (!equal(net->from, header + 12, 4) || net->number != get16(header + 4)) {
		memcpy(net->from, header + 12, 4);
		net->number = get16(header + 4);
		net->have = net->total = 0;
	}
	if (at + (length - start) > DATAGRAM_MAX)
		return;
	memcpy(net->datagram + at, header + start, length - start);
	net->have += length - start;
	if (!(fragment & 0x2000))
		net->total = at + length - start;
	if (net->total != 0 && net->have == net->total) {
		net->have = 0;
		ip_payload(net, frame_in + 6, header + 12, header[9], net->datagram, net->total);
		net->total = 0;
	}
}

/* Sends the datagram over IPv6 in `frame` back. */
static void ip6(struct interface *net, size_t size)
{
	uint8_t *header = frame + 14, *udp = header + 40, other[16];
	size_t length = size >= 62 ? get16(header + 4) : 0;
	static const uint8_t own[16] = { 0xfd, [15] = 2 };

	if (header[6] != 17 || length < 8 || length > size - 54 || !equal(header + 24, own, 16) || get16(udp + 2) != 7)
		return;
	/* Unlike IPv4's, it may not be absent. */
	if (get16(udp + 6) == 0 || checksum(sum(header + 8, 32) + 17 + length + sum(udp, length)) != 0) {
		print("a datagram with a wrong checksum\n");
		return;
	}
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, net->info.mac_address, 6);
	memcpy(other, header + 8, 16);
	memcpy(header + 8, own, 16);
	memcpy(header + 24, other, 16);
	put16(udp + 2, get16(udp));
	put16(udp, 7);
	/* The sum is the same the other way round. */
	if (blank_udp) {
		const struct solo5__xen_net_offload offload = { 1, 1, 0 };

		put16(udp + 6, (uint16_t)~checksum(sum(header + 8, 32) + 17 + length));
		if (solo5__xen_net_write(net->handle, frame, 54 + length, &offload) != SOLO5_R_OK)
			print("the backend takes no checksums: wrong\n");
	} else {
		solo5_net_write(net->handle, frame, 54 + length);
	}
}

static void arp(struct interface *net, const uint8_t *request, size_t size)
{
	uint8_t answer[42];

	if (size < 42 || get16(request + 20) != 1 || !equal(request + 38, net->address, 4))
		return;
	memcpy(answer, request + 6, 6);
	memcpy(answer + 6, net->info.mac_address, 6);
	memcpy(answer + 12, request + 12, 8);
	put16(answer + 20, 2);
	memcpy(answer + 22, net->info.mac_address, 6);
	memcpy(answer + 28, net->address, 4);
	memcpy(answer + 32, request + 22, 10);
	solo5_net_write(net->handle, answer, sizeof answer);
}

/* Frames that were for none of the interfaces here. */
static uint64_t for_others;

/* Answers all that has come; how many frames. */
static unsigned serve(struct interface *net)
{
	unsigned count = 0;
	size_t size;

	while (solo5_net_read(net->handle, frame, sizeof frame, &size) == SOLO5_R_OK) {
		count++;
		send_more();
		if (size < 14)
			continue;
		/* What is for nobody here is no more than counted. */
		if (!(frame[0] & 1) && !equal(frame, net->info.mac_address, 6)) {
			for_others++;
			continue;
		}
		if (get16(frame + 12) == 0x0806)
			arp(net, frame, size);
		else if (get16(frame + 12) == 0x0800)
			ip(net, frame, size);
		else if (get16(frame + 12) == 0x86dd)
			ip6(net, size);
	}
	return count;
}

static int acquire(struct interface *net, const char *name, unsigned number)
{
	solo5_result_t result = solo5_net_acquire(name, &net->handle, &net->info);

	if (result != SOLO5_R_OK) {
		print_number("acquire: ", result, "\n");
		return 1;
	}
	net->address[0] = 10;
	net->address[1] = 0;
	net->address[2] = (uint8_t)number;
	net->address[3] = 2;
	print_number("net ", number, "");
	print_number(" handle ", net->handle, "");
	print_number(" mtu ", net->info.mtu, " mac");
	for (int i = 0; i < 6; i++)
		print_number(i == 0 ? " " : ":", net->info.mac_address[i], "");
	print("\n");
	return 0;
}

static void print_statistics(struct interface *net)
{
	struct solo5__xen_net_statistics s;

	solo5__xen_net_statistics(net->handle, &s);
	print_number("received ", s.received, "");
	print_number(" bytes ", s.received_bytes, "");
	print_number(" dropped ", s.received_dropped, "; sent ");
	print_number("", s.sent, "");
	print_number(" bytes ", s.sent_bytes, "");
	print_number(" dropped ", s.sent_dropped, "; connections ");
	print_number("", s.connections, "; for others ");
	print_number("", for_others, "\n");
}

/* Answers on all interfaces until it is told to stop. */
static inline int serve_all(struct interface *nets, unsigned count)
{
	print("ready\n");
	while (!stopped) {
		solo5_handle_set_t ready;

		solo5_yield(stream.left > 0 ? 0 : UINT64_MAX, &ready);
		send_more();
		for (unsigned i = 0; i < count; i++)
			if (ready & 1ull << nets[i].handle && serve(&nets[i]) == 0)
				print("ready, and nothing to read\n");
	}
	for (unsigned i = 0; i < count; i++)
		print_statistics(&nets[i]);
	return 0;
}

#endif

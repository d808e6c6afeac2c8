/* SPDX-License-Identifier: ISC
 * Answers the datagrams of a backend of ours as their ports say (xen_net_backend/packet.h), by asking the backend for more than it may
 * take: what it does not take is refused, and then asked for less. Between them goes a datagram that nobody has asked for, with its
 * checksum left to the backend, at any moment of a connection.
 */
#define MFT_ENTRIES 2
#include "mft_abi.h"

#include "../solo5_ip.h"

MFT1_NOTE_DECLARE_BEGIN
{
	.version = MFT_VERSION, .entries = 2,
	.e = { { .name = "", .type = MFT_RESERVED_FIRST }, { .name = "service", .type = MFT_DEV_NET_BASIC } },
}
MFT1_NOTE_DECLARE_END

enum { PLAIN = 7, BLANK = 8, SEGMENT = 9, STOP = 10, SHORT = 64, TIMES = 16, MOST_SEGMENT = 60000, SEGMENT_SIZE = 1000 };

static struct interface net;
static uint8_t out[FRAME_MAX];
/* By kind and version of IP: what was sent so, and what was refused; and large frames that were. */
static uint64_t sent[3][2], refused[3][2], refused_large;

/* Writes an answer of that kind to the datagram in `frame`, of `size` bytes of payload; its length. */
static size_t write_answer(unsigned kind, bool v6, size_t size)
{
	size_t header = v6 ? 40 : 20, width = v6 ? 16 : 4, head = kind == SEGMENT ? 20 : 8;
	size_t times = kind != SEGMENT ? 1 : MOST_SEGMENT / size < TIMES ? MOST_SEGMENT / size : TIMES, length = head + size * times;
	const uint8_t *from = frame + 14 + (v6 ? 8 : 12), *question = frame + 14 + header;
	uint8_t *ip_header = out + 14, *addresses = ip_header + (v6 ? 8 : 12), *udp = ip_header + header;

	memcpy(out, frame + 6, 6);
	memcpy(out + 6, net.info.mac_address, 6);
	memcpy(out + 12, frame + 12, 2 + header);
	memcpy(addresses, from + width, width);
	memcpy(addresses + width, from, width);
	put16(ip_header + (v6 ? 4 : 2), (unsigned)(length + (v6 ? 0 : 20)));
	ip_header[v6 ? 6 : 9] = kind == SEGMENT ? 6 : 17;
	if (!v6) {
		put16(ip_header + 10, 0);
		put16(ip_header + 10, checksum(sum(ip_header, 20)));
	}
	memset(udp, 0, 20);
	memcpy(udp, question + 2, 2);
	memcpy(udp + 2, question, 2);
	if (kind == SEGMENT) {
		put16(udp + 12, 0x5010);
		put16(udp + 14, 0xffff);
	} else {
		put16(udp + 4, (unsigned)length);
	}
	for (size_t i = 0; i < times; i++)
		memcpy(udp + head + i * size, question + 8, size);

	uint64_t pseudo = sum(addresses, 2 * width) + length + (kind == SEGMENT ? 6 : 17);
	uint16_t whole = checksum(pseudo + sum(udp, length));
	put16(udp + (kind == SEGMENT ? 16 : 6), kind != PLAIN ? (uint16_t)~checksum(pseudo) : whole == 0 ? 0xffff : whole);
	return 14 + header + length;
}

static solo5_result_t send(unsigned kind, bool v6, size_t size)
{
	/* A segment leaves its checksum, too, without being told to. */
	const struct solo5__xen_net_offload leaves = { kind == BLANK, v6, kind == SEGMENT ? SEGMENT_SIZE : 0 };
	size_t length = write_answer(kind, v6, size);
	solo5_result_t result =
		kind == PLAIN ? solo5_net_write(net.handle, out, length) : solo5__xen_net_write(net.handle, out, length, &leaves);

	if (result == SOLO5_R_OK)
		sent[kind - PLAIN][v6]++;
	else if (result == SOLO5_R_EUNSPEC)
		refused[kind - PLAIN][v6]++;
	else
		print_number("wrong: the result of a packet is ", result, "\n");
	return result;
}

static void answer(size_t size)
{
	bool v6 = get16(frame + 12) == 0x86dd;
	const uint8_t *header = frame + 14, *udp = header + (v6 ? 40 : 20), *addresses = header + (v6 ? 8 : 12);
	unsigned port = get16(udp + 2);
	size_t length = get16(udp + 4), payload = length - 8;

	if (size < 62 || (!v6 && get16(frame + 12) != 0x0800) || length > size - (size_t)(udp - frame) || payload < SHORT)
		return;
	if (!equal(frame, net.info.mac_address, 6))
		print("wrong: a frame for somebody else\n");
	if (checksum(sum(addresses, v6 ? 32 : 8) + 17 + length + sum(udp, length)) != 0)
		print("wrong: a datagram with another checksum\n");
	if (port == STOP)
		stopped = true;
	if (port < PLAIN || port > SEGMENT)
		return;
	for (unsigned kind = port; kind >= PLAIN; kind--)
		if (send(kind, v6, payload) == SOLO5_R_OK)
			return;
	/* Too long for one page. */
	refused_large++;
	for (unsigned kind = port > BLANK ? BLANK : port; kind >= PLAIN; kind--)
		if (send(kind, v6, SHORT) == SOLO5_R_OK)
			return;
	print("wrong: a short datagram is not taken\n");
}

/* To nobody's port, over IPv4. */
static void send_unasked(void)
{
	static const struct solo5__xen_net_offload leaves = { 1, 0, 0 };
	static uint8_t unasked[60] = { 2, 0, 0, 0, 0, 1, [12] = 8, 0, 0x45, [17] = 46, [22] = 64, 17, [26] = 10, 0, 0, 2, 10, 0, 0, 1, [39] = 26 };

	memcpy(unasked + 6, net.info.mac_address, 6);
	solo5__xen_net_write(net.handle, unasked, sizeof unasked, &leaves);
}

int solo5_app_main(const struct solo5_start_info *info)
{
	(void)info;
	if (acquire(&net, "service", 0))
		return 1;
	print("ready\n");
	while (!stopped) {
		solo5_handle_set_t ready;
		size_t size;

		send_unasked();
		while (solo5_net_read(net.handle, frame, sizeof frame, &size) == SOLO5_R_OK) {
			answer(size);
			send_unasked();
		}
		solo5_yield(solo5_clock_monotonic() + 1000000, &ready);
	}
	for (unsigned v6 = 0; v6 < 2; v6++) {
		print_number("kinds over IP ", v6 ? 6 : 4, ": sent");
		for (unsigned kind = 0; kind < 3; kind++)
			print_number(" ", sent[kind][v6], "");
		print(" refused");
		for (unsigned kind = 0; kind < 3; kind++)
			print_number(" ", refused[kind][v6], "");
		print("\n");
	}
	print_number("large ", refused_large, " refused\n");
	print_statistics(&net);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * Large segments of TCP as raw frames, for tools/bench_devices: no stack of either side has a part in them, so what they cost is the
 * devices' work. In dom0 (bench.c) and in the Linux peer (tests/peer/init.c).
 */
#ifndef RAW_H
#define RAW_H

#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { RAW_IPV4 = 0x0800, RAW_ANSWER = 0x88b5, RAW_HEADERS = 54, RAW_PORT = 79, RAW_SEGMENT = 1448, RAW_MOST = 65536 + 64 };

/* To an address that nobody has, a bridge sends to all, and a stack looks no further. */
static const uint8_t nobody[6] = { 2, 0, 0, 0, 0, 0x99 };

static inline void raw_put16(uint8_t *at, unsigned number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

/* The frame of a segment of `size` bytes, whose first is `mark`; its length. What follows is whatever was there. */
static inline size_t raw_segment(uint8_t *frame, const uint8_t *to, const uint8_t *from, size_t size, int mark)
{
	static const uint8_t addresses[8] = { 10, 0, 0, 200, 10, 0, 0, 201 };
	uint32_t sum = 6 + 20 + (uint32_t)size, header = 0;

	memset(frame, 0, RAW_HEADERS);
	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	raw_put16(frame + 12, RAW_IPV4);
	frame[14] = 0x45;
	raw_put16(frame + 16, (unsigned)(40 + size));
	frame[20] = 0x40;
	frame[22] = 64;
	frame[23] = 6;
	memcpy(frame + 26, addresses, 8);
	for (size_t i = 14; i < 34; i += 2)
		header += (uint32_t)frame[i] << 8 | frame[i + 1];
	header = (header & 0xffff) + (header >> 16);
	raw_put16(frame + 24, ~(header + (header >> 16)) & 0xffff);
	raw_put16(frame + 34, RAW_PORT);
	raw_put16(frame + 36, RAW_PORT);
	frame[46] = 0x50;
	frame[47] = 0x10;
	for (size_t i = 0; i < 8; i += 2)
		sum += (uint32_t)addresses[i] << 8 | addresses[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	raw_put16(frame + 50, sum + (sum >> 16));
	frame[54] = (uint8_t)mark;
	return RAW_HEADERS + size;
}

static inline bool raw_is_segment(const uint8_t *frame, size_t length, size_t size)
{
	return length == RAW_HEADERS + size && frame[23] == 6 && frame[36] == 0 && frame[37] == RAW_PORT;
}

/* A socket that receives frames of that type; one of type 0 receives none and sends: Linux takes what another sends for that type. */
static inline int raw_socket(const char *interface, unsigned type)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = (uint16_t)(type >> 8 | type << 8) };

	to.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof to) < 0)
		return -1;
	/* What is sent says how it is to be cut; what is received is taken as it comes, with the same header where it is asked for. */
	if (type != RAW_IPV4 && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) < 0)
		return -1;
	return fd;
}

/* Sends a frame: with `large`, one that is to be cut and has no checksum. */
static inline ssize_t raw_send(int fd, uint8_t *frame, size_t length, bool large)
{
	struct virtio_net_hdr header = { 0 };
	struct iovec parts[2] = { { &header, sizeof header }, { frame, length } };

	if (large) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		header.hdr_len = RAW_HEADERS;
		header.gso_size = RAW_SEGMENT;
		header.csum_start = 34;
		header.csum_offset = 16;
	}
	return writev(fd, parts, 2);
}

#endif

/* SPDX-License-Identifier: ISC
 * Two network interfaces that answer, each by its own address; a device is ready when it is, not when the other one is. After
 * "hostile" on the command line nothing is expected of the second one's backend. After "checksums COUNT" it goes on, once it is told to
 * stop, with so many datagrams out on the first one and in on the second.
 */
#define MFT_ENTRIES 3
#include "mft_abi.h"

#include "../solo5_ip.h"

MFT1_NOTE_DECLARE_BEGIN
{
	.version = MFT_VERSION, .entries = 3,
	.e = {
		{ .name = "", .type = MFT_RESERVED_FIRST },
		{ .name = "service0", .type = MFT_DEV_NET_BASIC },
		{ .name = "service1", .type = MFT_DEV_NET_BASIC },
	},
}
MFT1_NOTE_DECLARE_END

static struct interface nets[2];

/* Memory that nobody writes to. */
static uint64_t witness[1 << 17];

/* Takes what comes into a buffer of just the size that Solo5 asks for, between two witnesses, and answers ARP. False when it was
 * written out of bounds, or in more bytes than it has.
 */
static bool take_any(struct interface *net)
{
	static uint8_t buffer[64 + FRAME_MAX + 64];
	const size_t most = net->info.mtu + 14;
	size_t size = 0;

	memset(buffer, 0xa5, 64);
	memset(buffer + 64 + most, 0xa5, 64);
	while (solo5_net_read(net->handle, buffer + 64, most, &size) == SOLO5_R_OK) {
		for (unsigned i = 0; i < 64; i++)
			if (buffer[i] != 0xa5 || buffer[64 + most + i] != 0xa5)
				return false;
		if (size == 0 || size > most)
			return false;
		if (size >= 14 && get16(buffer + 64 + 12) == 0x0806)
			arp(net, buffer + 64, size);
	}
	return true;
}

static int beside_a_hostile_one(void)
{
	print("ready\n");
	for (size_t i = 0; i < sizeof witness / 8; i++)
		witness[i] = i * 0x9e3779b97f4a7c15ull;
	while (!stopped) {
		solo5_handle_set_t ready;

		solo5_yield(UINT64_MAX, &ready);
		if (ready & 1ull << nets[0].handle)
			serve(&nets[0]);
		if (ready & 1ull << nets[1].handle && !take_any(&nets[1])) {
			print("wrong: more was written than there is room\n");
			return 3;
		}
	}
	for (size_t i = 0; i < sizeof witness / 8; i++)
		if (witness[i] != i * 0x9e3779b97f4a7c15ull) {
			print("wrong: memory has changed\n");
			return 4;
		}
	print_statistics(&nets[0]);
	print_statistics(&nets[1]);
	return 0;
}

/* A datagram of `size` bytes of payload from the first interface to the second, whose checksum is not there yet; its length. */
static size_t write_datagram(bool v6, size_t size, uint32_t number)
{
	uint8_t *header = frame + 14, *udp = header + (v6 ? 40 : 20), *addresses = header + (v6 ? 8 : 12);
	size_t length = 8 + size, width = v6 ? 32 : 8;

	memcpy(frame, nets[1].info.mac_address, 6);
	memcpy(frame + 6, nets[0].info.mac_address, 6);
	put16(frame + 12, v6 ? 0x86dd : 0x0800);
	memset(header, 0, 40);
	if (v6) {
		header[0] = 0x60;
		put16(header + 4, (unsigned)length);
		header[6] = 17;
		header[7] = 64;
		header[8] = header[24] = 0xfd;
		header[23] = 3;
		header[39] = 4;
	} else {
		header[0] = 0x45;
		put16(header + 2, (unsigned)(20 + length));
		header[8] = 64;
		header[9] = 17;
		memcpy(header + 12, nets[0].address, 4);
		memcpy(header + 16, nets[1].address, 4);
		put16(header + 10, checksum(sum(header, 20)));
	}
	put16(udp, 77);
	put16(udp + 2, 78);
	put16(udp + 4, (unsigned)length);
	/* Any bytes, and many sums, those at the edges among them. */
	for (size_t i = 0; i < size; i++)
		udp[8 + i] = number % 5 == 0 ? 0xff : (uint8_t)(number * 31 + i * i);
	put16(udp + 6, (uint16_t)~checksum(sum(addresses, width) + 17 + length));
	return (size_t)(udp - frame) + length;
}

/* Whether a datagram that came in on the second interface has the checksum that it should have; 2 if it is another packet. */
static int look_at(bool v6, size_t size)
{
	const uint8_t *header = frame + 14, *udp = header + (v6 ? 40 : 20), *addresses = header + (v6 ? 8 : 12);
	size_t length = size >= (v6 ? 62u : 42u) ? get16(udp + 4) : 0;

	if (get16(frame + 12) != (v6 ? 0x86dd : 0x0800) || length < 8 || length > size - (size_t)(udp - frame) || get16(udp + 2) != 78)
		return 2;
	return get16(udp + 6) != 0 && checksum(sum(addresses, v6 ? 32 : 8) + 17 + length + sum(udp, length)) == 0;
}

static int checksums(const struct solo5_start_info *info)
{
	const struct solo5__xen_net_offload leaves[2] = { { 1, 0, 0 }, { 1, 1, 0 } };
	const char *text = info->cmdline + 9;
	uint32_t count = word(&text), right[2] = { 0, 0 }, blank = 0;

	if (serve_all(nets, 2))
		return 1;
	for (uint32_t n = 0; n < 2 * count; n++) {
		bool v6 = n % 2;
		size_t length = write_datagram(v6, n * 7919 % 1453, n), size;
		solo5_time_t deadline = solo5_clock_monotonic() + 5000000000;
		int is = 2;

		if (solo5__xen_net_write(nets[0].handle, frame, length, &leaves[v6]) != SOLO5_R_OK)
			return 2;
		while (is == 2 && solo5_clock_monotonic() < deadline) {
			struct solo5__xen_net_offload offload;
			solo5_handle_set_t ready;

			if (solo5__xen_net_read(nets[1].handle, frame, sizeof frame, &size, &offload) != SOLO5_R_OK) {
				while (solo5_net_read(nets[0].handle, frame, sizeof frame, &size) == SOLO5_R_OK)
					;
				solo5_yield(deadline, &ready);
				continue;
			}
			is = look_at(v6, size);
			if (is != 2)
				blank += offload.blank;
		}
		if (is != 1) {
			print_number("wrong: datagram ", n, is == 0 ? " has another checksum\n" : " did not come\n");
			return 3;
		}
		right[v6]++;
	}
	print_number("checksums ", right[0], "");
	print_number(" over IP, ", right[1], " over the next IP, ");
	print_number("", blank, " blank\n");
	return 0;
}

int solo5_app_main(const struct solo5_start_info *info)
{
	if (acquire(&nets[0], "service0", 0) || acquire(&nets[1], "service1", 1))
		return 1;
	if (starts_with(info->cmdline, "checksums"))
		return checksums(info);
	return starts_with(info->cmdline, "hostile") ? beside_a_hostile_one() : serve_all(nets, 2);
}

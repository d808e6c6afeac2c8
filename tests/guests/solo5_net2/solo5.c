/* SPDX-License-Identifier: ISC
 * Two network interfaces that answer, each by its own address; a device is ready when it is, not when the other one is. After
 * "hostile" on the command line nothing is expected of the second one's backend.
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

int solo5_app_main(const struct solo5_start_info *info)
{
	if (acquire(&nets[0], "service0", 0) || acquire(&nets[1], "service1", 1))
		return 1;
	return starts_with(info->cmdline, "hostile") ? beside_a_hostile_one() : serve_all(nets, 2);
}

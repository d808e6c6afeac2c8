/* SPDX-License-Identifier: ISC
 * A manifest of 63 devices, the most there can be: 32 network interfaces and 31 disks. Each interface asks who has its host's address,
 * and gets the answer; each disk gets bytes of its own, and has them.
 */
#define MFT_ENTRIES 64
#include "mft_abi.h"

#include "../solo5_disk.h"

#define NET(n) { .name = "n" #n, .type = MFT_DEV_NET_BASIC }
#define DISK(n) { .name = "d" #n, .type = MFT_DEV_BLOCK_BASIC }
#define BOTH(n) NET(n), DISK(n)

MFT1_NOTE_DECLARE_BEGIN
{
	.version = MFT_VERSION, .entries = 64,
	.e = {
		{ .name = "", .type = MFT_RESERVED_FIRST },
		BOTH(0), BOTH(1), BOTH(2), BOTH(3), BOTH(4), BOTH(5), BOTH(6), BOTH(7), BOTH(8), BOTH(9), BOTH(10), BOTH(11),
		BOTH(12), BOTH(13), BOTH(14), BOTH(15), BOTH(16), BOTH(17), BOTH(18), BOTH(19), BOTH(20), BOTH(21), BOTH(22),
		BOTH(23), BOTH(24), BOTH(25), BOTH(26), BOTH(27), BOTH(28), BOTH(29), BOTH(30), NET(31),
	},
}
MFT1_NOTE_DECLARE_END

enum { NETS = 32, DISKS = 31 };

static solo5_handle_t nets[NETS], disks[DISKS];
static struct solo5_net_info net_info[NETS];
static struct solo5_block_info disk_info[DISKS];
static uint64_t sector[64], wanted[64];
static uint8_t frame[2048];

static const char *name(char kind, unsigned number)
{
	static char text[4];

	text[0] = kind;
	text[1] = number < 10 ? (char)('0' + number) : (char)('0' + number / 10);
	text[2] = number < 10 ? 0 : (char)('0' + number % 10);
	return text;
}

static int acquire(unsigned nets_there, unsigned disks_there)
{
	for (unsigned i = 0; i < nets_there; i++)
		if (solo5_net_acquire(name('n', i), &nets[i], &net_info[i]) != SOLO5_R_OK || nets[i] != 1 + 2 * i) {
			print_number("no interface ", i, "\n");
			return 1;
		}
	for (unsigned i = 0; i < disks_there; i++)
		if (solo5_block_acquire(name('d', i), &disks[i], &disk_info[i]) != SOLO5_R_OK || disks[i] != 2 + 2 * i) {
			print_number("no disk ", i, "\n");
			return 2;
		}
	return 0;
}

/* Who has 10.0.NUMBER.1? */
static void ask(unsigned number)
{
	uint8_t arp[42] = { 255, 255, 255, 255, 255, 255, [12] = 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, [28] = 10, 0, (uint8_t)number, 2,
			    [38] = 10, 0, (uint8_t)number, 1 };

	for (unsigned i = 0; i < 6; i++)
		arp[6 + i] = arp[22 + i] = net_info[number].mac_address[i];
	solo5_net_write(nets[number], arp, sizeof arp);
}

/* Whether an interface has got its answer. */
static bool answered(unsigned number)
{
	size_t size;

	while (solo5_net_read(nets[number], frame, sizeof frame, &size) == SOLO5_R_OK)
		if (size >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2 && frame[28] == 10 && frame[30] == number &&
		    frame[31] == 1)
			return true;
	return false;
}

/* "NETS DISKS": how many of them the domain has. */
int solo5_app_main(const struct solo5_start_info *start)
{
	const char *text = start->cmdline;
	unsigned nets_there = (unsigned)number(&text), disks_there = (unsigned)number(&text);
	int failed = acquire(nets_there, disks_there);

	if (failed != 0)
		return failed;
	print("all are there\n");
	for (unsigned i = 0; i < disks_there; i++) {
		fill(sector, i, 1);
		if (solo5_block_write(disks[i], 512 * i, (uint8_t *)sector, 512) != SOLO5_R_OK)
			return 3;
	}
	for (unsigned i = 0; i < disks_there; i++) {
		fill(wanted, i, 1);
		if (solo5_block_read(disks[i], 512 * i, (uint8_t *)sector, 512) != SOLO5_R_OK || !equal(sector, wanted, 512))
			return 4;
	}
	uint32_t left = nets_there == 32 ? 0xffffffff : (1u << nets_there) - 1;
	uint64_t end = solo5_clock_monotonic() + 120000000000, asked = 0;

	while (left != 0 && solo5_clock_monotonic() < end) {
		solo5_handle_set_t ready;

		if (solo5_clock_monotonic() - asked > 1000000000) {
			for (unsigned i = 0; i < nets_there; i++)
				if (left >> i & 1)
					ask(i);
			asked = solo5_clock_monotonic();
		}
		solo5_yield(solo5_clock_monotonic() + 100000000, &ready);
		for (unsigned i = 0; i < nets_there; i++)
			if (ready >> nets[i] & 1 && answered(i))
				left &= ~(1u << i);
	}
	print_number("without an answer: ", left, "\n");
	return left == 0 ? 0 : 5;
}

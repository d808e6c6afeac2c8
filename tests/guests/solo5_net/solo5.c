/* SPDX-License-Identifier: ISC
 * One network interface. The command line's first word says what to do with it.
 */
#define MFT_ENTRIES 2
#include "mft_abi.h"

#include "../solo5_tcp.h"

MFT1_NOTE_DECLARE_BEGIN
{
	.version = MFT_VERSION, .entries = 2,
	.e = { { .name = "", .type = MFT_RESERVED_FIRST }, { .name = "service", .type = MFT_DEV_NET_BASIC } },
}
MFT1_NOTE_DECLARE_END

static struct interface net;

/* A host that answers. */
static int echo(const struct solo5_start_info *info)
{
	(void)info;
	return acquire(&net, "service", 0) || serve_all(&net, 1);
}

/* The codes of what cannot be: wrong names and handles, acquiring twice, wrong sizes, nothing to read. */
static int codes(const struct solo5_start_info *info)
{
	solo5_handle_t handle = 77;
	struct solo5_net_info other;
	solo5_time_t before, after;
	solo5_handle_set_t ready = 99;
	size_t size = 55;

	(void)info;
	if (solo5_net_write(1, frame, 60) != SOLO5_R_EINVAL || solo5_net_read(1, frame, sizeof frame, &size) != SOLO5_R_EINVAL)
		return 1;
	if (solo5_net_acquire("nobody", &handle, &other) != SOLO5_R_EINVAL || solo5_net_acquire("", &handle, &other) != SOLO5_R_EINVAL)
		return 2;
	if (handle != 77)
		return 3;
	if (acquire(&net, "service", 0) != 0 || net.handle != 1)
		return 4;
	if (solo5_net_acquire("service", &handle, &other) != SOLO5_R_EINVAL)
		return 5;
	if (solo5_net_write(0, frame, 60) != SOLO5_R_EINVAL || solo5_net_write(63, frame, 60) != SOLO5_R_EINVAL ||
	    solo5_net_write(64, frame, 60) != SOLO5_R_EINVAL || solo5_net_write(~0ull, frame, 60) != SOLO5_R_EINVAL)
		return 6;
	if (solo5_net_write(1, frame, 13) != SOLO5_R_EINVAL || solo5_net_write(1, frame, net.info.mtu + 15) != SOLO5_R_EINVAL)
		return 7;
	if (solo5_net_read(1, frame, net.info.mtu + 13, &size) != SOLO5_R_EINVAL)
		return 8;
	/* The bridge may have said something already. */
	while (solo5_net_read(1, frame, sizeof frame, &size) == SOLO5_R_OK)
		;
	size = 55;
	if (solo5_net_read(1, frame, net.info.mtu + 14, &size) == SOLO5_R_AGAIN && size != 55)
		return 9;
	/* A deadline that is past returns at once, one that is not is kept to. */
	solo5_yield(0, &ready);
	if (ready & ~2ull)
		return 10;
	before = solo5_clock_monotonic();
	do {
		while (solo5_net_read(1, frame, sizeof frame, &size) == SOLO5_R_OK)
			;
		solo5_yield(before + 300000000, &ready);
	} while (ready != 0);
	after = solo5_clock_monotonic();
	if (after - before < 300000000)
		return 11;
	print("SUCCESS\n");
	return 0;
}

/* A host that answers, and leaves the checksums of datagrams to the backend. */
static int blank(const struct solo5_start_info *info)
{
	blank_udp = true;
	return echo(info);
}

static bool has(const char *text, const char *word_wanted)
{
	for (; *text != 0; text++)
		if (starts_with(text, word_wanted))
			return true;
	return false;
}

/* A host that answers until it is told to stop, and then sends some bytes to port 5001 of who said so. */
static int tcp(const struct solo5_start_info *info)
{
	const char *text = info->cmdline + 3;

	return echo(info) || tcp_send(&net, 5001, word(&text), has(info->cmdline, "v6"));
}

/* The same, and then receives from there, segments cut or whole. */
static int pour(const struct solo5_start_info *info)
{
	return echo(info) || tcp_receive(&net, 5001, has(info->cmdline, "whole"), has(info->cmdline, "v6"));
}

/* Says each time the carrier comes or goes, until it is told to stop. */
static int carrier(const struct solo5_start_info *info)
{
	int before = -1;

	(void)info;
	if (acquire(&net, "service", 0))
		return 1;
	print("ready\n");
	while (!stopped) {
		solo5_handle_set_t ready;
		int now = solo5__xen_net_carrier(net.handle);

		if (now != before)
			print_number("carrier ", (uint64_t)now, "\n");
		before = now;
		solo5_yield(solo5_clock_monotonic() + 20000000, &ready);
		serve(&net);
	}
	return 0;
}

/* A device that is not there yet is refused, and acquired once it is. Then a host that answers. */
static int later(const struct solo5_start_info *info)
{
	solo5_handle_t handle;
	solo5_handle_set_t ready;
	struct solo5_net_info other;
	unsigned refused = 0;
	solo5_result_t result;

	(void)info;
	while ((result = solo5_net_acquire("service", &handle, &other)) == SOLO5_R_EUNSPEC) {
		if (refused++ == 0)
			print("not there yet\n");
		solo5_yield(solo5_clock_monotonic() + 200000000, &ready);
	}
	if (result != SOLO5_R_OK)
		return 1;
	net = (struct interface) { .handle = handle, .info = other, .address = { 10, 0, 0, 2 } };
	return refused == 0 || serve_all(&net, 1);
}

static const struct test tests[] = { { "later", later }, { "echo", echo },	 { "codes", codes }, { "tcp", tcp },
				     { "blank", blank }, { "pour", pour },   { "carrier", carrier } };

int solo5_app_main(const struct solo5_start_info *info)
{
	return RUN_TEST(tests, info);
}

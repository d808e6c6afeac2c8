/* SPDX-License-Identifier: ISC
 * Two network interfaces that answer, each by its own address; a device is ready when it is, not when the other one is.
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

int solo5_app_main(const struct solo5_start_info *info)
{
	(void)info;
	if (acquire(&nets[0], "service0", 0) || acquire(&nets[1], "service1", 1))
		return 1;
	return serve_all(nets, 2);
}

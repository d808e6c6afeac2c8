/* SPDX-License-Identifier: ISC
 * Eight network interfaces that answer.
 */
#define MFT_ENTRIES 9
#include "mft_abi.h"

#include "../solo5_ip.h"

#define NET(n) { .name = n, .type = MFT_DEV_NET_BASIC }

MFT1_NOTE_DECLARE_BEGIN
{
	.version = MFT_VERSION, .entries = 9,
	.e = { { .name = "", .type = MFT_RESERVED_FIRST }, NET("a"), NET("b"), NET("c"), NET("d"), NET("e"), NET("f"), NET("g"), NET("h") },
}
MFT1_NOTE_DECLARE_END

static struct interface nets[8];

int solo5_app_main(const struct solo5_start_info *info)
{
	(void)info;
	for (unsigned i = 0; i < 8; i++) {
		char name[2] = { (char)('a' + i), 0 };

		if (acquire(&nets[i], name, i))
			return 1;
	}
	return serve_all(nets, 8);
}

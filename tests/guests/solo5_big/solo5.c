/* SPDX-License-Identifier: ISC
 * An image that fills 2 MB but for a few pages: with that little memory it cannot start.
 */
#include "../solo5_test.h"

static volatile char big[0xd3000];

int solo5_app_main(const struct solo5_start_info *info)
{
	big[0] = 1;
	print_number("heap ", info->heap_size, "\n");
	return big[sizeof big - 1];
}

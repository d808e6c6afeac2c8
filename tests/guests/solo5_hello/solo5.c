/* SPDX-License-Identifier: ISC
 * The smallest program there is, for what a boot costs.
 */
#include "../solo5_test.h"

int solo5_app_main(const struct solo5_start_info *info)
{
	(void)info;
	print("Hello\n");
	return 0;
}

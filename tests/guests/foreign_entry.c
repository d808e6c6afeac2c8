/* SPDX-License-Identifier: ISC */
/* What lies between a Solo5 part and a program where the part leaves the FS base at 0, as upstream's does: whoever reads a
   canary or thread-local data before libc has made a block for them faults. */
#include "solo5.h"

int foreign_app_main(const struct solo5_start_info *info);

int foreign_app_main(const struct solo5_start_info *info)
{
	solo5_set_tls_base(0);
	return solo5_app_main(info);
}

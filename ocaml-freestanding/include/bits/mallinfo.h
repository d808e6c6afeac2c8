/* SPDX-License-Identifier: ISC */
/* What mallinfo() answers. MirageOS's libc has it in stdlib.h, glibc in malloc.h. */
#ifndef _BITS_MALLINFO_H
#define _BITS_MALLINFO_H

#include <features.h>

struct mallinfo {
	int arena;
	int ordblks;
	int smblks;
	int hblks;
	int hblkhd;
	int usmblks;
	int fsmblks;
	int uordblks;
	int fordblks;
	int keepcost;
};

__BEGIN_DECLS
struct mallinfo mallinfo(void) __NOTHROW;
__END_DECLS

#endif

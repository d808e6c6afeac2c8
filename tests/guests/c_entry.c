/* SPDX-License-Identifier: ISC */
/* Runs a C test program's main in a domain: the status it returns is the domain's. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct solo5_start_info {
	const char *cmdline;
	uintptr_t heap_start;
	size_t heap_size;
};

extern void _nolibc_init(uintptr_t heap_start, size_t heap_size);
extern int main(void);

int solo5_app_main(const struct solo5_start_info *info)
{
	_nolibc_init(info->heap_start, info->heap_size);
	exit(main());
}

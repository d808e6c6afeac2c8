/* SPDX-License-Identifier: ISC
 * Boots as on a Xen that passes version 0 of start_info, which has no memory map: `start_version0` takes the place of
 * the core's entry (tests/core.rs writes it into the ELF note), makes the structure look so, and goes on to the core.
 */
#include "../solo5_test.h"

__asm__(".section .text.boot, \"ax\"\n"
	".code32\n"
	".globl start_version0\n"
	"start_version0:\n"
	"	movl $0, 4(%ebx)\n" /* version */
	"	movl $-1, 40(%ebx)\n" /* where version 1 has the map's address and its length */
	"	movl $-1, 44(%ebx)\n"
	"	movl $-1, 48(%ebx)\n"
	"	jmp _start\n"
	".code64\n"
	".text\n");

int solo5_app_main(const struct solo5_start_info *info)
{
	volatile char *heap = (volatile char *)info->heap_start;

	heap[0] = 1;
	heap[info->heap_size - 1] = 2;
	print_number("heap ", info->heap_size, "\n");
	return heap[0] + heap[info->heap_size - 1] - 3;
}

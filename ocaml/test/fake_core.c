/* SPDX-License-Identifier: ISC */
/* What the bindings' Rust stands on, for tests in a Linux process: hypercalls through a page of code of our own, which end in
 * the fake Xen's tables, and the few functions of a Solo5 without private symbols. Only xenstore's part of it is called. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_xen.h"

/* Xen's page has a stub for each hypercall, 32 bytes apart. These pass the number on as the fourth argument. */
__asm__(".pushsection .text.hypercalls, \"ax\", @progbits\n"
	".balign 4096\n"
	".globl solo5__xen_HYPERCALL_PAGE\n"
	"solo5__xen_HYPERCALL_PAGE:\n"
	".set number, 0\n"
	".rept 128\n"
	".balign 32\n"
	"movl $number, %ecx\n"
	"jmp fake_hypercall\n"
	".set number, number + 1\n"
	".endr\n"
	".popsection\n");

_Alignas(4096) uint8_t solo5__xen_HYPERVISOR_SHARED_INFO[4096];

/* Numbers of xen.h, event_channel.h, hvm/hvm_op.h and hvm/params.h. */
enum { EVENT_CHANNEL_OP = 32, SEND = 4, HVM_OP = 34, GET_PARAM = 1, STORE_PFN = 1, STORE_EVTCHN = 2 };

struct param {
	uint16_t domid;
	uint32_t index;
	uint64_t value;
};

/* The stubs keep vector registers, as Xen does. */
__attribute__((used, target("general-regs-only"))) int64_t fake_hypercall(int64_t operation, void *argument, int64_t unused,
    int64_t number)
{
	struct param *param = argument;

	(void)unused;
	if (number == EVENT_CHANNEL_OP && operation == SEND) {
		fake_notify(*(int32_t *)argument);
		return 0;
	}
	if (number == HVM_OP && operation == GET_PARAM && param->index == STORE_PFN) {
		param->value = (uintptr_t)fake_store_page() / 4096;
		return 0;
	}
	if (number == HVM_OP && operation == GET_PARAM && param->index == STORE_EVTCHN) {
		param->value = FAKE_STORE_PORT;
		return 0;
	}
	return -38; /* ENOSYS */
}

void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size)
{
	*address = *size = 0;
}

uint64_t solo5_clock_monotonic(void)
{
	return 0;
}

void solo5_console_write(const char *text, size_t size)
{
	fwrite(text, 1, size, stderr);
}

void solo5_abort(void)
{
	abort();
}

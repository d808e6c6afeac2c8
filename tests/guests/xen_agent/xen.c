/* SPDX-License-Identifier: ISC */
/* A guest that does what it is told over its console, one command a line, so that a test drives several domains and
 * sees each answer: "= NUMBER..." or "! WHY". Bulk work is a command of its own, done here. */
#include "channels.h"
#include "exchange.h"
#include "pages.h"

static void run(const struct order *order)
{
	const char *name = order->name;
	const int64_t *a = order->a;

	if (channel_order(name, a) || page_order(name, a, order->count) || exchange_order(name, a))
		;
	else if (IS("yield")) { solo5_yield(solo5_clock_monotonic() + (uint64_t)a[0] * MILLISECOND, NULL); answer(0); }
	else if (IS("console")) {
		/* lines: more output than the ring holds, so that the core waits for the daemon */
		for (int64_t i = 0; i < a[0]; i++)
			printf("line %lld ........................................................\n", (long long)i);
		answer(a[0]);
	}
	else if (IS("owned_share")) answer(mxen_owned_share(a[0]));
	else if (IS("owned_drop")) answer(mxen_owned_drop());
	else if (IS("owned_peek")) answer(mxen_owned_peek(a[0], a[1]));
	else if (IS("owned_channels")) answer(mxen_owned_channels(a[0]));
	else if (IS("bare")) {
		/* What a hypercall that does nothing costs, in ns: XENVER_version. */
		extern char solo5__xen_HYPERCALL_PAGE[];
		uint64_t start = solo5_clock_monotonic();
		for (int i = 0; i < 1000; i++) {
			register long r10 __asm__("r10");
			long rax, rdi = 0, rsi = 0, rdx, rcx;
			__asm__ volatile("call *%[entry]"
			    : "=a"(rax), "+D"(rdi), "+S"(rsi), "=d"(rdx), "=r"(r10), "=c"(rcx)
			    : [entry] "r"(solo5__xen_HYPERCALL_PAGE + 17 * 32)
			    : "r8", "r9", "r11", "memory");
			(void)rax, (void)rdx, (void)rcx;
		}
		answer((int64_t)(solo5_clock_monotonic() - start) / 1000);
	}
	else if (IS("domid")) {
		/* Xen's fifth CPUID leaf: xen/include/public/arch-x86/cpuid.h */
		uint32_t eax = 0x40000004, ebx, ecx = 0, edx;
		__asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
		answer(ecx);
	}
	else other_order(order);
}

int main(void)
{
	take_orders();
	for (;;) {
		struct order order = next_order();

		run(&order);
	}
}

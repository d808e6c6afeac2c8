/* SPDX-License-Identifier: ISC */
/* A guest that does what it is told over its console, one command a line, so that a test drives several domains and
 * sees each answer: "= NUMBER..." or "! WHY". Bulk work is a command of its own, done here. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../c_stubs/mirage_xen.h"

extern uint64_t solo5_clock_monotonic(void);
extern void solo5_yield(uint64_t deadline, uint64_t *ready);

#define PAGE 4096
#define MILLISECOND 1000000ull
#define PATIENCE (60000 * MILLISECOND)

/* Console input: xen/include/public/io/console.h. */
struct console {
	volatile char in[1024];
	char out[2048];
	volatile uint32_t in_cons, in_prod, out_cons, out_prod;
};

static struct console *console;

static char *read_line(void)
{
	static char line[512];
	size_t size = 0;

	for (;;) {
		while (console->in_cons == console->in_prod)
			solo5_yield(solo5_clock_monotonic() + MILLISECOND, NULL);
		char c = console->in[console->in_cons % sizeof console->in];
		console->in_cons++;
		mxen_evtchn_notify(mxen_console_port());
		if (c == '\n')
			break;
		if (c != '\r' && size + 1 < sizeof line)
			line[size++] = c;
	}
	line[size] = 0;
	return line;
}

static long long arguments[32];
static int count;

static void answer(int64_t result)
{
	int length;
	const char *text;

	if (result >= 0) {
		printf("= %lld\n", (long long)result);
		return;
	}
	text = mxen_error_text(result, &length);
	printf("! %.*s\n", length, text);
}

static void *pages(size_t n)
{
	void *block = NULL;

	if (posix_memalign(&block, PAGE, n * PAGE) != 0)
		return NULL;
	return memset(block, 0, n * PAGE);
}

/* Waits for an event on `port`; false when none comes in a minute. */
static bool await(int64_t port)
{
	uint64_t end = solo5_clock_monotonic() + PATIENCE;

	for (;;) {
		mxen_evtchn_demux();
		if (mxen_evtchn_test_and_clear(port))
			return true;
		if (solo5_clock_monotonic() >= end)
			return false;
		mxen_evtchn_block((int64_t)end);
	}
}

/* The mappings of this domain. */
static struct {
	uintptr_t address;
	size_t count;
	bool writable;
	uint32_t handles[512];
} mappings[64];
static uint8_t *shared;

static int64_t map(int slot, int64_t domid, int64_t first_ref, size_t n, int64_t bad_index, bool writable, int64_t *failed)
{
	static struct mxen_foreign foreign[512];

	for (size_t i = 0; i < n; i++)
		foreign[i] = (struct mxen_foreign) { domid, (int64_t)i == bad_index ? 99999 : first_ref + (int64_t)i };
	int64_t address = mxen_grant_map(foreign, n, writable, mappings[slot].handles, failed);
	if (address >= 0) {
		mappings[slot].address = (uintptr_t)address;
		mappings[slot].count = n;
		mappings[slot].writable = writable;
	}
	return address;
}

static int64_t unmap(int slot)
{
	size_t n = mappings[slot].count;

	mappings[slot].count = 0;
	return mxen_grant_unmap(mappings[slot].address, mappings[slot].handles, n, mappings[slot].writable);
}

/* A page through which two agents run cycles: what the leader asks, and the follower's answer. */
struct mailbox {
	volatile uint32_t order, done;
	volatile int64_t port, ref, result;
};
enum { CONNECT = 1, STOP = 2 };

/* Leader: offer a port and a page, have the follower use and drop both, take them back; n times. */
static int64_t lead(struct mailbox *box, int64_t port, int64_t domid, int64_t n, int64_t ref)
{
	uint64_t *page = pages(1);

	for (int64_t i = 0; i < n; i++) {
		int64_t offered = mxen_evtchn_alloc_unbound(domid);
		if (offered < 0 || mxen_evtchn_unmask(offered) < 0)
			return -1000 - i;
		page[0] = (uint64_t)i;
		if (mxen_grant_access(ref, (uintptr_t)page, domid, true) < 0)
			return -2000 - i;
		box->port = offered;
		box->ref = ref;
		box->order = CONNECT;
		mxen_evtchn_notify(port);
		if (!await(offered))
			return -3000 - i;
		/* Mapped now: busy. */
		if (mxen_grant_end_access(ref) != 0)
			return -4000 - i;
		mxen_evtchn_notify(offered);
		if (!await(port) || box->result < 0)
			return -5000 - i;
		if (page[1] != (uint64_t)i + 1 || mxen_grant_end_access(ref) != 1)
			return -6000 - i;
		if (mxen_evtchn_unbind(offered) < 0)
			return -7000 - i;
	}
	box->order = STOP;
	mxen_evtchn_notify(port);
	return n;
}

static int64_t follow(struct mailbox *box, int64_t port, int64_t domid)
{
	int64_t cycles = 0, failed;

	for (;;) {
		while (box->order == 0)
			if (!await(port))
				return -1;
		if (box->order == STOP)
			return cycles;
		box->order = 0;
		int64_t mine = mxen_evtchn_bind_interdomain(domid, box->port);
		if (mine < 0 || mxen_evtchn_unmask(mine) < 0)
			return -2;
		struct mxen_foreign page = { domid, box->ref };
		uint32_t handle;
		int64_t address = mxen_grant_map(&page, 1, true, &handle, &failed);
		if (address < 0)
			return -3;
		/* Binding raises one event at once. */
		mxen_evtchn_demux();
		mxen_evtchn_test_and_clear(mine);
		mxen_evtchn_notify(mine);
		if (!await(mine))
			return -4;
		((volatile uint64_t *)address)[1] = ((volatile uint64_t *)address)[0] + 1;
		box->result = mxen_grant_unmap((uintptr_t)address, &handle, 1, true);
		if (mxen_evtchn_unbind(mine) < 0)
			return -5;
		cycles++;
		mxen_evtchn_notify(port);
	}
}

/* Sends n numbers through a shared word without waiting for each; the other side must see the last one. */
static int64_t flood(int64_t port, int64_t n)
{
	volatile uint64_t *word = (volatile uint64_t *)shared;

	for (int64_t i = 1; i <= n; i++) {
		word[2] = (uint64_t)i;
		if (mxen_evtchn_notify(port) < 0)
			return -1;
	}
	return n;
}

static int64_t drink(int64_t port, int64_t n)
{
	volatile uint64_t *word = (volatile uint64_t *)(uintptr_t)mappings[0].address;
	int64_t events = 0;

	while (word[2] < (uint64_t)n) {
		if (!await(port))
			return -1;
		events++;
	}
	return events;
}

static void run(const char *name)
{
	long long *a = arguments;
	int64_t failed = -1, result = 0;

#define IS(text) (strcmp(name, text) == 0)
	if (IS("alloc")) answer(mxen_evtchn_alloc_unbound(a[0]));
	else if (IS("bind")) answer(mxen_evtchn_bind_interdomain(a[0], a[1]));
	else if (IS("virq")) answer(mxen_evtchn_bind_virq(a[0]));
	else if (IS("unmask")) answer(mxen_evtchn_unmask(a[0]));
	else if (IS("unbind")) answer(mxen_evtchn_unbind(a[0]));
	else if (IS("notify")) answer(mxen_evtchn_notify(a[0]));
	else if (IS("take")) answer(mxen_evtchn_test_and_clear(a[0]));
	else if (IS("next")) printf("= %lld\n", (long long)mxen_evtchn_next_pending(a[0]));
	else if (IS("demux")) answer(mxen_evtchn_demux());
	else if (IS("ports")) answer(mxen_evtchn_nr_events());
	else if (IS("await")) answer(await(a[0]));
	else if (IS("block")) {
		/* Milliseconds; answers whether there was an event and how many microseconds it took. */
		uint64_t start = solo5_clock_monotonic();
		mxen_evtchn_block((int64_t)(start + (uint64_t)a[0] * MILLISECOND));
		uint64_t took = (solo5_clock_monotonic() - start) / 1000;
		bool event = mxen_evtchn_demux();
		printf("= %d %lld\n", event, (long long)took);
	}
	else if (IS("ping")) {
		/* port, rounds: how many came back, and ns for each */
		uint64_t start = solo5_clock_monotonic();
		int64_t i;
		for (i = 0; i < a[1]; i++) {
			mxen_evtchn_notify(a[0]);
			if (!await(a[0]))
				break;
		}
		printf("= %lld %lld\n", (long long)i, (long long)(solo5_clock_monotonic() - start) / a[1]);
	}
	else if (IS("pong")) {
		int64_t i;
		for (i = 0; i < a[1]; i++) {
			if (!await(a[0]))
				break;
			mxen_evtchn_notify(a[0]);
		}
		answer(i);
	}
	else if (IS("many")) {
		/* count: ports from this domain to itself, each end notified once, all found, all closed */
		int64_t *ports = malloc(sizeof *ports * (size_t)a[0] * 2), n, found = 0, most = 0;
		for (n = 0; n < a[0]; n++) {
			ports[2 * n] = mxen_evtchn_alloc_unbound(0x7ff0);
			if (ports[2 * n] < 0) {
				result = ports[2 * n];
				break;
			}
			ports[2 * n + 1] = mxen_evtchn_bind_interdomain(0x7ff0, ports[2 * n]);
			if (ports[2 * n + 1] < 0) {
				result = ports[2 * n + 1];
				mxen_evtchn_unbind(ports[2 * n]);
				break;
			}
			mxen_evtchn_unmask(ports[2 * n]);
			mxen_evtchn_unmask(ports[2 * n + 1]);
			if (ports[2 * n + 1] > most)
				most = ports[2 * n + 1];
		}
		mxen_evtchn_demux();
		for (int64_t i = 0; i < 2 * n; i++)
			mxen_evtchn_test_and_clear(ports[i]);
		for (int64_t i = 0; i < 2 * n; i++)
			mxen_evtchn_notify(ports[i]);
		mxen_evtchn_demux();
		for (int64_t p = mxen_evtchn_next_pending(0); p >= 0; p = mxen_evtchn_next_pending(p + 1))
			found++;
		for (int64_t i = 0; i < 2 * n; i++)
			if (!mxen_evtchn_test_and_clear(ports[i]))
				found = -1;
		for (int64_t i = 0; i < 2 * n; i++)
			if (mxen_evtchn_unbind(ports[i]) < 0)
				found = -2;
		free(ports);
		int length = 0;
		const char *text = result < 0 ? mxen_error_text(result, &length) : "";
		printf("= %lld %lld %lld %.*s\n", (long long)n, (long long)found, (long long)most, length, text);
	}
	else if (IS("entries")) answer(mxen_grant_entries());
	else if (IS("share")) {
		/* first ref, count, domid, writable: fresh pages, each starting with its number */
		shared = pages((size_t)a[1]);
		for (int64_t i = 0; i < a[1] && result >= 0; i++) {
			*(uint64_t *)(shared + i * PAGE) = (uint64_t)(a[0] + i);
			result = mxen_grant_access(a[0] + i, (uintptr_t)(shared + i * PAGE), a[2], a[3] != 0);
		}
		answer(result);
	}
	else if (IS("peek")) answer((int64_t)*(volatile uint64_t *)(shared + a[0]));
	else if (IS("poke")) { *(volatile uint64_t *)(shared + a[0]) = (uint64_t)a[1]; answer(0); }
	else if (IS("end")) {
		/* first ref, count: how many ended */
		for (int64_t i = 0; i < a[1]; i++) {
			int64_t ended = mxen_grant_end_access(a[0] + i);
			if (ended < 0) {
				result = ended;
				break;
			}
			result += ended;
		}
		answer(result);
	}
	else if (IS("map")) {
		/* slot, domid, first ref, count, writable, index to spoil */
		result = map((int)a[0], a[1], a[2], (size_t)a[3], count > 5 ? a[5] : -1, a[4] != 0, &failed);
		if (result < 0) {
			int length;
			const char *text = mxen_error_text(result, &length);
			printf("! %lld %.*s\n", (long long)failed, length, text);
		} else
			answer(result);
	}
	else if (IS("unmap")) answer(unmap((int)a[0]));
	else if (IS("load")) answer((int64_t)*(volatile uint64_t *)(mappings[a[0]].address + (uintptr_t)a[1]));
	else if (IS("store")) { *(volatile uint64_t *)(mappings[a[0]].address + (uintptr_t)a[1]) = (uint64_t)a[2]; answer(0); }
	else if (IS("remap")) {
		/* domid, ref, times: one page, up and down */
		int64_t i;
		for (i = 0; i < a[2]; i++) {
			if ((result = map(1, a[0], a[1], 1, -1, true, &failed)) < 0)
				break;
			if (*(volatile uint64_t *)result != (uint64_t)a[1])
				break;
			if ((result = unmap(1)) < 0)
				break;
		}
		if (result < 0) answer(result); else answer(i);
	}
	else if (IS("fill")) {
		/* domid, first ref, count: maps these pages in turn until there is no room, unmaps all; how many, and why it ended */
		uint32_t *handles = malloc(65536 * sizeof *handles);
		uintptr_t *addresses = malloc(65536 * sizeof *addresses);
		struct mxen_foreign page = { a[0], a[1] };
		int64_t n = 0, undone = 0;

		while (n < 65536 && (result = mxen_grant_map(&page, 1, true, &handles[n], &failed)) >= 0) {
			addresses[n++] = (uintptr_t)result;
			page.ref = a[1] + n % a[2];
		}
		int length = 0;
		const char *text = result < 0 ? mxen_error_text(result, &length) : "";
		for (int64_t i = 0; i < n; i++)
			undone += mxen_grant_unmap(addresses[i], &handles[i], 1, true) == 0;
		printf("= %lld %lld %.*s\n", (long long)n, (long long)undone, length, text);
		free(handles);
		free(addresses);
	}
	else if (IS("table")) {
		/* domid: grants a page under every reference there is, then one too many; ends them all */
		uint8_t *page = pages(1);
		int64_t n = mxen_grant_reserved(), ended = 0;
		while ((result = mxen_grant_access(n, (uintptr_t)page, a[0], true)) >= 0)
			n++;
		for (int64_t i = mxen_grant_reserved(); i < n; i++)
			ended += mxen_grant_end_access(i) == 1;
		int length;
		const char *text = mxen_error_text(result, &length);
		printf("= %lld %lld %.*s\n", (long long)n, (long long)ended, length, text);
	}
	else if (IS("copy")) {
		/* domid, ref, offset, length, into the peer: against the shared pages, at offset 1000, which crosses a page */
		struct mxen_copy piece = { shared + PAGE + 1000 + a[2], a[0], a[1], a[2], a[3] };
		answer(mxen_grant_copy(&piece, 1, a[4] != 0, &failed));
	}
	else if (IS("pattern")) {
		/* fills the shared pages (count) with bytes that tell their place, seed added */
		for (int64_t i = 0; i < a[0] * PAGE; i++)
			shared[i] = (uint8_t)(i * 7 + i / 256 + a[1]);
		answer(0);
	}
	else if (IS("sum")) {
		/* from, length of the shared pages: a sum that depends on order */
		uint64_t sum = 0;
		for (int64_t i = 0; i < a[1]; i++)
			sum = sum * 31 + shared[a[0] + i];
		answer((int64_t)(sum >> 1));
	}
	else if (IS("lead")) answer(lead((struct mailbox *)(shared + 64), a[0], a[1], a[2], a[3]));
	else if (IS("follow")) answer(follow((struct mailbox *)(mappings[0].address + 64), a[0], a[1]));
	else if (IS("flood")) answer(flood(a[0], a[1]));
	else if (IS("drink")) answer(drink(a[0], a[1]));
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
	else if (IS("exit")) exit((int)a[0]);
	else printf("! no such command: %s\n", name);
	fflush(stdout);
}

int main(void)
{
	console = (struct console *)(uintptr_t)mxen_console_page();
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		char *line = read_line(), *rest = strchr(line, ' ');

		count = 0;
		if (rest != NULL)
			*rest++ = 0;
		while (rest != NULL && *rest != 0 && count < 32) {
			arguments[count++] = strtoll(rest, &rest, 0);
			while (*rest == ' ')
				rest++;
		}
		run(line);
	}
}

/* SPDX-License-Identifier: ISC */
/* A stand-in for mirage-xen's own C: what it uses of the solo5 part and of libc, in the way it does, without our bindings.
 * That is the hypercall page and the shared page by their private symbols, the 2-level event bits read and masked behind
 * the core's back, the upcall's handler overridden, `sti; hlt` with a timer that the caller sets, a grant table put over
 * memory of the heap, and foreign pages in the core's window. Compiled as strict C99, as mirage-xen's C is.
 *
 * Command line: the number of a domain that grants page 8 and takes page 8, and binds to the port that is named. */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solo5.h"

#define PAGE 4096
#define MILLISECOND 1000000ull
#define SELF 0x7ff0
#define GRANT_FRAMES 32

extern uint8_t solo5__xen_HYPERCALL_PAGE[];
extern uint8_t solo5__xen_HYPERVISOR_SHARED_INFO[];
extern void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size);
extern void _nolibc_init(uintptr_t heap_start, size_t heap_size);

/* The start of xen/include/public/xen.h's struct shared_info, and of vcpu_info[0] in it. */
struct shared {
	uint8_t upcall_pending, upcall_mask;
	volatile uint64_t pending_sel;
	uint8_t others[2032];
	volatile uint64_t pending[64], mask[64];
};

static struct shared *shared = (struct shared *)solo5__xen_HYPERVISOR_SHARED_INFO;
static volatile unsigned upcalls;

/* Called for each upcall, instead of the weak one. */
int solo5__xen_evtchn_vector_handler(void *unused)
{
	(void)unused;
	upcalls++;
	return 1;
}

static long hypercall(unsigned number, uint64_t a, uint64_t b, uint64_t c)
{
	long result;
	register uint64_t third __asm__("rdx") = c;

	__asm__ __volatile__("call *%[entry]"
			     : "=a"(result), "+D"(a), "+S"(b), "+r"(third)
			     : [entry] "r"(solo5__xen_HYPERCALL_PAGE + 32 * number)
			     : "memory", "rcx", "r8", "r9", "r10", "r11");
	return result;
}

enum { SET_TIMER = 15, MEMORY = 12, GRANT = 20, EVENT = 32 };

/* {2 Events} */

static bool marks[4096];

static uint32_t alloc_unbound(uint16_t remote)
{
	struct { uint16_t self, remote; uint32_t port; } op = { SELF, remote, 0 };

	assert(hypercall(EVENT, 6, (uintptr_t)&op, 0) == 0);
	return op.port;
}

static uint32_t bind_interdomain(uint16_t remote, uint32_t port)
{
	struct { uint16_t remote; uint32_t remote_port, port; } op = { remote, port, 0 };

	assert(hypercall(EVENT, 0, (uintptr_t)&op, 0) == 0);
	return op.port;
}

static long port_operation(unsigned command, uint32_t port)
{
	return hypercall(EVENT, command, (uintptr_t)&port, 0);
}

static void send(uint32_t port) { assert(port_operation(4, port) == 0); }
static void close(uint32_t port) { assert(port_operation(3, port) == 0); }

static void unmask(uint32_t port)
{
	uint64_t bit = 1ull << port % 64;

	__atomic_fetch_and(&shared->mask[port / 64], ~bit, __ATOMIC_SEQ_CST);
	if (shared->pending[port / 64] & bit) {
		__atomic_fetch_or(&shared->mask[port / 64], bit, __ATOMIC_SEQ_CST);
		assert(port_operation(9, port) == 0);
	}
}

/* Moves Xen's bits into the marks, masking each port until its mark is taken. */
static bool demux(void)
{
	bool some = false;
	uint64_t words;

	__atomic_store_n(&shared->upcall_pending, 0, __ATOMIC_SEQ_CST);
	words = __atomic_exchange_n(&shared->pending_sel, 0, __ATOMIC_SEQ_CST);
	for (; words; words &= words - 1) {
		unsigned word = __builtin_ctzll(words);
		uint64_t bits;

		while ((bits = shared->pending[word] & ~shared->mask[word]) != 0) {
			uint64_t bit = bits & -bits;

			marks[64 * word + __builtin_ctzll(bits)] = true;
			__atomic_fetch_or(&shared->mask[word], bit, __ATOMIC_SEQ_CST);
			__atomic_fetch_and(&shared->pending[word], ~bit, __ATOMIC_SEQ_CST);
			some = true;
		}
	}
	return some;
}

static bool take(uint32_t port)
{
	if (!marks[port])
		return false;
	marks[port] = false;
	unmask(port);
	return true;
}

/* As the main loop does: all marks are taken, the one asked for is remembered. */
static bool arrived(uint32_t wanted)
{
	bool found = false;

	if (demux())
		for (uint32_t port = 0; port < 4096; port++)
			found |= take(port) && port == wanted;
	return found;
}

static void block(uint64_t deadline)
{
	if (solo5_clock_monotonic() >= deadline)
		return;
	__asm__ __volatile__("cli" ::: "memory");
	if (shared->upcall_pending)
		__asm__ __volatile__("sti" ::: "memory");
	else {
		assert(hypercall(SET_TIMER, deadline, 0, 0) == 0);
		__asm__ __volatile__("sti; hlt" ::: "memory");
	}
}

static bool await(uint32_t port, uint64_t milliseconds)
{
	uint64_t end = solo5_clock_monotonic() + milliseconds * MILLISECOND;

	for (;;) {
		if (arrived(port))
			return true;
		if (solo5_clock_monotonic() >= end)
			return false;
		block(end);
	}
}

static void events_of_its_own(void)
{
	uint32_t a = alloc_unbound(SELF), b = bind_interdomain(SELF, a);
	uint64_t start;

	unmask(a);
	unmask(b);
	while (arrived(a))
		;
	for (int i = 0; i < 1000; i++) {
		send(a);
		assert(await(b, 60000));
	}
	assert(!await(b, 30));
	start = solo5_clock_monotonic();
	assert(!await(b, 50));
	assert(solo5_clock_monotonic() - start >= 50 * MILLISECOND);
	assert(upcalls > 0);
	/* The core's own waits see neither the handler nor the events. */
	send(b);
	start = solo5_clock_monotonic();
	for (int i = 0; i < 3; i++)
		solo5_yield(start + 20 * MILLISECOND, NULL);
	assert(await(a, 60000));
	close(a);
	close(b);
}

/* {2 Grants} */

struct entry { volatile uint16_t flags, domid; volatile uint32_t frame; };
static struct entry *table;

static void *pages(size_t count)
{
	void *block = NULL;

	assert(posix_memalign(&block, PAGE, count * PAGE) == 0);
	return memset(block, 0, count * PAGE);
}

static void grant_table(void)
{
	table = pages(GRANT_FRAMES);
	for (unsigned i = 0; i < GRANT_FRAMES; i++) {
		struct { uint16_t domid, size; uint32_t space; uint64_t index, frame; } op = {
			SELF, 0, 1, i, (uintptr_t)table / PAGE + i
		};
		assert(hypercall(MEMORY, 7, (uintptr_t)&op, 0) == 0);
	}
}

static void grant(uint32_t reference, uint16_t domid, void *page)
{
	table[reference].frame = (uintptr_t)page / PAGE;
	table[reference].domid = domid;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	table[reference].flags = 1;
}

static bool end(uint32_t reference)
{
	uint16_t flags = table[reference].flags;

	do {
		if (flags & 0x18)
			return false;
	} while (!__atomic_compare_exchange_n(&table[reference].flags, &flags, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return true;
}

static int map(void *at, uint16_t domid, uint32_t reference, uint32_t *handle)
{
	struct { uint64_t address; uint32_t flags, reference; uint16_t domid; int16_t status; uint32_t handle; uint64_t bus; } op = {
		(uintptr_t)at, 2, reference, domid, -1, 0, 0
	};
	assert(hypercall(GRANT, 0, (uintptr_t)&op, 1) == 0);
	*handle = op.handle;
	return op.status;
}

static void unmap(void *at, uint32_t handle)
{
	struct { uint64_t address, bus; uint32_t handle; int16_t status; } op = { (uintptr_t)at, 0, handle, -1 };

	assert(hypercall(GRANT, 1, (uintptr_t)&op, 1) == 0);
	assert(op.status == 0);
}

static void with_peer(uint16_t peer)
{
	uint64_t window, far;
	size_t size;
	uint32_t handle, second, port = alloc_unbound(peer);
	volatile uint32_t *mine = pages(1), *theirs;

	solo5__xen_get_gntmap_area(&window, &size);
	assert(window % PAGE == 0 && size >= 4096 * PAGE);
	unmask(port);
	mine[0] = 4711;
	grant(8, peer, (void *)mine);
	printf("port %u\n", port);
	fflush(stdout);
	assert(await(port, 60000));
	theirs = (volatile uint32_t *)(uintptr_t)window;
	assert(map((void *)theirs, peer, 8, &handle) == 0);
	far = window + 4095 * PAGE;
	assert(map((void *)(uintptr_t)far, peer, 8, &second) == 0);
	theirs[1] = theirs[0] + 1;
	assert(((volatile uint32_t *)(uintptr_t)far)[1] == theirs[1]);
	unmap((void *)(uintptr_t)far, second);
	unmap((void *)theirs, handle);
	send(port);
	assert(await(port, 60000));
	printf("%u\n", mine[1]);
	while (!end(8))
		assert(!await(4095, 1));
}

int solo5_app_main(const struct solo5_start_info *si)
{
	struct mallinfo before, after;

	_nolibc_init(si->heap_start, si->heap_size);
	grant_table();
	before = mallinfo();
	(void)pages(8);
	after = mallinfo();
	assert(after.uordblks - before.uordblks >= 8 * PAGE);
	assert(posix_memalign(&(void *){ NULL }, PAGE, si->heap_size) < 0);
	events_of_its_own();
	if (*si->cmdline != 0)
		with_peer(strtol(si->cmdline, NULL, 10));
	printf("ok\n");
	fflush(stdout);
	return 0;
}

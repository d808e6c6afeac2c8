/* SPDX-License-Identifier: ISC
 * Mistakes that the hardware stops, one a test; the command line's first word chooses. Each prints what it is about to
 * do and must not come back; where it does, its exit status is 1.
 */
#include "../solo5_test.h"

static const uint64_t constant = 42;
static volatile uint64_t variable;

static volatile uint64_t *at(uintptr_t address)
{
	__asm__ volatile("" : "+r"(address));
	return (volatile uint64_t *)address;
}

static int call(uintptr_t address)
{
	__asm__ volatile("" : "+r"(address));
	((void (*)(void))address)();
	return 1;
}

static int zero_write(const struct solo5_start_info *info)
{
	(void)info;
	*at(8) = 1;
	return 1;
}

static int zero_read(const struct solo5_start_info *info)
{
	(void)info;
	variable = *at(8);
	return 1;
}

static int low_read(const struct solo5_start_info *info)
{
	(void)info;
	variable = *at(0xff000);
	return 1;
}

static int wild_write(const struct solo5_start_info *info)
{
	(void)info;
	*at(0x7f0000000000) = 1;
	return 1;
}

static int non_canonical(const struct solo5_start_info *info)
{
	(void)info;
	*at(0x8000000000000000) = 1;
	return 1;
}

static int write_text(const struct solo5_start_info *info)
{
	(void)info;
	*at((uintptr_t)write_text) = 1;
	return 1;
}

static int write_rodata(const struct solo5_start_info *info)
{
	(void)info;
	*at((uintptr_t)&constant) = 1;
	return 1;
}

static int run_rodata(const struct solo5_start_info *info)
{
	(void)info;
	return call((uintptr_t)&constant);
}

static int run_data(const struct solo5_start_info *info)
{
	(void)info;
	variable = 0xc3;
	return call((uintptr_t)&variable);
}

static int run_heap(const struct solo5_start_info *info)
{
	*at(info->heap_start) = 0xc3;
	return call(info->heap_start);
}

static int run_stack(const struct solo5_start_info *info)
{
	volatile uint64_t code = 0xc3;

	(void)info;
	return call((uintptr_t)&code);
}

extern uint8_t solo5__xen_HYPERVISOR_SHARED_INFO[];

static int run_shared(const struct solo5_start_info *info)
{
	(void)info;
	return call((uintptr_t)solo5__xen_HYPERVISOR_SHARED_INFO);
}

extern void solo5__xen_get_gntmap_area(uint64_t *address, size_t *size);

static int run_window(const struct solo5_start_info *info)
{
	uint64_t address;
	size_t size;

	(void)info;
	solo5__xen_get_gntmap_area(&address, &size);
	/* Nothing is mapped there: it reads as ones and takes writes. */
	if (size < 4096 || *at(address + size - 8) != ~0ull)
		return 2;
	return call(address);
}

extern uint8_t solo5__xen_HYPERCALL_PAGE[];

static int write_hypercall_page(const struct solo5_start_info *info)
{
	(void)info;
	*at((uintptr_t)solo5__xen_HYPERCALL_PAGE) = 1;
	return 1;
}

static int overflow(volatile char *above, int depth)
{
	volatile char here[1024];

	here[0] = above[0];
	return depth == 0 ? 0 : overflow(here, depth - 1) + here[0];
}

static int overflow_stack(const struct solo5_start_info *info)
{
	char top = 0;

	(void)info;
	return overflow(&top, 1 << 30) + 1;
}

static int lose_stack(const struct solo5_start_info *info)
{
	(void)info;
	__asm__ volatile("movq $8, %rsp; pushq %rax; movl $0, 0(%rsp)");
	return 1;
}

__attribute__((noinline)) static char smash(volatile char *text, size_t n)
{
	volatile char here[16];

	for (size_t i = 0; i < n; i++)
		here[i] = text[i];
	return here[0];
}

/* Unknown to the compiler, which would otherwise drop what must not happen. */
static volatile size_t too_much = 64;

static int smash_stack(const struct solo5_start_info *info)
{
	/* Room for the overflow, which would otherwise run off the top of the stack. */
	volatile char room[256];

	room[0] = smash((volatile char *)info->heap_start, too_much);
	return room[0] + 1;
}

static int divide(const struct solo5_start_info *info)
{
	(void)info;
	__asm__ volatile("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; idivl %%ecx" : : : "eax", "ecx", "edx");
	return 1;
}

static int invalid_opcode(const struct solo5_start_info *info)
{
	(void)info;
	__asm__ volatile("ud2");
	return 1;
}

static int breakpoint(const struct solo5_start_info *info)
{
	(void)info;
	__asm__ volatile("int3");
	return 1;
}

static int unexpected_interrupt(const struct solo5_start_info *info)
{
	(void)info;
	__asm__ volatile("int $0x80");
	return 1;
}

extern uintptr_t solo5__xen_reserve(size_t size);

static int unbacked(const struct solo5_start_info *info)
{
	(void)info;
	*at(solo5__xen_reserve(4096)) = 1;
	return 1;
}

static const struct test tests[] = {
	{ "zero-write", zero_write }, { "zero-read", zero_read }, { "low-read", low_read },
	{ "wild-write", wild_write }, { "non-canonical", non_canonical }, { "write-text", write_text },
	{ "write-rodata", write_rodata }, { "run-rodata", run_rodata }, { "run-data", run_data },
	{ "run-heap", run_heap }, { "run-stack", run_stack }, { "run-shared", run_shared },
	{ "run-window", run_window }, { "write-hypercall-page", write_hypercall_page },
	{ "overflow-stack", overflow_stack }, { "lose-stack", lose_stack }, { "smash-stack", smash_stack },
	{ "divide", divide }, { "invalid-opcode", invalid_opcode }, { "breakpoint", breakpoint },
	{ "unexpected-interrupt", unexpected_interrupt }, { "unbacked", unbacked },
};

int solo5_app_main(const struct solo5_start_info *info)
{
	print("trying ");
	print(info->cmdline);
	print("\n");
	return RUN_TEST(tests, info);
}

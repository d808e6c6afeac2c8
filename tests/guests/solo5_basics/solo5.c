/* SPDX-License-Identifier: ISC
 * What Solo5's API promises, one behaviour a test; the command line's first word chooses.
 */
#include "../solo5_test.h"

#define SECOND 1000000000ull

/* The command line, exactly as given: its length and a hash of its bytes, and its text when short. */
static int cmdline(const struct solo5_start_info *info)
{
	uint64_t hash = 14695981039346656037ull;
	size_t n = length(info->cmdline);

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (uint8_t)info->cmdline[i]) * 1099511628211ull;
	print_number("length ", n, "");
	print_number(" hash ", hash, "\n");
	if (n < 200) {
		print("[");
		print(info->cmdline);
		print("]\n");
	}
	return 0;
}

/* One write that is longer than the console's ring arrives whole. */
static int output(const struct solo5_start_info *info)
{
	static char text[8192];

	(void)info;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i % 64 == 63 ? '\n' : 'A' + (i / 64 + i) % 26);
	solo5_console_write(text, sizeof text);
	print("SUCCESS\n");
	return 0;
}

/* 0 is not allowed to look like constant data to the compiler. */
static volatile int zero, seven = 7;
static const volatile int nine = 9;

static int globals(const struct solo5_start_info *info)
{
	(void)info;
	if (zero != 0 || seven != 7 || nine != 9)
		return 1;
	zero = seven = 5;
	return zero == 5 && seven == 5 ? 0 : 2;
}

/* RAM beside the heap: the one with an index; our own addition. */
extern int solo5__xen_get_memory(size_t index, uintptr_t *start, size_t *size);

/* Writes a word of each page, every page its own; or checks them. */
static bool use(uintptr_t start, size_t size, bool check)
{
	for (uintptr_t at = start; at < start + size; at += 4096) {
		volatile uint64_t *word = (volatile uint64_t *)(at + at / 4096 % 512 * 8);
		if (!check)
			*word = at * 0x9e3779b97f4a7c15ull;
		else if (*word != at * 0x9e3779b97f4a7c15ull)
			return false;
	}
	return true;
}

/* All memory: the heap, and what lies elsewhere. */
static int heap(const struct solo5_start_info *info)
{
	uintptr_t start;
	size_t size, total = info->heap_size;

	if (info->heap_start % 4096 != 0 || info->heap_size % 4096 != 0)
		return 1;
	if ((uintptr_t)&start < info->heap_start + info->heap_size)
		return 2;
	for (int check = 0; check < 2; check++) {
		if (!use(info->heap_start, info->heap_size, check))
			return 3;
		for (size_t i = 0; solo5__xen_get_memory(i, &start, &size); i++) {
			if (start % 4096 != 0 || size % 4096 != 0 || size == 0)
				return 4;
			if (!use(start, size, check))
				return 5;
			total += check ? size : 0;
		}
	}
	print_number("heap ", total, "\n");
	return 0;
}

static int fpu(const struct solo5_start_info *info)
{
	volatile float x = 1.5f, y = 5.0f;
	volatile long double z = 1.0L;
	unsigned mxcsr;
	unsigned short control;

	(void)info;
	x *= y;
	z /= 3.0L;
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(control));
	if (mxcsr != 0x1f80 || control != 0x37f)
		return 2;
	return x == 7.5f && z * 3.0L == 1.0L ? 0 : 1;
}

/* AVX works, and its registers survive a sleep. Assembly only: the compiler would clear upper halves before calls. */
static int avx(const struct solo5_start_info *info)
{
	unsigned a = 1, b, c, d;
	double in[4] = { 1.5, 2.5, 3.5, 4.5 }, out[4];

	(void)info;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	if ((c & (1u << 28)) == 0) {
		print("no AVX\n");
		return 1;
	}
	__asm__ volatile("vmovupd %0, %%ymm9" : : "m"(in) : "memory");
	solo5_yield(solo5_clock_monotonic() + SECOND / 100, NULL);
	__asm__ volatile("vaddpd %%ymm9, %%ymm9, %%ymm9; vmovupd %%ymm9, %0" : "=m"(out) : : "memory");
	for (int i = 0; i < 4; i++)
		if (out[i] != 2 * in[i])
			return 2;
	return 0;
}

static int clocks(const struct solo5_start_info *info)
{
	uint64_t last = solo5_clock_monotonic(), wall = solo5_clock_wall(), later;

	(void)info;
	/* 2017-01-01 and 2100-01-01 */
	if (wall < 1483228800 * SECOND || wall > 4102444800 * SECOND)
		return 1;
	for (int i = 0; i < 100000; i++) {
		uint64_t now = solo5_clock_monotonic();
		if (now < last)
			return 2;
		last = now;
	}
	/* A deadline in the past, and one that is now, return at once. */
	solo5_yield(last - SECOND, NULL);
	solo5_yield(0, NULL);
	later = solo5_clock_monotonic();
	if (later - last > SECOND)
		return 3;
	/* Both clocks run at the same speed. */
	uint64_t wall_before = solo5_clock_wall(), before = solo5_clock_monotonic();
	solo5_yield(before + SECOND / 5, NULL);
	uint64_t wall_time = solo5_clock_wall() - wall_before, time = solo5_clock_monotonic() - before;
	if (time < SECOND / 5)
		return 4;
	print_number("slept ", time, " ns\n");
	return wall_time + SECOND / 10 > time && time + SECOND / 10 > wall_time ? 0 : 5;
}

/* Sleeps of 1 s, each at most 200 ms late, never early, and no set of ready devices where there are none. */
static int sleep(const struct solo5_start_info *info)
{
	(void)info;
	for (int i = 0; i < 5; i++) {
		solo5_handle_set_t ready = ~0ull;
		uint64_t before = solo5_clock_monotonic(), time;

		solo5_yield(before + SECOND, &ready);
		time = solo5_clock_monotonic() - before;
		print_number("slept ", time, " ns\n");
		if (time < SECOND || time > SECOND + SECOND / 5)
			return 1;
		if (ready != 0)
			return 2;
	}
	return 0;
}

/* A long sleep, for dom0 to see that it costs no processor time. */
static int idle(const struct solo5_start_info *info)
{
	(void)info;
	solo5_yield(solo5_clock_monotonic() + 3 * SECOND, NULL);
	return 0;
}

static _Thread_local volatile int tls_zero;
static _Thread_local volatile int tls_data = 0x5eed;

static uint64_t canary(void)
{
	uint64_t word;
	__asm__ volatile("movq %%fs:0x28, %0" : "=r"(word));
	return word;
}

extern uintptr_t __stack_chk_guard;

__attribute__((optimize("no-stack-protector"))) static int tls(const struct solo5_start_info *info)
{
	uint64_t word = canary();
	size_t size = solo5_tls_size();
	uintptr_t one = info->heap_start + 8, two = one + size + 1;

	if (tls_zero != 0 || tls_data != 0x5eed)
		return 1;
	tls_data = 1;
	if (solo5_tls_init(one) != SOLO5_R_OK || solo5_tls_init(two) != SOLO5_R_OK)
		return 2;
	if (solo5_tls_init(0) != SOLO5_R_EINVAL)
		return 3;
	solo5_set_tls_base(solo5_tls_tp_offset(one));
	if (tls_zero != 0 || tls_data != 0x5eed || canary() != word)
		return 4;
	tls_zero = 11;
	solo5_set_tls_base(solo5_tls_tp_offset(two));
	if (tls_zero != 0 || tls_data != 0x5eed || canary() != word)
		return 5;
	tls_zero = 22;
	solo5_set_tls_base(solo5_tls_tp_offset(one));
	if (tls_zero != 11)
		return 6;
	return 0;
}

/* Prints the canary, which two boots must not share. */
static int show_canary(const struct solo5_start_info *info)
{
	(void)info;
	if (canary() != __stack_chk_guard || canary() == 0)
		return 1;
	print_number("canary ", canary(), "\n");
	return 0;
}

/* Without a manifest no name and no handle is a device's. */
static int devices(const struct solo5_start_info *info)
{
	solo5_handle_t handle;
	struct solo5_net_info net;
	struct solo5_block_info block;
	uint8_t buffer[512];
	size_t size;

	(void)info;
	if (solo5_net_acquire("service", &handle, &net) != SOLO5_R_EINVAL)
		return 1;
	if (solo5_net_write(0, buffer, sizeof buffer) != SOLO5_R_EINVAL)
		return 2;
	if (solo5_net_read(0, buffer, sizeof buffer, &size) != SOLO5_R_EINVAL)
		return 3;
	if (solo5_block_acquire("storage", &handle, &block) != SOLO5_R_EINVAL)
		return 4;
	if (solo5_block_write(0, 0, buffer, sizeof buffer) != SOLO5_R_EINVAL)
		return 5;
	if (solo5_block_read(0, 0, buffer, sizeof buffer) != SOLO5_R_EINVAL)
		return 6;
	return 0;
}

/* Our own additions: reservations backed page by page. Pages are not promised to be zero. */
extern uintptr_t solo5__xen_reserve(size_t size);
extern int solo5__xen_back(uintptr_t address, uintptr_t memory, size_t size, int writable);
extern int solo5__xen_unback(uintptr_t address, size_t size);

static int reserve(const struct solo5_start_info *info)
{
	uintptr_t window = solo5__xen_reserve(256u << 20), other = solo5__xen_reserve(4096);
	uintptr_t memory = info->heap_start;

	if (window == 0 || other < window + (256u << 20) + 4096)
		return 1;
	if (solo5__xen_reserve((size_t)1 << 40) != 0 || solo5__xen_reserve(SIZE_MAX) != 0)
		return 2;
	for (size_t at = 0; at < 256u << 20; at += 16u << 20)
		if (solo5__xen_back(window + at, memory + at / (16u << 20) * 4096, 4096, 1) != 0)
			return 3;
	for (size_t at = 0; at < 256u << 20; at += 16u << 20)
		*(volatile uint64_t *)(window + at) = at;
	for (size_t at = 0; at < 256u << 20; at += 16u << 20)
		if (*(volatile uint64_t *)(memory + at / (16u << 20) * 4096) != at)
			return 4;
	if (solo5__xen_unback(window, 4096) != 0 || solo5__xen_back(window, memory + 4096, 4096, 0) != 0)
		return 5;
	if (*(volatile uint64_t *)window != 16u << 20)
		return 6;
	if (solo5__xen_back(window + 1, memory, 4096, 1) == 0 || solo5__xen_back(memory, memory, 4096, 1) == 0)
		return 7;
	return 0;
}

static int status(const struct solo5_start_info *info)
{
	int number = 0;

	for (const char *at = info->cmdline + length("exit "); *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (*at - '0');
	print("exiting\n");
	solo5_exit(number);
}

extern void solo5__xen_reboot(void) __attribute__((noreturn));

static int restart(const struct solo5_start_info *info)
{
	(void)info;
	solo5__xen_reboot();
}

static int give_up(const struct solo5_start_info *info)
{
	(void)info;
	print("aborting\n");
	solo5_abort();
}

/* 1 if all that assembly sees is as it was across the upcall's vector: registers, flags, and what lies below the stack pointer. */
static uint64_t upcall_in_between(void)
{
	uint64_t wrong;

	__asm__ volatile("movl $1, %%eax; movl $2, %%ecx; movl $3, %%edx; movl $4, %%esi; movl $5, %%edi; movl $6, %%r8d\n\t"
			 "movl $7, %%r9d; movl $8, %%r10d; movl $9, %%r11d; movl $10, %%ebx; movl $11, %%r12d\n\t"
			 "movq %%rdx, -8(%%rsp); movq %%rsi, -64(%%rsp); movq %%rdi, -128(%%rsp); movq %%rsp, %%r13\n\t"
			 "stc; int $32\n\t"
			 "jnc 1f; cmpl $1, %%eax; jne 1f; cmpl $2, %%ecx; jne 1f; cmpl $3, %%edx; jne 1f\n\t"
			 "cmpl $4, %%esi; jne 1f; cmpl $5, %%edi; jne 1f; cmpl $6, %%r8d; jne 1f; cmpl $7, %%r9d; jne 1f\n\t"
			 "cmpl $8, %%r10d; jne 1f; cmpl $9, %%r11d; jne 1f; cmpl $10, %%ebx; jne 1f; cmpl $11, %%r12d; jne 1f\n\t"
			 "cmpq %%rdx, -8(%%rsp); jne 1f; cmpq %%rsi, -64(%%rsp); jne 1f; cmpq %%rdi, -128(%%rsp); jne 1f\n\t"
			 "cmpq %%rsp, %%r13; jne 1f; xorl %%eax, %%eax; 1:"
			 : "=a"(wrong)
			 :
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rbx", "r12", "r13", "cc", "memory");
	return wrong;
}

/* An upcall where nobody waits, as an emulator may deliver one twice: before the first sleep, and after one. */
static int upcall(const struct solo5_start_info *info)
{
	(void)info;
	for (int i = 0; i < 100; i++) {
		if (upcall_in_between() != 0)
			return 1;
		uint64_t until = solo5_clock_monotonic() + SECOND / 1000;
		solo5_yield(until, NULL);
		if (solo5_clock_monotonic() < until)
			return 2;
	}
	return 0;
}

static const struct test tests[] = {
	{ "output", output }, { "globals", globals }, { "heap", heap }, { "fpu", fpu }, { "avx", avx },
	{ "clocks", clocks }, { "sleep", sleep }, { "idle", idle }, { "tls", tls }, { "canary", show_canary },
	{ "devices", devices }, { "upcall", upcall }, { "reserve", reserve }, { "exit ", status }, { "reboot", restart },
	{ "abort", give_up }, { "", cmdline },
};

int solo5_app_main(const struct solo5_start_info *info)
{
	return RUN_TEST(tests, info);
}

/* SPDX-License-Identifier: ISC
 * Crashes in the machinery of crashes, over Solo5's API and the core's private symbols; the command line's first word
 * chooses one.
 */
#include "../solo5_test.h"

#define NOINLINE __attribute__((noinline, noclone))
/* Keeps a call from becoming a jump. */
#define AFTERWARDS __asm__ volatile("" : : : "memory")

struct solo5__xen_crash_note {
	struct solo5__xen_crash_note *next;
	void (*write)(void (*say)(const char *text, size_t size));
	const char *cause;
	size_t cause_size;
};
extern void solo5__xen_on_crash(struct solo5__xen_crash_note *note);
extern void solo5__xen_set_fault_handler(int (*handler)(void *context, uintptr_t address));
extern void solo5__xen_crash(const char *why, size_t size);

static NOINLINE void store(uintptr_t address)
{
	__asm__ volatile("" : "+r"(address));
	*(volatile uint64_t *)address = 1;
	AFTERWARDS;
}

static NOINLINE int inner(uintptr_t address)
{
	store(address);
	AFTERWARDS;
	return 1;
}

static NOINLINE int outer(uintptr_t address)
{
	int result = inner(address);
	AFTERWARDS;
	return result;
}

static int frames(const struct solo5_start_info *info)
{
	(void)info;
	return outer(16);
}

/* The first fault's handler faults itself. */
static NOINLINE int bad_handler(void *context, uintptr_t address)
{
	(void)context;
	store(address + 8);
	AFTERWARDS;
	return 0;
}

static int handler_fault(const struct solo5_start_info *info)
{
	(void)info;
	solo5__xen_set_fault_handler(bad_handler);
	return outer(16);
}

static NOINLINE void bad_note(void (*say)(const char *text, size_t size))
{
	say("about to fault", 14);
	store(24);
	AFTERWARDS;
}

static struct solo5__xen_crash_note note = { .write = bad_note, .cause = "a cause that a part knows", .cause_size = 25 };

static int report_fault(const struct solo5_start_info *info)
{
	(void)info;
	solo5__xen_on_crash(&note);
	return outer(16);
}

static NOINLINE void crash_note(void (*say)(const char *text, size_t size))
{
	(void)say;
	solo5__xen_crash("again", 5);
}

static int report_crash(const struct solo5_start_info *info)
{
	(void)info;
	note.write = crash_note;
	solo5__xen_on_crash(&note);
	solo5__xen_crash("for once", 8);
	return 1;
}

/* Stack pointer and frame pointer gone, on to an address that is no code. */
static int lose_all(const struct solo5_start_info *info)
{
	(void)info;
	__asm__ volatile("movq $0x123456789abc, %rsp; xorl %ebp, %ebp; movq $0x8000, %rax; jmp *%rax");
	return 1;
}

/* The console's ring is full of what nobody has read when the crash comes. */
static int full_ring(const struct solo5_start_info *info)
{
	(void)info;
	for (int i = 0; i < 31; i++)
		print("0123456789012345678901234567890123456789012345678901234567890123\n");
	return outer(16);
}

static NOINLINE int odd(int n, volatile char *above);

static NOINLINE int even(int n, volatile char *above)
{
	volatile char here[512];

	here[0] = above[0];
	return odd(n + 1, here) + here[0];
}

static NOINLINE int odd(int n, volatile char *above)
{
	volatile char here[512];

	here[0] = above[0];
	return even(n + 1, here) + here[0];
}

static int overflow_both(const struct solo5_start_info *info)
{
	char top = 0;

	(void)info;
	return odd(0, &top);
}

static const struct test tests[] = {
	{ "frames", frames }, { "handler-fault", handler_fault }, { "report-fault", report_fault },
	{ "report-crash", report_crash }, { "lose-all", lose_all }, { "full-ring", full_ring },
	{ "overflow-both", overflow_both },
};

int solo5_app_main(const struct solo5_start_info *info)
{
	return RUN_TEST(tests, info);
}

/* SPDX-License-Identifier: ISC */
/* Crashes of a C program over libc; the command line's first word chooses one. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline, noclone))
#define AFTERWARDS __asm__ volatile("" : : : "memory")

struct note {
	struct note *next;
	void (*write)(void (*say)(const char *text, size_t size));
	const char *cause;
	size_t cause_size;
};
extern void solo5__xen_on_crash(struct note *note);

static NOINLINE void overflow_heap(void)
{
	char *block = malloc(24);
	memset(block, 'x', 25);
	AFTERWARDS;
	free(block);
	AFTERWARDS;
}

static NOINLINE void double_free(void)
{
	char *block = malloc(100);
	__asm__ volatile("" : "+r"(block));
	free(block);
	__asm__ volatile("" : "+r"(block));
	free(block);
	AFTERWARDS;
}

static NOINLINE void aborts(void)
{
	fprintf(stderr, "a word before\n");
	abort();
}

static NOINLINE void asserts(void)
{
	volatile int one = 1;
	assert(one == 2);
	AFTERWARDS;
}

/* C, then libc's Rust, then C again. */
static NOINLINE int compare(const void *a, const void *b)
{
	volatile int *nowhere = (int *)(uintptr_t)64;
	*nowhere = *(const int *)a - *(const int *)b;
	return 0;
}

static NOINLINE void sorts(void)
{
	int numbers[] = { 3, 1, 2 };
	qsort(numbers, 3, sizeof numbers[0], compare);
	AFTERWARDS;
}

/* A variadic function's way into Rust. */
static NOINLINE void prints(void)
{
	char *volatile nowhere = (char *)(uintptr_t)64;
	printf("[%s]\n", nowhere);
	AFTERWARDS;
}

/* What a program without a plan for exhausted memory does. */
static NOINLINE void exhausts(void)
{
	for (;;) {
		uint64_t *block = malloc(1 << 20);
		if (block == NULL) {
			perror("malloc");
			abort();
		}
		block[0] = 1;
	}
}

/* Division by zero inside of libc's Rust: a panic, where the language checks it. */
static NOINLINE void panics(void)
{
	volatile int zero = 0;
	div_t result = div(1, zero);
	__asm__ volatile("" : : "r"(result.quot));
}

static NOINLINE void panics_again(void (*say)(const char *text, size_t size))
{
	(void)say;
	panics();
	AFTERWARDS;
}

static struct note note = { .write = panics_again };

static NOINLINE void panics_in_a_panic(void)
{
	solo5__xen_on_crash(&note);
	panics();
	AFTERWARDS;
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "overflow-heap", overflow_heap }, { "double-free", double_free }, { "abort", aborts }, { "assert", asserts },
	{ "sort", sorts }, { "print", prints }, { "exhaust", exhausts }, { "panic", panics },
	{ "nested-panic", panics_in_a_panic },
};

struct solo5_start_info {
	const char *cmdline;
	uintptr_t heap_start;
	size_t heap_size;
};

extern void _nolibc_init(uintptr_t heap_start, size_t heap_size);

int solo5_app_main(const struct solo5_start_info *info)
{
	_nolibc_init(info->heap_start, info->heap_size);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(info->cmdline, cases[i].name) == 0)
			cases[i].run();
	return 1;
}

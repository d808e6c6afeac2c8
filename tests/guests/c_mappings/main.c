/* SPDX-License-Identifier: ISC */
/* Memory mappings: address space set aside, memory put behind it and taken away, what may be done with a page, holes,
   memory that is all used up and comes back. Says what a Linux process says. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
#define MB (1u << 20)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static sigjmp_buf back;

static void jump_out(int number)
{
	siglongjmp(back, number);
}

/* What a byte is: its value, or '-' where reading faults; then whether it can be written. */
static const char *probe(volatile unsigned char *at)
{
	static char text[8];
	volatile int value = -1, written = 0;

	if (sigsetjmp(back, 1) == 0) {
		value = *at;
		*at = (unsigned char)value;
		written = 1;
	}
	if (value < 0)
		return "-";
	snprintf(text, sizeof text, "%d%s", value, written ? "w" : "r");
	return text;
}

static void check(const char *what, unsigned char *at, unsigned pages, const char *expected)
{
	char found[200] = "";

	for (unsigned page = 0; page < pages; page++)
		strcat(strcat(found, page ? " " : ""), probe(at + page * PAGE));
	printf("%s: %s%s\n", what, found, strcmp(found, expected) ? " (unexpected)" : "");
}

static void result(const char *what, int status)
{
	printf("%s: %s\n", what, status == 0 ? "ok" : strerror(errno));
}

static unsigned char *map(size_t size, int protection)
{
	void *at = mmap(NULL, size, protection, ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		printf("mmap of %zu: %s\n", size, strerror(errno));
	return at;
}

static void fixed(const char *what, void *at, size_t size, int protection)
{
	result(what, mmap(at, size, protection, ANONYMOUS | MAP_FIXED, -1, 0) == at ? 0 : -1);
}

static void one_after_the_other(int reserve)
{
	unsigned char *at = map(8 * PAGE, reserve ? PROT_NONE : PROT_READ | PROT_WRITE);

	printf("%s\n", reserve ? "a reservation" : "a mapping");
	if (reserve) {
		check("set aside", at, 8, "- - - - - - - -");
		fixed("put behind", at + 2 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE);
		check("four pages", at, 8, "- - 0w 0w 0w 0w - -");
		result("the rest by mprotect", mprotect(at, 8 * PAGE, PROT_READ | PROT_WRITE));
	}
	check("all", at, 8, "0w 0w 0w 0w 0w 0w 0w 0w");
	for (unsigned page = 0; page < 8; page++)
		memset(at + page * PAGE, page + 1, PAGE);
	result("read only", mprotect(at + PAGE, 2 * PAGE, PROT_READ));
	result("nothing", mprotect(at + 4 * PAGE, PAGE + 1, PROT_NONE));
	check("rights", at, 8, "1w 2r 3r 4w - - 7w 8w");
	result("dont need", madvise(at + 2 * PAGE, 2 * PAGE, MADV_DONTNEED));
	result("all again", mprotect(at, 8 * PAGE, PROT_READ | PROT_WRITE));
	check("contents", at, 8, "1w 2w 0w 0w 5w 6w 7w 8w");
	result("nothing", mprotect(at, PAGE, PROT_NONE));
	result("dont need", madvise(at, PAGE, MADV_DONTNEED));
	result("readable", mprotect(at, PAGE, PROT_READ));
	check("zero", at, 2, "0r 2w");
	fixed("anew", at + 6 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	fixed("taken away", at + 7 * PAGE, PAGE, PROT_NONE);
	check("anew", at, 8, "0r 2w 0w 0w 5w 6w 0w -");
	result("a hole", munmap(at + 4 * PAGE, PAGE));
	result("unaligned", mprotect(at + 1, PAGE, PROT_READ));
	result("unaligned", munmap(at + 1, PAGE));
	result("all", munmap(at, 8 * PAGE));
	result("twice", munmap(at, 8 * PAGE));
}

/* OCaml 5's way: 256 MiB set aside, a part used, given back, set aside anew. */
static void reserve_and_commit(void)
{
	for (int round = 0; round < 3; round++) {
		unsigned char *at = map(256 * MB, PROT_NONE);
		fixed("commit", at, 2 * MB + PAGE, PROT_READ | PROT_WRITE);
		memset(at, 0x55, 2 * MB + PAGE);
		check("end", at + 2 * MB - PAGE, 3, "85w 85w -");
		fixed("decommit", at, 2 * MB + PAGE, PROT_NONE);
		fixed("commit far", at + 200 * MB, 4 * PAGE, PROT_READ | PROT_WRITE);
		check("far", at + 200 * MB - PAGE, 6, "- 0w 0w 0w 0w -");
		check("near", at, 2, "- -");
		result("gone", munmap(at, 256 * MB));
	}
}

/* More in all than there is memory, if any of it stayed. Pages are checked to be zero. */
static void over_and_over(void)
{
	int dirty = 0;

	for (int round = 0; round < 200; round++) {
		size_t size = (size_t)(round % 13 + 1) * 37 * PAGE;
		unsigned char *at = map(size, round % 3 ? PROT_READ | PROT_WRITE : PROT_NONE);
		if (round % 3 == 0)
			fixed("behind it", at, size, PROT_READ | PROT_WRITE);
		for (size_t byte = 0; byte < size; byte += 512)
			dirty |= at[byte];
		memset(at, 0xff, size);
		size_t half = size / 2 / PAGE * PAGE;
		munmap(at + half, size - half);
		if (half)
			munmap(at, half);
	}
	printf("over and over: %s\n", dirty ? "dirty" : "clean");
}

static void moved(void)
{
	unsigned char *at = map(2 * PAGE, PROT_READ | PROT_WRITE);

	memset(at, 3, 2 * PAGE);
	at = mremap(at, 2 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	check("grown", at, 3, "3w 3w 0w");
	at = mremap(at, 40 * PAGE, PAGE, 0);
	check("shrunk", at, 1, "3w");
	result("gone", munmap(at, PAGE));
}

/* Blocks that use all memory up (or 64 MB); once the large ones are freed, the small ones at the end of the heap do not keep
   mappings from the memory between. */
static void under_a_block(void)
{
	enum { LARGE = 256, SMALL = 2000, MAPPINGS = 40, SIZE = 64 * PAGE };
	static void *large[LARGE], *small[SMALL];
	unsigned char *mapping[MAPPINGS];
	int larges = 0, smalls = 0, mappings = 0, dirty = 0;

	while (larges < LARGE && (large[larges] = malloc(MB / 4)))
		memset(large[larges++], 0xff, MB / 4);
	while (smalls < SMALL && (small[smalls] = malloc(1000)))
		smalls++;
	while (larges > 0)
		free(large[--larges]);
	while (mappings < MAPPINGS && (mapping[mappings] = map(SIZE, PROT_READ | PROT_WRITE)) != MAP_FAILED) {
		for (size_t byte = 0; byte < SIZE; byte += 512)
			dirty |= mapping[mappings][byte];
		memset(mapping[mappings++], 0xff, SIZE);
	}
	printf("under a block: %d of %d mappings, %s\n", mappings, MAPPINGS, dirty ? "dirty" : "clean");
	fixed("anew", mapping[0] + PAGE, PAGE, PROT_READ | PROT_WRITE);
	result("rights", mprotect(mapping[0] + 2 * PAGE, PAGE, PROT_READ));
	check("a page of them", mapping[0], 4, "255w 0w 255r 255w");
	for (int i = 0; i < mappings; i++) {
		munmap(mapping[i] + SIZE / 2, SIZE / 2);
		munmap(mapping[i], SIZE / 2);
	}
	void *block = malloc(8 * MB);
	printf("a large block again: %s\n", block ? "ok" : strerror(errno));
	free(block);
	while (smalls > 0)
		free(small[--smalls]);
}

int main(void)
{
	struct sigaction action = { .sa_handler = jump_out, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	one_after_the_other(0);
	one_after_the_other(1);
	reserve_and_commit();
	over_and_over();
	moved();
	under_a_block();
	result("rights that do not exist", mprotect((void *)(uintptr_t)0x100000, PAGE, 0x80));
	result("nothing of nothing", mprotect(NULL, 0, PROT_READ) || madvise(NULL, 0, MADV_DONTNEED));
	void *block = aligned_alloc(PAGE, PAGE);
	memset(block, 9, PAGE);
	result("a block", mprotect(block, PAGE, PROT_READ));
	check("a block", block, 1, "9r");
	result("a block", mprotect(block, PAGE, PROT_READ | PROT_WRITE));
	check("a block", block, 1, "9w");
	free(block);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * Much output, output that nobody reads, and input; the command line's first word chooses.
 */
#include "../solo5_test.h"

#define SECOND 1000000000ull

extern size_t solo5__xen_console_read(void *buffer, size_t size);

static uint64_t number(const char *text)
{
	uint64_t number = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	return number;
}

/* The line with a number: 79 characters and LF, which tests/console.rs makes, too. */
static void line_of(uint64_t number, char *line)
{
	for (int i = 0; i < 79; i++) {
		line[i] = (char)('!' + (number + (uint64_t)i * 7) % 90);
		number = number * 6364136223846793005ull + 1442695040888963407ull;
		number ^= number >> 32;
	}
	line[79] = '\n';
}

/* So many lines, a write each. */
static int lines(const struct solo5_start_info *info)
{
	uint64_t count = number(info->cmdline + length("lines "));
	char line[80];

	for (uint64_t i = 0; i < count; i++) {
		line_of(i, line);
		solo5_console_write(line, sizeof line);
	}
	return 0;
}

/* So many lines in one write. */
static int once(const struct solo5_start_info *info)
{
	uint64_t count = number(info->cmdline + length("once "));

	for (uint64_t i = 0; i < count; i++)
		line_of(i, (char *)info->heap_start + 80 * i);
	solo5_console_write((char *)info->heap_start, 80 * count);
	return 0;
}

/* Lines that must be seen before the domain goes on: each is answered. */
static int answers(const struct solo5_start_info *info)
{
	char byte;

	(void)info;
	for (int i = 0; i < 40; i++) {
		print_number("line ", (uint64_t)i, "\n");
		if (solo5__xen_console_read(&byte, 1) != 1 || byte != 'a' + i % 26)
			return 1;
	}
	return 0;
}

/* More lines than may have an event each, then nothing but work: they are not kept for long all the same. */
static int busy(const struct solo5_start_info *info)
{
	uint64_t end;

	(void)info;
	for (int i = 0; i < 20; i++)
		print_number("line ", (uint64_t)i, "\n");
	end = solo5_clock_monotonic() + 3600 * SECOND;
	while (solo5_clock_monotonic() < end)
		;
	return 1;
}

extern size_t solo5__xen_console_waiting(void);

/* Tells dom0, which finds it in Xen's log, that all is written: the console does not work. */
static void tell_written(void)
{
	for (const char *at = "written\n"; *at != 0; at++)
		__asm__ volatile("outb %0, $0xe9" : : "a"(*at));
}

/* Writes more than the ring holds while nobody reads, then sleeps until something is typed. */
static int stall(const struct solo5_start_info *info)
{
	char line[80];
	uint64_t start = solo5_clock_monotonic(), first = 0, rest;

	(void)info;
	for (uint64_t i = 0; i < 100; i++) {
		line_of(i, line);
		solo5_console_write(line, sizeof line);
		if (first == 0 && solo5_clock_monotonic() - start > SECOND)
			first = solo5_clock_monotonic() - start;
	}
	rest = solo5_clock_monotonic() - start - first;
	tell_written();
	while (solo5__xen_console_waiting() == 0)
		solo5_yield(solo5_clock_monotonic() + SECOND, NULL);
	print_number("waited ", first / 1000000, "");
	print_number(" ms, then ", rest / 1000000, " ms\n");
	return 0;
}

/* The same for one that reads, and so sleeps for good. */
static int stall_read(const struct solo5_start_info *info)
{
	char line[80], byte;

	(void)info;
	for (uint64_t i = 0; i < 100; i++) {
		line_of(i, line);
		solo5_console_write(line, sizeof line);
	}
	tell_written();
	return solo5__xen_console_read(&byte, 1) == 1 && byte == 'x' ? 0 : 1;
}

/* What is typed, in the pieces in which it came. */
static int input(const struct solo5_start_info *info)
{
	uint64_t total = number(info->cmdline + length("input ")), have = 0, hash = 14695981039346656037ull;
	static uint8_t bytes[512];

	print("ready\n");
	while (have < total) {
		size_t count = solo5__xen_console_read(bytes, sizeof bytes);
		if (count == 0 || count > sizeof bytes)
			return 1;
		for (size_t i = 0; i < count; i++)
			hash = (hash ^ bytes[i]) * 1099511628211ull;
		have += count;
	}
	print_number("read ", have, "");
	print_number(" hash ", hash, "\n");
	return 0;
}

static const struct test tests[] = {
	{ "lines ", lines }, { "once ", once }, { "answers", answers }, { "busy", busy }, { "stall-read", stall_read }, { "stall", stall },
	{ "input ", input },
};

int solo5_app_main(const struct solo5_start_info *info)
{
	return RUN_TEST(tests, info);
}

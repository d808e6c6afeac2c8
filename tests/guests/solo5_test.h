/* SPDX-License-Identifier: ISC
 * What the guests on Solo5's API alone share: printing without libc, and choosing a test by the command line.
 */
#ifndef SOLO5_TEST_H
#define SOLO5_TEST_H

#include <solo5.h>

static inline size_t length(const char *text)
{
	size_t n = 0;
	while (text[n] != 0)
		n++;
	return n;
}

static inline void print(const char *text)
{
	solo5_console_write(text, length(text));
}

static inline void print_number(const char *before, uint64_t number, const char *after)
{
	char digits[21];
	char *at = &digits[20];

	*at = 0;
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	print(before);
	print(at);
	print(after);
}

static inline bool starts_with(const char *text, const char *start)
{
	while (*start != 0)
		if (*text++ != *start++)
			return false;
	return true;
}

struct test {
	const char *name;
	int (*run)(const struct solo5_start_info *info);
};

/* Runs the test that the command line's first word names; its result is the exit status. */
static inline int run_test(const struct test *tests, size_t count, const struct solo5_start_info *info)
{
	for (size_t i = 0; i < count; i++)
		if (starts_with(info->cmdline, tests[i].name))
			return tests[i].run(info);
	print("no such test: ");
	print(info->cmdline);
	print("\n");
	return 99;
}

#define RUN_TEST(tests, info) run_test(tests, sizeof(tests) / sizeof((tests)[0]), info)

#endif

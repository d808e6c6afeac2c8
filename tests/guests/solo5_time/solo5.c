/* SPDX-License-Identifier: ISC
 * Time over longer stretches, and the watchdog; the command line's first word chooses.
 */
#include "../solo5_test.h"

#define MS 1000000ull
#define SECOND 1000000000ull

static uint64_t number(const char *text)
{
	uint64_t number = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	return number;
}

static void sleep_until(uint64_t deadline)
{
	while (solo5_clock_monotonic() < deadline)
		solo5_yield(deadline, NULL);
}

/* Sleeps so many milliseconds and tells how late it woke up, in ns: never early. */
static int sleep(const struct solo5_start_info *info)
{
	uint64_t time = number(info->cmdline + length("sleep ")) * MS;
	uint64_t deadline = solo5_clock_monotonic() + time, now;

	solo5_yield(deadline, NULL);
	now = solo5_clock_monotonic();
	if (now < deadline)
		return 1;
	print_number("late ", now - deadline, "\n");
	return 0;
}

extern size_t solo5__xen_console_waiting(void);

/* Both clocks at each tenth of a second, until something is typed. */
static int watch(const struct solo5_start_info *info)
{
	uint64_t last = 0;

	(void)info;
	while (solo5__xen_console_waiting() == 0) {
		uint64_t now, wall;

		/* Both at once: a machine that stood still between them is no change of either. */
		do {
			now = solo5_clock_monotonic();
			wall = solo5_clock_wall();
			if (now < last)
				return 1;
			last = now;
		} while (solo5_clock_monotonic() - now > 10 * MS);
		print_number("clocks ", now, "");
		print_number(" ", wall, "\n");
		sleep_until(now + 100 * MS);
	}
	return 0;
}

/* Never waits for anything again. */
static int wedge(const struct solo5_start_info *info)
{
	static volatile int forever = 1;

	(void)info;
	print("wedged\n");
	while (forever)
		;
	return 1;
}

/* Waits in all ways for longer than the watchdog's time: in short sleeps and in long ones. */
static int idle(const struct solo5_start_info *info)
{
	uint64_t time = number(info->cmdline + length("idle ")) * SECOND;

	sleep_until(solo5_clock_monotonic() + time);
	for (uint64_t end = solo5_clock_monotonic() + time; solo5_clock_monotonic() < end;)
		sleep_until(solo5_clock_monotonic() + 200 * MS);
	return 0;
}

static const struct test tests[] = {
	{ "sleep ", sleep }, { "watch", watch }, { "wedge", wedge }, { "idle ", idle },
};

int solo5_app_main(const struct solo5_start_info *info)
{
	return RUN_TEST(tests, info);
}

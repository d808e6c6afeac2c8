/* SPDX-License-Identifier: ISC */
/* setjmp and longjmp through many frames, atexit order, assert's building blocks, errno, abs's corners. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf target;

static int descend(int n, int value)
{
	volatile char frame[64];
	memset((void *)frame, n, sizeof frame);
	if (n == 0)
		longjmp(target, value);
	return descend(n - 1, value) + frame[n % 64];
}

static volatile sig_atomic_t raised;

static void on_signal(int number)
{
	raised = number;
}

static void first(void)
{
	puts("atexit: registered first, runs last");
}

static void second(void)
{
	puts("atexit: registered second, runs first");
}

int main(void)
{
	volatile double kept = 1.5;
	int value = setjmp(target);

	if (value < 3) {
		printf("setjmp returned %d, kept %g\n", value, kept);
		kept *= 2;
		descend(1000, value + 1);
	}
	printf("setjmp at last: %d, kept %g\n", value, kept);
	if (setjmp(target) == 0)
		descend(10, 0);
	else
		puts("longjmp with 0 returns 1");

	sigjmp_buf with_mask;
	if (sigsetjmp(with_mask, 1) == 0)
		siglongjmp(with_mask, 7);
	puts("siglongjmp");

	errno = 0;
	long overflow = strtol("99999999999999999999", NULL, 10);
	printf("strtol: %ld, %s\n", overflow, strerror(errno));
	errno = 0;
	FILE *file = fopen("/no/such/file", "r");
	printf("fopen: %p, %s\n", (void *)file, strerror(errno));
	printf("getenv: %s\n", getenv("NO_SUCH_VARIABLE") ? "set" : "unset");

	signal(SIGUSR1, on_signal);
	printf("raise: %d, ", raise(SIGUSR1));
	printf("handler saw %d\n", (int)raised);

	atexit(first);
	atexit(second);
	return 5;
}

/* SPDX-License-Identifier: ISC
 * Standard input through libc, by line and by byte, to the end that Ctrl-D makes. Not a Linux process beside it, because
 * a pipe is no terminal.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	char line[100];
	int byte;
	struct pollfd input = { .fd = 0, .events = POLLIN };
	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	printf("nothing %d\n", poll(&input, 1, 50));
	clock_gettime(CLOCK_MONOTONIC, &after);
	if ((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec < 50000000)
		return 2;
	printf("name? ");
	fflush(stdout);
	int ready = poll(&input, 1, -1);
	printf("ready %d %d\n", ready, input.revents);
	if (fgets(line, sizeof line, stdin) == NULL)
		return 1;
	printf("[%.*s]\n", (int)strcspn(line, "\n"), line);
	printf("bytes? ");
	fflush(stdout);
	for (int i = 0; i < 3; i++)
		printf("<%c>", getchar());
	printf("\n");
	ssize_t count = read(0, line, sizeof line);
	printf("read %zd\n", count);
	while ((byte = getchar()) != EOF)
		putchar(byte);
	printf("end %d\n", feof(stdin) != 0);
	return 0;
}

/* SPDX-License-Identifier: ISC
 * Standard input through libc, by line and by byte, to the end that Ctrl-D makes. Not a Linux process beside it, because
 * a pipe is no terminal.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	char line[100];
	int byte;

	printf("name? ");
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

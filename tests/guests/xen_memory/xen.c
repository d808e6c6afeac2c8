/* SPDX-License-Identifier: ISC */
/* All memory there is, taken from malloc in pieces, written and read again page by page. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PIECE (2ul << 20)
#define PAGE 4096

struct piece {
	struct piece *next;
	uint64_t words[];
};

int main(void)
{
	struct piece *all = NULL, *piece;
	size_t count = 0, above = 0;

	while ((piece = malloc(PIECE)) != NULL) {
		piece->next = all;
		all = piece;
		for (size_t at = 0; at + PAGE <= PIECE - sizeof *piece; at += PAGE)
			piece->words[at / 8] = (uintptr_t)&piece->words[at / 8];
		count++;
		above += (uintptr_t)piece >> 32 != 0;
	}
	for (piece = all; piece != NULL; piece = piece->next)
		for (size_t at = 0; at + PAGE <= PIECE - sizeof *piece; at += PAGE)
			if (piece->words[at / 8] != (uintptr_t)&piece->words[at / 8]) {
				printf("lost at %p\n", (void *)&piece->words[at / 8]);
				return 1;
			}
	printf("all %zu KiB\nabove %zu KiB\n", count * (PIECE >> 10), above * (PIECE >> 10));
	return 0;
}

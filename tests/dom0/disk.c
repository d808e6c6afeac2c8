/* SPDX-License-Identifier: ISC
 * A disk as dom0 sees it, for tests/disk.rs.
 *
 *   disk digest FILE   FNV-1a over its 64-bit words, as the guest solo5_blk computes it
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	uint64_t hash = 14695981039346656037ull, word;
	FILE *file;

	if (argc != 3 || strcmp(argv[1], "digest") != 0 || (file = fopen(argv[2], "rb")) == NULL) {
		fprintf(stderr, "disk: wrong usage, or no such file\n");
		return 64;
	}
	while (fread(&word, sizeof word, 1, file) == 1)
		hash = (hash ^ word) * 1099511628211ull;
	printf("digest %llu\n", (unsigned long long)hash);
	return 0;
}

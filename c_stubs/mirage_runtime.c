/* SPDX-License-Identifier: ISC */
/* What the collector starts with, and the words OCAMLRUNPARAM=… that a command line may begin with.
 *
 * The runtime of OCaml 4 has variables for it; that of 5 reads everything from OCAMLRUNPARAM, so that what fits the domain
 * comes first there, and what the user asks for, last and so with the last word. */
#define CAML_NAME_SPACE
#define CAML_INTERNALS
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <caml/version.h>
#include <caml/mlvalues.h>
#include <caml/startup_aux.h>

#include "mirage_runtime.h"

static const char variable[] = "OCAMLRUNPARAM=";

/* The runtime starts with 2 MiB for young blocks and 1 MiB for old ones, whatever there is. A small domain starts with an
   eighth and a sixteenth of its heap instead. */
#define SMALL_HEAP (16u << 20)

#if OCAML_VERSION < 50000
static void fit_collector(size_t heap_size, char *parameters, size_t size)
{
	(void)parameters, (void)size;
	if (heap_size >= SMALL_HEAP)
		return;
	caml_init_minor_heap_wsz = heap_size / 8 / sizeof(value);
	caml_init_heap_wsz = heap_size / 16 / sizeof(value);
}
#else
/* As many domains as memory has room for their young heaps, by half of it, up to the runtime's own 128: each that could be
   costs address space and bookkeeping. OCaml's stacks lie in the heap: Stack_overflow comes at a quarter of it, while there
   is still memory to handle it, and not at 1 GiB. */
static void fit_collector(size_t heap_size, char *parameters, size_t size)
{
	size_t young = heap_size < SMALL_HEAP ? heap_size / 8 : 2u << 20, stack = heap_size / 4;

	size_t domains = heap_size / 2 / young;

	if (stack > (size_t)1 << 30)
		stack = (size_t)1 << 30;
	if (domains > 128)
		domains = 128;
	snprintf(parameters, size, "d=%zu,s=%zu,l=%zu,", domains, young / sizeof(value), stack / sizeof(value));
}
#endif

const char *mirage_runtime_start(const char *command_line, size_t heap_size)
{
	/* Backtraces are recorded, as mirage's own default is: what nobody catches is reported with the way it came. */
	char own[100] = "b,";
	const char *rest = command_line;

	fit_collector(heap_size, own + 2, sizeof own - 2);
	char *value = malloc(sizeof own + strlen(command_line));
	if (value == NULL)
		abort();
	strcpy(value, own);
	char *end = value + strlen(value);
	for (;;) {
		const char *word = rest + strspn(rest, " ");
		if (strncmp(word, variable, sizeof variable - 1) != 0)
			break;
		word += sizeof variable - 1;
		size_t length = strcspn(word, " ");
		memcpy(end, word, length);
		end += length;
		*end++ = ',';
		rest = word + length + strspn(word + length, " ");
	}
	if (end != value) {
		end[-1] = '\0';
		if (setenv("OCAMLRUNPARAM", value, 1) != 0)
			abort();
	}
	free(value);
	return rest;
}

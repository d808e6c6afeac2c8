/* SPDX-License-Identifier: ISC */
/* Sys.argv from the domain's command line, for ordinary OCaml programs. Linked only where xen-ocaml links, which gives these
 * two functions their callers (ld --wrap); MirageOS reads the command line itself (mirage_xen_get_cmdline).
 *
 * Words are apart by blanks. Quotes of either kind keep blanks; a backslash keeps the next character, inside '...' too
 * when it is a quote or a backslash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAML_NAME_SPACE
#include <caml/mlvalues.h>

#include "mirage_runtime.h"

extern const char *__real_mirage_runtime_start(const char *line, size_t heap_size);
extern value __real_caml_startup_exn(char **argv);
const char *__wrap_mirage_runtime_start(const char *line, size_t heap_size);
value __wrap_caml_startup_exn(char **argv);

static const char *command_line = "";

/* The line that is the program's, without what was said to the core and to OCaml's runtime. */
const char *__wrap_mirage_runtime_start(const char *line, size_t heap_size)
{
	command_line = __real_mirage_runtime_start(line, heap_size);
	return command_line;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies the word at `from` to `*to`, with its final zero; where it ends in the line. */
static const char *take_word(const char *from, char **to)
{
	char quote = 0, *end = *to;

	for (; *from != 0 && (quote != 0 || !is_blank(*from)); from++) {
		if (*from == quote) {
			quote = 0;
		} else if (quote == 0 && (*from == '"' || *from == '\'')) {
			quote = *from;
		} else {
			int keeps = quote == 0 || from[1] == quote || from[1] == '\\';
			if (*from == '\\' && from[1] != 0 && keeps)
				from++;
			*end++ = *from;
		}
	}
	*end++ = 0;
	*to = end;
	return from;
}

value __wrap_caml_startup_exn(char **argv)
{
	size_t length = strlen(command_line), count = 0;
	/* At most every second character begins a word. */
	char **words = malloc((length / 2 + 3) * sizeof *words);
	char *text = malloc(length + 2);

	if (words == NULL || text == NULL) {
		fputs("no memory for the words of the command line\n", stderr);
		abort();
	}
	words[count++] = argv[0];
	for (const char *at = command_line;;) {
		while (is_blank(*at))
			at++;
		if (*at == 0)
			break;
		words[count++] = text;
		at = take_word(at, &text);
	}
	words[count] = NULL;
	return __real_caml_startup_exn(words);
}

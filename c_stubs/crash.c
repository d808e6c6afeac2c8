/* SPDX-License-Identifier: ISC */
/* OCaml's part in a crash report, where the Solo5 part makes one: the exception that nobody caught, where it was raised,
 * and the state of OCaml's heap. Without allocation, and with what every runtime from 4.08 on has.
 */
#define CAML_NAME_SPACE
#define CAML_INTERNALS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <caml/mlvalues.h>
#include <caml/backtrace.h>
#include <caml/backtrace_prim.h>
#include <caml/printexc.h>
#include <caml/stack.h>
#include <caml/version.h>

/* The core's: see src/xen/crash/notes.rs. */
typedef void say_line(const char *text, size_t size);
struct solo5__xen_crash_note {
	struct solo5__xen_crash_note *next;
	void (*write)(say_line *say);
	const char *cause;
	size_t cause_size;
};
extern void solo5__xen_on_crash(struct solo5__xen_crash_note *note) __attribute__((weak));

static char cause[200];
static int uncaught;

static void say_text(say_line *say, const char *text)
{
	say(text, strlen(text));
}

/* The runtime renamed where a place is when it began to say where it ends, in 5.2. */
#if OCAML_VERSION >= 50200
#define LINE(at) ((at).loc_start_lnum)
#define FROM(at) ((at).loc_start_chr)
#define TO(at) ((at).loc_end_chr)
#else
#define LINE(at) ((at).loc_lnum)
#define FROM(at) ((at).loc_startchr)
#define TO(at) ((at).loc_endchr)
#endif

/* One call or raise of the backtrace, as the runtime prints it. */
static void say_place(say_line *say, debuginfo place, int first)
{
	struct caml_loc_info at;
	char line[160];
	const char *how;

	caml_debuginfo_location(place, &at);
	how = at.loc_is_raise ? (first ? "raised at" : "re-raised at") : (first ? "raised by primitive at" : "called from");
	if (at.loc_valid)
		snprintf(line, sizeof line, "OCaml:   %s %s:%d, characters %d-%d%s", how, at.loc_filename, LINE(at),
			 FROM(at), TO(at), at.loc_is_inlined ? " (inlined)" : "");
	else if (!at.loc_is_raise)
		snprintf(line, sizeof line, "OCaml:   %s code without location (compiled without -g)", how);
	else
		return;
	say_text(say, line);
}

static void say_backtrace(say_line *say)
{
	int most = 40;

	if (Caml_state->backtrace_pos == 0)
		say_text(say, "OCaml:   no backtrace: compiled without -g");
	for (intnat i = 0; i < Caml_state->backtrace_pos; i++)
		for (debuginfo place = caml_debuginfo_extract(Caml_state->backtrace_buffer[i]); place != NULL;
		     place = caml_debuginfo_next(place)) {
			if (most-- == 0) {
				say_text(say, "OCaml:   ...");
				return;
			}
			say_place(say, place, i == 0);
		}
}

static void write(say_line *say)
{
	char line[160];

	if (uncaught) {
		say_text(say, "OCaml: backtrace of the exception:");
		say_backtrace(say);
	}
	if (Caml_state == NULL)
		return;
#if OCAML_VERSION_MAJOR < 5
	snprintf(line, sizeof line, "OCaml %s: heap %lu KiB, %lu minor and %lu major collections, %lu compactions",
		 OCAML_VERSION_STRING, (unsigned long)Caml_state->stat_heap_wsz * sizeof(value) / 1024,
		 (unsigned long)Caml_state->stat_minor_collections, (unsigned long)Caml_state->stat_major_collections,
		 (unsigned long)Caml_state->stat_compactions);
	say_text(say, line);
#else
	snprintf(line, sizeof line, "OCaml %s", OCAML_VERSION_STRING);
	say_text(say, line);
#endif
}

static struct solo5__xen_crash_note note = { .write = write };

/* Before the runtime starts. */
void mirage_xen_crash_init(void)
{
	if (solo5__xen_on_crash)
		solo5__xen_on_crash(&note);
}

/* Ends the domain for an exception that nobody catches: at_exit runs, the runtime prints and aborts. */
_Noreturn void mirage_xen_uncaught(value exception)
{
	char *text = caml_format_exception(exception);
	int size = snprintf(cause, sizeof cause, "uncaught OCaml exception: %s", text ? text : "out of memory");

	note.cause = cause;
	note.cause_size = (size_t)size < sizeof cause ? (size_t)size : sizeof cause - 1;
	uncaught = 1;
	caml_fatal_uncaught_exception(exception);
	abort(); /* some headers do not say that it never returns */
}

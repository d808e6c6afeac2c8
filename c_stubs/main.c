/* SPDX-License-Identifier: ISC */
/* The application's entry: hands the heap to libc, keeps the command line, and runs the OCaml program.
 *
 * Ends of a program, and what becomes of them:
 *   its last phrase returns    at_exit functions run, libc's exit(0)
 *   exit N                     the runtime calls libc's exit(N)
 *   an uncaught exception      at_exit functions run, the runtime prints it with its backtrace and aborts: the domain
 *                              crashes, so that a toolstack keeps or restarts it (Linux exits with 2)
 */
#define CAML_NAME_SPACE
#define CAML_INTERNALS
#include <stdint.h>
#include <stdlib.h>

#include <caml/mlvalues.h>
#include <caml/alloc.h>
#include <caml/callback.h>
#include <caml/startup_aux.h>

#include "mirage_identity.h"
#include "mirage_runtime.h"

struct solo5_start_info {
	const char *cmdline;
	uintptr_t heap_start;
	size_t heap_size;
};

/* crash.c */
extern void mirage_xen_crash_init(void);
extern _Noreturn void mirage_xen_uncaught(value exception);

extern void _nolibc_init(uintptr_t heap_start, size_t heap_size);

/* The runtime's own switch: an uncaught exception aborts instead of exiting with 2. */
extern int caml_abort_on_uncaught_exn;

/* For mirage_memory.c. */
uintptr_t mirage_xen_heap_start, mirage_xen_stack_start;
size_t mirage_xen_heap_bytes;

static const char *command_line = "";

/* Solo5's upcall: the gate has acknowledged, and everything else is the main loop's. Overrides a weak default. */
int solo5__xen_evtchn_vector_handler(void *unused)
{
	(void)unused;
	return 1;
}

/* unit -> string */
value mirage_xen_get_cmdline(value unit)
{
	(void)unit;
	return caml_copy_string(command_line);
}

/* Has no variable on its stack that gcc would guard with a canary: over another Solo5 there is none before libc starts. */
int solo5_app_main(const struct solo5_start_info *info)
{
	static char name[] = "mirage";
	static char *argv[] = { name, NULL };

	mirage_xen_heap_start = info->heap_start;
	mirage_xen_heap_bytes = info->heap_size;
	mirage_xen_stack_start = (uintptr_t)__builtin_frame_address(0);
	_nolibc_init(info->heap_start, info->heap_size);
	command_line = mirage_runtime_start(info->cmdline, info->heap_size);
	caml_abort_on_uncaught_exn = 1;
	mirage_xen_crash_init();
	value end = caml_startup_exn(argv);
	if (Is_exception_result(end))
		mirage_xen_uncaught(Extract_exception(end));

	/* A program linked as an object has no std_exit, whose only work this is. */
	const value *at_exit = caml_named_value("Pervasives.do_at_exit");
	if (at_exit != NULL) {
		value result = caml_callback_exn(*at_exit, Val_unit);
		if (Is_exception_result(result))
			mirage_xen_uncaught(Extract_exception(result));
	}
	exit(0);
}

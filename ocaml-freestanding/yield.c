/* SPDX-License-Identifier: ISC */
/* OCaml's Thread.yield returns at once where no thread waits for the master lock. On Linux the others come to wait for it
 * meanwhile, on processors of their own or because the kernel interrupts; here a thread that has not begun, or whose sleep is
 * over, gets that far only when the running one lets it. So each yield is a turn for them first. The threads library is the
 * distribution's archive: programs are linked with --wrap=caml_thread_yield. */
#include <sched.h>
#include "caml/mlvalues.h"

/* The library's own; weak, since the runtime is linked without the library, too. */
extern value __real_caml_thread_yield(value unit) __attribute__((weak));
value __wrap_caml_thread_yield(value unit);

value __wrap_caml_thread_yield(value unit)
{
  sched_yield();
  return __real_caml_thread_yield(unit);
}

/* SPDX-License-Identifier: ISC */
/* Compiled before each file of the runtime of OCaml 5: who spins for another domain lets that one run, since there is one
 * processor. The runtime's loops call cpu_relax(), and those that try again to stop the others caml_handle_incoming_interrupts();
 * both are told apart from their declarations by their arguments: calls have none. No source changes. */
extern int sched_yield(void);

#define cpu_relax(...) CPU_RELAX_##__VA_ARGS__
#define CPU_RELAX_void caml_unused_pause(void)
#define CPU_RELAX_ sched_yield()

#define caml_handle_incoming_interrupts(...) HANDLE_INTERRUPTS_##__VA_ARGS__
#define HANDLE_INTERRUPTS_void (caml_handle_incoming_interrupts)(void)
#define HANDLE_INTERRUPTS_ ((caml_handle_incoming_interrupts)(), (void)sched_yield())

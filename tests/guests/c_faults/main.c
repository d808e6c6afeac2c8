/* SPDX-License-Identifier: ISC */
/* Page faults as SIGSEGV: a handler on an alternate stack that jumps out, again and again; one that repairs the context
   and returns, vector registers untouched; endless recursion. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static sigjmp_buf back;
static void *volatile fault_address;
static volatile int on_alternate_stack;
static unsigned char alternate[32768];

static void jump_out(int number, siginfo_t *info, void *context)
{
	unsigned char here;
	(void)context;
	fault_address = info->si_addr;
	on_alternate_stack = (uintptr_t)&here - (uintptr_t)alternate < sizeof alternate;
	siglongjmp(back, number);
}

/* Continues after the two-byte store that the test makes. */
static void skip(int number, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;
	double scramble = 1.5;
	(void)number;
	fault_address = info->si_addr;
	/* The vector registers are this handler's to use. */
	__asm__ volatile("movsd %0, %%xmm0\n\tmovaps %%xmm0, %%xmm7\n\tmovaps %%xmm0, %%xmm15" : : "m"(scramble) : "xmm0", "xmm7", "xmm15");
	interrupted->uc_mcontext.gregs[REG_RIP] += 2;
	interrupted->uc_mcontext.gregs[REG_RBX] = 77;
}

static void install(void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action, old;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO | SA_NODEFER | flags;
	sigemptyset(&action.sa_mask);
	int result = sigaction(SIGSEGV, &action, &old);
	printf("sigaction: %d, was default: %d\n", result, old.sa_handler == SIG_DFL);
}

static int forever(int n)
{
	volatile char frame[100];
	frame[n % 100] = (char)n;
	return forever(n + 1) + frame[n % 100];
}

int main(void)
{
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof alternate };
	volatile int *volatile wild = (int *)(uintptr_t)64;

	printf("sigaltstack: %d\n", sigaltstack(&stack, NULL));
	install(jump_out, SA_ONSTACK);
	for (volatile int i = 0; i < 3; i++) {
		if (sigsetjmp(back, 1) == 0) {
			*wild = 1;
			puts("the store went through");
		} else {
			printf("caught at %p, on the alternate stack: %d\n", fault_address, on_alternate_stack);
		}
	}
	for (volatile int i = 0; i < 3; i++) {
		if (sigsetjmp(back, 1) == 0)
			printf("%d\n", forever(0));
		else
			printf("recursion ended, on the alternate stack: %d\n", on_alternate_stack);
	}

	install(skip, SA_ONSTACK);
	double kept0 = 2.25, kept7 = 3.25, kept15 = 4.25;
	uint64_t rbx = 1;
	__asm__ volatile(
		"movsd %0, %%xmm0\n\tmovsd %1, %%xmm7\n\tmovsd %2, %%xmm15\n\t"
		"movb %%al, (%%rcx)\n\t" /* two bytes: the fault */
		"movsd %%xmm0, %0\n\tmovsd %%xmm7, %1\n\tmovsd %%xmm15, %2"
		: "+m"(kept0), "+m"(kept7), "+m"(kept15), "+b"(rbx)
		: "c"((uintptr_t)128)
		: "xmm0", "xmm7", "xmm15", "memory");
	printf("continued after %p: %g %g %g, rbx %d\n", fault_address, kept0, kept7, kept15, (int)rbx);

	struct sigaction reset = { .sa_handler = SIG_DFL };
	sigaction(SIGSEGV, &reset, NULL);
	puts("done");
	return 0;
}

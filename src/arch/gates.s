# SPDX-License-Identifier: ISC
# Interrupt and exception gates: the "x86-interrupt" calling convention is not stable Rust.

# One stub a vector: make every frame look alike (vector and error code pushed), save all registers, and
# call `trap` with a pointer to them (struct TrapFrame in traps.rs). `trap` returns only when the context in
# the frame is to be continued.
.macro TRAP vector, has_error
.balign 16
    .if \has_error == 0
    pushq $0
    .endif
    pushq $\vector
    jmp trap_common
.endm

.section .text.gates, "ax", @progbits
.globl trap_stubs
.balign 16
trap_stubs:
# A walk up a stack continues from here with the interrupted registers, all of which trap_common saves.
.cfi_startproc simple
.cfi_signal_frame
.cfi_def_cfa rsp, 56
.cfi_offset rip, -40
.cfi_offset rsp, -16
# The list of vectors that push an error code is in the SDM vol. 3, table 7-1.
.irp v, 0,1,2,3,4,5,6,7
    TRAP \v, 0
.endr
TRAP 8, 1
TRAP 9, 0
.irp v, 10,11,12,13,14
    TRAP \v, 1
.endr
.irp v, 15,16
    TRAP \v, 0
.endr
TRAP 17, 1
.irp v, 18,19,20
    TRAP \v, 0
.endr
TRAP 21, 1
.irp v, 22,23,24,25,26,27,28
    TRAP \v, 0
.endr
.irp v, 29,30
    TRAP \v, 1
.endr
TRAP 31, 0

.balign 16
trap_common:
    cld
    pushq %r15
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %r11
    pushq %r10
    pushq %r9
    pushq %r8
    pushq %rbp
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rbx
    pushq %rax
    .cfi_def_cfa rsp, 176               # struct TrapFrame
    .cfi_offset rax, -176
    .cfi_offset rbx, -168
    .cfi_offset rcx, -160
    .cfi_offset rdx, -152
    .cfi_offset rsi, -144
    .cfi_offset rdi, -136
    .cfi_offset rbp, -128
    .cfi_offset r8, -120
    .cfi_offset r9, -112
    .cfi_offset r10, -104
    .cfi_offset r11, -96
    .cfi_offset r12, -88
    .cfi_offset r13, -80
    .cfi_offset r14, -72
    .cfi_offset r15, -64
    # A program that goes on where it was (a SIGSEGV handler repaired the cause) has its vector registers back, too.
    movq %rsp, %rdi
    movq %rsp, %rbp
    .cfi_def_cfa_register rbp
    subq $512, %rsp
    andq $-16, %rsp
    fxsave64 (%rsp)
    call trap
    fxrstor64 (%rsp)
    movq %rbp, %rsp
    popq %rax
    popq %rbx
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    popq %rbp
    popq %r8
    popq %r9
    popq %r10
    popq %r11
    popq %r12
    popq %r13
    popq %r14
    popq %r15
    addq $16, %rsp
    iretq
.cfi_endproc

# The event-channel upcall. It is taken in one place, the `sti; hlt` of a wait, and ends it: it goes on behind the halt with
# interrupts off, for which it needs the wait's stack pointer and nothing of its frame. evtchn_upcall_pending stays set for
# whoever demultiplexes, and Xen, which injects the vector as long as it is set and interrupts are on, cannot inject it
# again before the next wait.
#
# With interrupts off, where it cannot come, it changes nothing. QEMU's emulation of SVM delivers an injected interrupt a
# second time when it is asked to stop before the guest has left to Xen again: at any instruction, with interrupts off.
# Before a wait's `hlt` such a one ends the wait as well: if it went on with the halt, interrupts would be off in it, with
# which Xen takes the domain for one that has powered itself off. At the gate itself it overwrites the frame, which a wait
# does not need.
#
# Bindings other than ours halt by themselves. They go on with interrupts off, too.
.globl upcall_gate
.balign 16
upcall_gate:
.cfi_startproc simple
.cfi_signal_frame
.cfi_def_cfa rsp, 40
.cfi_offset rip, -40
.cfi_offset rsp, -16
    cmpq $0, {cpu}+{waiting}(%rip)
    jne wait_ended
    testl $0x200, 16(%rsp)              # IF of the interrupted context
    jnz 1f
    iretq
1:  pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    .cfi_def_cfa_offset 112
    movq 72(%rsp), %rax
    cmpb $0xf4, (%rax)                  # not halted yet
    jne 2f
    incq 72(%rsp)
2:  cld
    xorl %edi, %edi
    call solo5__xen_evtchn_vector_handler
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    andl $~0x200, 16(%rsp)
    iretq
.cfi_endproc

# Sleeps until an interrupt, with interrupts on for that long only. One that is already pending ends it at once: `sti`
# holds interrupts off until `hlt` has begun. May end without one.
.globl wait_for_interrupt
.balign 16
wait_for_interrupt:
.cfi_startproc
    subq $8, %rsp
    .cfi_def_cfa_offset 16
    movq %rsp, {cpu}+{waiting}(%rip)
    sti
    hlt
    cli                                 # here after an NMI
    movq $0, {cpu}+{waiting}(%rip)
    addq $8, %rsp
    .cfi_def_cfa_offset 8
    ret
# Here after an upcall. Upstream's contract has the handler called for each.
wait_ended:
    .cfi_def_cfa_offset 16
    movq {cpu}+{waiting}(%rip), %rsp
    movq $0, {cpu}+{waiting}(%rip)
    xorl %edi, %edi
    call solo5__xen_evtchn_vector_handler
    addq $8, %rsp
    .cfi_def_cfa_offset 8
    ret
.cfi_endproc

# The default handler: there is nothing to do.
.weak solo5__xen_evtchn_vector_handler
.type solo5__xen_evtchn_vector_handler, @function
solo5__xen_evtchn_vector_handler:
.cfi_startproc
    movl $1, %eax
    ret
.cfi_endproc

# The ends that a program chooses, or that chose it: each describes its caller as a trap's frame does (struct TrapFrame
# in traps.rs), so that a crash is reported the same way whatever brought it about, and calls a function that does not return.
#   void solo5_abort(void);                                solo5.h
#   void __stack_chk_fail(void);                           gcc's stack protector
#   void solo5__xen_crash(const char *why, size_t size);   ours: `why` is the report's first line
#   void crash_here(const Line *)                          the core's own
.macro CRASH name, target
.section .text.\name, "ax", @progbits
.globl \name
.type \name, @function
.balign 16
\name:
.cfi_startproc
    pushq %rax                          # ss: any value is as good
    .cfi_adjust_cfa_offset 8
    leaq 8(%rsp), %rax
    pushq %rax                          # rsp
    .cfi_adjust_cfa_offset 8
    pushfq
    .cfi_adjust_cfa_offset 8
    pushq $8                            # cs
    .cfi_adjust_cfa_offset 8
    pushq $\name                        # rip: where only the return address is on the stack
    .cfi_adjust_cfa_offset 8
    subq $16, %rsp                      # no error code, no vector
    .cfi_adjust_cfa_offset 16
    pushq %r15
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %r11
    pushq %r10
    pushq %r9
    pushq %r8
    pushq %rbp
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rbx
    movq 160(%rsp), %rax                # as it was: see the first push
    pushq %rax
    .cfi_adjust_cfa_offset 120
    cld
    movq %rsp, %rdi
    movq %rsp, %rbp
    .cfi_def_cfa rbp, 184
    andq $-16, %rsp
    call \target
    ud2
.cfi_endproc
.size \name, . - \name
.endm
CRASH solo5_abort, crash_abort
CRASH __stack_chk_fail, crash_stack_smashed
CRASH solo5__xen_crash, crash_text
CRASH crash_here, crash_line
.text

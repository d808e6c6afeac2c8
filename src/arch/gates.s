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
    # A program that goes on where it was (a SIGSEGV handler repaired the cause) has its vector registers back, too.
    movq %rsp, %rdi
    movq %rsp, %rbp
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

# The event-channel upcall. It arrives only in the `sti; hlt` of a wait, and returns with interrupts off:
# evtchn_upcall_pending stays set for whoever demultiplexes, and Xen, which injects the vector as long as it
# is set and interrupts are on, cannot inject it again before the next wait. Upstream's contract has the
# handler called in between, so the registers of the C ABI are saved around it.
.globl upcall_gate
.balign 16
upcall_gate:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    cld
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
    andl $~0x200, 16(%rsp)              # IF of the interrupted context
    iretq

# The default handler: there is nothing to do in interrupt context.
.weak solo5__xen_evtchn_vector_handler
.type solo5__xen_evtchn_vector_handler, @function
solo5__xen_evtchn_vector_handler:
    movl $1, %eax
    ret
.text

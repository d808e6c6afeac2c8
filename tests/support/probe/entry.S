/* SPDX-License-Identifier: ISC */
/* The probe's PVH entry: Xen enters in 32-bit mode without paging, the start_info's address in ebx. */
        .section .note.Xen, "a", @note
        .long   4, 4, 18                # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   entry
        .text
        .globl  entry
entry:  mov     $stack_end, %esp
        push    %ebx
        call    start
        .bss
        .skip   16384
stack_end:
        .section .note.GNU-stack, "", @progbits

# SPDX-License-Identifier: ISC
# From Xen's PVH entry point to Rust. Only what Rust cannot do is here.
#
# PVH (xen/include/public/arch-x86/hvm/start_info.h, docs/misc/pvh.pandoc): 32-bit protected mode, flat
# segments, paging off, interrupts off, %ebx = physical address of hvm_start_info; nothing else is
# promised, not even a stack.
#
# Multiboot (specification 0.6.96, section 3.2), as GRUB in a PVH domain boots: the same state, with %ebx =
# physical address of its own structure, and a magic number in %eax. Rust tells them apart.

.section .text.boot, "ax", @progbits
.code32
.globl _start
.type _start, @function
_start:
    cld
    movl %eax, %esi                     # the loader's magic number, or anything
    rdtsc
    movl %eax, boot_tsc                 # where the account of the boot's steps begins
    movl %edx, boot_tsc + 4

    # Identity tables for the first 4 GiB in 2 MiB pages, good until Rust has read the memory map: start_info,
    # command line and modules may lie anywhere below 4 GiB. .bss is zero, so only low halves are written.
    movl $boot_pdpt + 0x3, boot_pml4
    movl $boot_pdpt, %edi
    movl $boot_pd + 0x3, %eax
1:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    cmpl $boot_pdpt + 4 * 8, %edi
    jne 1b

    movl $boot_pd, %edi
    movl $0x83, %eax                    # present, writable, 2 MiB
2:  movl %eax, (%edi)
    leal 0x200000(%eax), %edx
    movl %edx, 8(%edi)
    leal 0x400000(%eax), %edx
    movl %edx, 16(%edi)
    leal 0x600000(%eax), %edx
    movl %edx, 24(%edi)
    addl $32, %edi
    addl $0x800000, %eax
    jnc 2b

    # Precompiled Rust uses SSE: OSFXSR and OSXMMEXCPT come before any of it runs. PAE is long mode's.
    movl $0x620, %eax
    movl %eax, %cr4
    movl $boot_pml4, %eax
    movl %eax, %cr3

    # EFER: LME and NXE. Written without a read or a CPUID first, each of which would leave the guest;
    # a processor without NX cannot run Xen with nested paging.
    movl $0xc0000080, %ecx
    movl $0x900, %eax
    xorl %edx, %edx
    wrmsr

    # CR0: paging, write protection, native FPU errors, monitor coprocessor, protection; EM and TS clear.
    movl $0x80010033, %eax
    movl %eax, %cr0

    lgdt boot_gdt_pointer
    ljmpl $0x8, $entry64

.code64
entry64:
.cfi_startproc
.cfi_undefined rip                      # a walk up the stack ends here
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    fninit
    leaq boot_stack_top(%rip), %rsp
    movl %ebx, %edi                     # zero-extends: the arguments of the Rust entry, with %esi from above
    xorl %ebp, %ebp                     # ends every frame-pointer walk
    call boot_main
    ud2
.cfi_endproc

# switch_stack(top: rdi, entry: rsi) -> never: leaves the boot stack for good.
.globl switch_stack
.type switch_stack, @function
switch_stack:
.cfi_startproc
.cfi_undefined rip
    movq %rdi, %rsp
    xorl %ebp, %ebp
    call *%rsi
    ud2
.cfi_endproc

# In the first 8 KiB of the file. No address fields: those describe a file that lies in memory as it does on disk,
# which leaves out the hypercall page and the names of functions; without them GRUB loads the segments.
.section .text.boot, "ax", @progbits
.balign 4
multiboot_header:
    .long {header_magic}
    .long {header_flags}
    .long {header_checksum}

.section .rodata.boot_gdt, "a", @progbits
.balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9a000000ffff            # 64-bit code
    .quad 0x00cf92000000ffff            # data
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt

.section .bss.boot_tsc, "aw", @nobits
.balign 8
.globl boot_tsc
boot_tsc: .skip 8

.section .bss.page_aligned, "aw", @nobits
.balign 4096
boot_pml4: .skip 4096
boot_pdpt: .skip 4096
boot_pd:   .skip 4 * 4096

# Each stack has a page below it that the final tables leave unmapped. The boot stack becomes the stack of
# the fault gates once the main stack exists.
.globl boot_stack_guard, boot_stack_top
.globl double_fault_stack_guard, double_fault_stack_top, nmi_stack_guard, nmi_stack_top
.globl upcall_stack_guard, upcall_stack_top
boot_stack_guard: .skip 4096
    .skip 16384
boot_stack_top:
double_fault_stack_guard: .skip 4096
    .skip 8192
double_fault_stack_top:
nmi_stack_guard: .skip 4096
    .skip 8192
nmi_stack_top:
upcall_stack_guard: .skip 4096
    .skip 4096
upcall_stack_top:

.globl solo5__xen_HYPERVISOR_SHARED_INFO
.type solo5__xen_HYPERVISOR_SHARED_INFO, @object
.size solo5__xen_HYPERVISOR_SHARED_INFO, 4096
solo5__xen_HYPERVISOR_SHARED_INFO: .skip 4096

.section .hypercall_page, "ax", @nobits
.balign 4096
.globl solo5__xen_HYPERCALL_PAGE
.type solo5__xen_HYPERCALL_PAGE, @function
.size solo5__xen_HYPERCALL_PAGE, 4096
solo5__xen_HYPERCALL_PAGE: .skip 4096
.text

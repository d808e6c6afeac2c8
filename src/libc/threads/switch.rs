// SPDX-License-Identifier: ISC
//! From one stack to another. A thread that does not run has its callee's registers (System V ABI 3.2.1: rbx, rbp, r12 to
//! r15, the control bits of MXCSR and the x87 control word) on its stack, below where its code goes on.

use core::arch::{asm, naked_asm};

/// Saves the running thread's state, its stack pointer in `*from`, and goes on with the one whose stack pointer is `to`.
///
/// # Safety
/// `to` was saved here or made by [`first`], and is gone on with once.
#[unsafe(naked)]
pub unsafe extern "C" fn switch(from: *mut usize, to: usize) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        ".cfi_adjust_cfa_offset 56",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        "mov [rdi], rsp",
        "mov rsp, rsi",
        "ldmxcsr [rsp]",
        "fldcw [rsp + 4]",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        ".cfi_adjust_cfa_offset -56",
        "ret",
        ".cfi_endproc",
    )
}

/// Puts a new thread's first state onto its stack, which ends at `top`: the stack pointer to switch to, which enters `main`.
/// The floating-point modes are those of the thread that makes it (POSIX).
///
/// # Safety
/// Below `top`, a multiple of 16, are 128 bytes of nobody else's.
pub unsafe fn first(top: usize, main: extern "C" fn() -> !) -> usize {
    let modes: u64 = 0;
    // SAFETY: stores two control words into the variable.
    unsafe {
        asm!(
            "stmxcsr [{0}]",
            "fnstcw [{0} + 4]",
            in(reg) &raw const modes,
            options(nostack, preserves_flags),
        );
    }
    let pointer = top - 80;
    let state = core::ptr::with_exposed_provenance_mut::<u64>(pointer);
    // SAFETY: the caller's memory. `begin` finds `main` in rbx.
    unsafe {
        state.write(core::ptr::read_volatile(&raw const modes));
        for register in 1..7 {
            state.add(register).write(0);
        }
        state.add(5).write(main as usize as u64);
        state.add(7).write(begin as *const () as u64);
        state.add(8).write(0);
        state.add(9).write(0);
    }
    pointer
}

/// Where a thread begins: nothing lies above it.
#[unsafe(naked)]
unsafe extern "C" fn begin() {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined rip",
        "call rbx",
        "ud2",
        ".cfi_endproc",
    )
}

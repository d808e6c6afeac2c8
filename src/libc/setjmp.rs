// SPDX-License-Identifier: ISC
//! setjmp.h (C11 7.13). The registers that a callee preserves (System V ABI 3.2.1) go into the first
//! 64 bytes of glibc's 200-byte `jmp_buf`. There are no signals, hence no mask to save.

use core::arch::naked_asm;

/// Saves where it was called; returns 0, or what `longjmp` says.
///
/// # Safety
/// `buffer` must have 64 writable bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn setjmp(buffer: *mut u64) -> i32 {
    naked_asm!(
        ".cfi_startproc",
        "mov [rdi], rbx",
        "mov [rdi + 8], rbp",
        "mov [rdi + 16], r12",
        "mov [rdi + 24], r13",
        "mov [rdi + 32], r14",
        "mov [rdi + 40], r15",
        "lea rax, [rsp + 8]",
        "mov [rdi + 48], rax",
        "mov rax, [rsp]",
        "mov [rdi + 56], rax",
        "xor eax, eax",
        "ret",
        ".cfi_endproc",
    )
}

/// C's name as a function.
///
/// # Safety
/// As for [`setjmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn _setjmp(buffer: *mut u64) -> i32 {
    naked_asm!("jmp {setjmp}", setjmp = sym setjmp)
}

/// glibc's function under the macro `sigsetjmp`; the mask is always empty.
///
/// # Safety
/// As for [`setjmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn __sigsetjmp(buffer: *mut u64, mask: i32) -> i32 {
    naked_asm!("jmp {setjmp}", setjmp = sym setjmp)
}

/// POSIX's `sigsetjmp` as a function.
///
/// # Safety
/// As for [`setjmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn sigsetjmp(buffer: *mut u64, mask: i32) -> i32 {
    naked_asm!("jmp {setjmp}", setjmp = sym setjmp)
}

/// Returns to where `setjmp` was called, with `value`, or 1 instead of 0.
///
/// # Safety
/// The function that called `setjmp` must not have returned.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn longjmp(buffer: *const u64, value: i32) -> ! {
    naked_asm!(
        "mov rbx, [rdi]",
        "mov rbp, [rdi + 8]",
        "mov r12, [rdi + 16]",
        "mov r13, [rdi + 24]",
        "mov r14, [rdi + 32]",
        "mov r15, [rdi + 40]",
        "mov rsp, [rdi + 48]",
        "mov eax, esi",
        "cmp eax, 1",
        "adc eax, 0",
        "jmp qword ptr [rdi + 56]",
    )
}

/// BSD's `_longjmp`.
///
/// # Safety
/// As for [`longjmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn _longjmp(buffer: *const u64, value: i32) -> ! {
    naked_asm!("jmp {longjmp}", longjmp = sym longjmp)
}

/// POSIX's `siglongjmp`.
///
/// # Safety
/// As for [`longjmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn siglongjmp(buffer: *const u64, value: i32) -> ! {
    naked_asm!("jmp {longjmp}", longjmp = sym longjmp)
}

/// Fortified `longjmp`: glibc checks that it goes up the stack only.
///
/// # Safety
/// As for [`longjmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn __longjmp_chk(buffer: *const u64, value: i32) -> ! {
    naked_asm!(
        ".cfi_startproc",
        "cmp [rdi + 48], rsp",
        "jb 2f",
        "jmp {longjmp}",
        "2: call {fail}",
        "ud2",
        ".cfi_endproc",
        longjmp = sym longjmp,
        fail = sym longjmp_fail,
    )
}

extern "C" fn longjmp_fail() -> ! {
    use super::platform::{Part, crash};
    crash(&[Part::Text(
        "*** longjmp causes uninitialized stack frame ***: terminated",
    )])
}

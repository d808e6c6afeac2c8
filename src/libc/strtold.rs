// SPDX-License-Identifier: ISC
//! `strtold` (C11 7.22.1.3) at C's boundary: its result goes to st(0) (System V ABI for x86-64, 3.2.3),
//! for which stable Rust has no type.

use super::stdlib;
use core::arch::naked_asm;

/// Reads a `long double` (C11 7.22.1.3), exactly rounded.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn strtold(text: *const u8, end: *mut *const u8) {
    naked_asm!(
        "sub rsp, 24",
        "mov rdx, rsi",
        "mov rsi, rdi",
        "mov rdi, rsp",
        "call {fields}",
        "fld tbyte ptr [rsp]",
        "add rsp, 24",
        "ret",
        fields = sym stdlib::strtold_fields,
    )
}

/// POSIX's `strtold_l`: the locale is "C".
///
/// # Safety
/// C's contract for `strtold`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn strtold_l(text: *const u8, end: *mut *const u8, locale: *const u8) {
    naked_asm!("jmp {strtold}", strtold = sym strtold)
}

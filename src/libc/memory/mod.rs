// SPDX-License-Identifier: ISC
//! The `mem*` functions of string.h (C11 7.24) that the compiler itself calls.
//!
//! Copying and filling are assembly, because a Rust loop that does the same may be compiled into a
//! call to the very function it implements. Blocks of 16 bytes by SSE2, which every x86-64 has, and of
//! 32 by AVX2 where [`choose`] found it.

mod compare;
mod copy;
mod fill;
mod find;

pub use compare::memcmp;
pub use copy::{memcpy, memmove};
pub use fill::memset;
use find::find_byte;
pub(super) use find::length;
#[cfg_attr(
    not(test),
    expect(unused_imports, reason = "the others are for C alone")
)]
pub use find::{memchr, rawmemchr, strlen};

use super::platform::Cell;
use core::arch::x86_64::{__cpuid, __cpuid_count};
use core::arch::{asm, naked_asm};

/// Does the processor have AVX2 and BMI, and is the registers' state enabled? Read by assembly as a byte.
pub static WIDE: Cell<bool> = Cell::new(false);

/// Are `rep movsb` and `rep stosb` fast (ERMS)? Looked at for large blocks only, where there is AVX2 as well.
pub static STRING: Cell<bool> = Cell::new(false);

/// Looks once at what the processor has (Intel SDM volume 1, 14.3 and 14.7.1). One with AVX has leaf 7, because
/// XSAVE's is a later one.
pub fn choose() {
    let leaf = __cpuid(1);
    let saves = leaf.ecx >> 27 & 1 != 0;
    let avx = leaf.ecx >> 28 & 1 != 0;
    if !saves || !avx {
        return;
    }
    let state: u32;
    // SAFETY: OSXSAVE says that XGETBV is enabled.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") state, out("edx") _, options(nomem, nostack, preserves_flags))
    };
    const BMI1_AVX2_BMI2: u32 = 1 << 3 | 1 << 5 | 1 << 8;
    const ERMS: u32 = 1 << 9;
    let features = __cpuid_count(7, 0).ebx;
    WIDE.set(features & BMI1_AVX2_BMI2 == BMI1_AVX2_BMI2 && state & 6 == 6);
    STRING.set(features & ERMS != 0);
}

/// GNU's `memrchr`.
///
/// # Safety
/// C's contract for `memchr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memrchr(start: *const u8, byte: i32, size: usize) -> *const u8 {
    // SAFETY: the block is readable.
    let bytes = unsafe { core::slice::from_raw_parts(start, size) };
    match bytes.iter().rposition(|&b| b == byte as u8) {
        // SAFETY: below `size`.
        Some(at) => unsafe { start.add(at) },
        None => core::ptr::null(),
    }
}

/// BSD's `bcmp`, to which compilers turn a `memcmp` whose sign is not used.
///
/// # Safety
/// As for [`memcmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    naked_asm!(
        ".cfi_startproc",
        "jmp {memcmp}",
        ".cfi_endproc",
        memcmp = sym memcmp
    )
}

/// POSIX's `memccpy`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memccpy(to: *mut u8, from: *const u8, byte: i32, size: usize) -> *mut u8 {
    // SAFETY: POSIX's contract; up to `size` bytes are readable before the match and writable.
    unsafe {
        match find_byte(from, byte as u8, size) {
            Some(at) => {
                memcpy(to, from, at + 1);
                to.add(at + 1)
            }
            None => {
                memcpy(to, from, size);
                core::ptr::null_mut()
            }
        }
    }
}

/// GNU's `mempcpy`: as `memcpy`, and returns the end.
///
/// # Safety
/// C's contract for `memcpy`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mempcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    // SAFETY: the same contract.
    unsafe { memcpy(to, from, size).add(size) }
}

/// GNU's `memmem`.
///
/// # Safety
/// Both blocks must be readable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memmem(
    haystack: *const u8,
    length: usize,
    needle: *const u8,
    size: usize,
) -> *const u8 {
    // SAFETY: both blocks are readable.
    unsafe {
        let needle = core::slice::from_raw_parts(needle, size);
        let found = libc_core::find::find(core::slice::from_raw_parts(haystack, length), needle);
        found.map_or(core::ptr::null(), |at| haystack.add(at))
    }
}

/// BSD's `bzero`.
///
/// # Safety
/// The block must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bzero(to: *mut u8, size: usize) {
    // SAFETY: the block is writable.
    unsafe { memset(to, 0, size) };
}

/// As [`bzero`]; never optimised away, being a call to another object.
///
/// # Safety
/// The block must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn explicit_bzero(to: *mut u8, size: usize) {
    // SAFETY: the block is writable.
    unsafe { memset(to, 0, size) };
}

/// BSD's `bcopy`.
///
/// # Safety
/// As for `memmove`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bcopy(from: *const u8, to: *mut u8, size: usize) {
    // SAFETY: the same contract.
    unsafe { memmove(to, from, size) };
}

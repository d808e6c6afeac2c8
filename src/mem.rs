// SPDX-License-Identifier: ISC
//! The memory functions that compiled Rust calls (C11 7.24), local to a part that does not have libc beneath it.
//!
//! Written with vector intrinsics and string instructions: a plain loop would be compiled into a call of the very
//! function it implements.

use core::arch::asm;
use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_set1_epi8, _mm_storeu_si128};

const LANE: usize = size_of::<__m128i>();

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    // SAFETY: the caller's buffer has `len` bytes; every store lies within.
    unsafe {
        if len < LANE {
            asm!("rep stosb", inout("rdi") to => _, inout("rcx") len => _, in("al") byte as u8,
                 options(nostack, preserves_flags));
            return to;
        }
        let lane = _mm_set1_epi8(byte as i8);
        let last = len - LANE;
        let mut at = 0;
        while at < last {
            _mm_storeu_si128(to.add(at).cast(), lane);
            at += LANE;
        }
        _mm_storeu_si128(to.add(last).cast(), lane);
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    // SAFETY: the caller's buffers have `len` bytes and do not overlap; every access lies within.
    unsafe {
        if len < LANE {
            asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") len => _,
                 options(nostack, preserves_flags));
            return to;
        }
        let last = len - LANE;
        let end = _mm_loadu_si128(from.add(last).cast());
        let mut at = 0;
        while at < last {
            _mm_storeu_si128(to.add(at).cast(), _mm_loadu_si128(from.add(at).cast()));
            at += LANE;
        }
        _mm_storeu_si128(to.add(last).cast(), end);
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    // SAFETY: the caller's buffers have `len` bytes. Going down, with the direction flag set for the one instruction,
    // is right whenever the target lies inside the source.
    unsafe {
        if (to as usize).wrapping_sub(from as usize) >= len {
            asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") len => _,
                 options(nostack, preserves_flags));
        } else {
            asm!("std", "rep movsb", "cld",
                 inout("rdi") to.wrapping_add(len).wrapping_sub(1) => _,
                 inout("rsi") from.wrapping_add(len).wrapping_sub(1) => _,
                 inout("rcx") len => _, options(nostack));
        }
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    for i in 0..len {
        // SAFETY: the caller's buffers have `len` bytes. The loads are volatile to keep this a loop.
        let (a, b) = unsafe { (a.add(i).read_volatile(), b.add(i).read_volatile()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: as for memcmp.
    unsafe { memcmp(a, b, len) }
}

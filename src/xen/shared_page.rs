// SPDX-License-Identifier: ISC
//! Pages of this domain that a backend may read or change at any time, and copies out of and into them.
//!
//! Copies are assembly, so that the compiler assumes nothing of memory that changes under its feet and reads each byte
//! once. Written with vector registers: the bytes of a packet or a disk's block are most of what a device costs.

use super::platform::PAGE;
use core::arch::asm;

/// A page, mapped at its own address for as long as the domain lives, that nobody but a device uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SharedMemory(usize);

impl SharedMemory {
    /// The page at `address`.
    ///
    /// # Safety
    /// It is page aligned, mapped writable, the caller's alone for ever, and nothing else of this domain refers to it.
    pub unsafe fn new(address: usize) -> Self {
        SharedMemory(address)
    }

    /// Where it is.
    pub fn address(self) -> usize {
        self.0
    }

    /// Fills it with zeros.
    pub fn clear(self) {
        self.clear_start(PAGE);
    }

    /// Fills its first `len` bytes, and up to seven after them, with zeros.
    pub fn clear_start(self, len: usize) {
        let words = len.min(PAGE).div_ceil(8);
        // SAFETY: a page of ours.
        unsafe {
            asm!("rep stosq", inout("rdi") self.0 => _, inout("rcx") words => _, in("rax") 0,
                 options(nostack, preserves_flags));
        }
    }

    /// Copies `bytes` to offset `at`; what would lie beyond the page is left out.
    pub fn put(self, at: usize, bytes: &[u8]) {
        let at = at.min(PAGE);
        let len = bytes.len().min(PAGE - at);
        // SAFETY: both ranges have `len` bytes; the page is ours and not part of `bytes`.
        unsafe { copy((self.0 + at) as *mut u8, bytes.as_ptr(), len) }
    }

    /// Copies from offset `at` to `buffer`; what would lie beyond the page is left as it was.
    pub fn get(self, at: usize, buffer: &mut [u8]) {
        let at = at.min(PAGE);
        let len = buffer.len().min(PAGE - at);
        // SAFETY: as above.
        unsafe { copy(buffer.as_mut_ptr(), (self.0 + at) as *const u8, len) }
    }

    /// The page seen as `T`, which only shared references change.
    ///
    /// # Safety
    /// `T` is made of atomic integers throughout.
    pub unsafe fn view<T>(self) -> &'static T {
        const { assert!(size_of::<T>() <= PAGE && align_of::<T>() <= PAGE) }
        // SAFETY: the page is there for ever; atomics allow for changes by others, and any bytes are a value of them.
        unsafe { &*(self.0 as *const T) }
    }
}

/// Copies `len` bytes, which do not overlap.
///
/// # Safety
/// `from` can be read and `to` be written for `len` bytes; others may change the bytes meanwhile.
unsafe fn copy(to: *mut u8, from: *const u8, len: usize) {
    let (mut to, mut from, mut len) = (to, from, len);
    // SAFETY: 64 bytes at a time, then what is left, all within `len`.
    unsafe {
        if len >= 64 {
            asm!("2:",
                 "movups {a}, [{from}]", "movups {b}, [{from} + 16]", "movups {c}, [{from} + 32]", "movups {d}, [{from} + 48]",
                 "movups [{to}], {a}", "movups [{to} + 16], {b}", "movups [{to} + 32], {c}", "movups [{to} + 48], {d}",
                 "add {from}, 64", "add {to}, 64", "sub {len}, 64", "cmp {len}, 64", "jae 2b",
                 from = inout(reg) from, to = inout(reg) to, len = inout(reg) len,
                 a = out(xmm_reg) _, b = out(xmm_reg) _, c = out(xmm_reg) _, d = out(xmm_reg) _, options(nostack));
        }
        while len >= 8 {
            asm!("mov {word}, [{from}]", "mov [{to}], {word}", word = out(reg) _, from = in(reg) from, to = in(reg) to,
                 options(nostack, preserves_flags));
            (to, from, len) = (to.add(8), from.add(8), len - 8);
        }
        asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") len => _,
             options(nostack, preserves_flags));
    }
}

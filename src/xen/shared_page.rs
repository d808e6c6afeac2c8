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

    /// Fills `len` bytes from offset `at` on, a multiple of 8, and up to seven after them, with zeros; those that it has.
    pub fn clear(self, at: usize, len: usize) {
        let at = at.min(PAGE);
        let words = len.min(PAGE - at).div_ceil(8);
        // SAFETY: a page of ours, and no more of it than there is.
        unsafe {
            asm!("rep stosq", inout("rdi") self.0 + at => _, inout("rcx") words => _, in("rax") 0,
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
    // SAFETY: 128 bytes at a time up to where `long` ends, then 64, then what is left, all within `len`.
    unsafe {
        let long = len & !127;
        (to, from, len) = (to.add(long), from.add(long), len - long);
        if long != 0 {
            asm!("2:",
                 "movups {a}, [{from} + {at}]", "movups {b}, [{from} + {at} + 16]",
                 "movups {c}, [{from} + {at} + 32]", "movups {d}, [{from} + {at} + 48]",
                 "movups {e}, [{from} + {at} + 64]", "movups {f}, [{from} + {at} + 80]",
                 "movups {g}, [{from} + {at} + 96]", "movups {h}, [{from} + {at} + 112]",
                 "movups [{to} + {at}], {a}", "movups [{to} + {at} + 16], {b}",
                 "movups [{to} + {at} + 32], {c}", "movups [{to} + {at} + 48], {d}",
                 "movups [{to} + {at} + 64], {e}", "movups [{to} + {at} + 80], {f}",
                 "movups [{to} + {at} + 96], {g}", "movups [{to} + {at} + 112], {h}",
                 "add {at}, 128", "jnz 2b",
                 from = in(reg) from, to = in(reg) to, at = inout(reg) long.wrapping_neg() => _,
                 a = out(xmm_reg) _, b = out(xmm_reg) _, c = out(xmm_reg) _, d = out(xmm_reg) _,
                 e = out(xmm_reg) _, f = out(xmm_reg) _, g = out(xmm_reg) _, h = out(xmm_reg) _, options(nostack));
        }
        if len >= 64 {
            asm!("movups {a}, [{from}]", "movups {b}, [{from} + 16]", "movups {c}, [{from} + 32]", "movups {d}, [{from} + 48]",
                 "movups [{to}], {a}", "movups [{to} + 16], {b}", "movups [{to} + 32], {c}", "movups [{to} + 48], {d}",
                 from = in(reg) from, to = in(reg) to, a = out(xmm_reg) _, b = out(xmm_reg) _, c = out(xmm_reg) _,
                 d = out(xmm_reg) _, options(nostack, preserves_flags));
            (to, from, len) = (to.add(64), from.add(64), len - 64);
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

// SPDX-License-Identifier: ISC
//! A ring of bytes with free-running 32-bit indices, as the console and xenstore use it.
//!
//! The size is a power of two. Indices count bytes and wrap at 2^32; the low bits select the slot.
//! Each is loaded once for a call and may be anything: no access leaves the ring, and a distance
//! longer than the ring is `None`.

use crate::sync::{AtomicU8, AtomicU32, Ordering};

/// One direction of a shared page.
#[derive(Clone, Copy)]
pub(crate) struct ByteRing<'a> {
    pub slots: &'a [AtomicU8],
    /// Bytes put so far.
    pub prod: &'a AtomicU32,
    /// Bytes taken so far.
    pub cons: &'a AtomicU32,
}

impl ByteRing<'_> {
    /// The producer's index, and how many bytes it may put.
    pub fn room(&self) -> Option<(u32, usize)> {
        let cons = self.cons.load(Ordering::Acquire);
        let prod = self.prod.load(Ordering::Relaxed);
        let free = self
            .slots
            .len()
            .checked_sub(prod.wrapping_sub(cons) as usize)?;
        Some((prod, free))
    }

    /// The consumer's index, and how many bytes it may take.
    pub fn unread(&self) -> Option<(u32, usize)> {
        let prod = self.prod.load(Ordering::Acquire);
        let cons = self.cons.load(Ordering::Relaxed);
        let len = prod.wrapping_sub(cons) as usize;
        (len <= self.slots.len()).then_some((cons, len))
    }

    /// Puts as many of `bytes` as there is room for; how many that is.
    // In line: most programs use the console's ring alone.
    #[inline(always)]
    pub fn push(&self, bytes: &[u8]) -> Option<usize> {
        let (prod, free) = self.room()?;
        let mut at = prod;
        for &byte in bytes.iter().take(free) {
            if let Some(slot) = self.slots.get(at as usize & (self.slots.len() - 1)) {
                slot.store(byte, Ordering::Relaxed);
            }
            at = at.wrapping_add(1);
        }
        // The other side sees the bytes before it sees that they are there.
        self.prod.store(at, Ordering::Release);
        Some(at.wrapping_sub(prod) as usize)
    }

    /// Takes bytes into `buffer`; the consumer's index before, and how many they are.
    pub fn pull(&self, buffer: &mut [u8]) -> Option<(u32, usize)> {
        let (cons, len) = self.unread()?;
        let mut at = cons;
        for byte in buffer.iter_mut().take(len) {
            if let Some(slot) = self.slots.get(at as usize & (self.slots.len() - 1)) {
                *byte = slot.load(Ordering::Relaxed);
            }
            at = at.wrapping_add(1);
        }
        // The other side may overwrite the slots only after they were read; and in one exchange,
        // so that no load that follows is done before it.
        self.cons.swap(at, Ordering::SeqCst);
        Some((cons, at.wrapping_sub(cons) as usize))
    }
}

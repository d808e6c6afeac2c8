// SPDX-License-Identifier: ISC
//! The 2-level interface: a selector bit a word, a pending bit and a mask bit a port.

use super::{Marks, place};
use crate::mutated;
use crate::sync::{AtomicU8, AtomicU64, Ordering};

/// `EVTCHN_2L_NR_CHANNELS` on x86-64.
pub const TWO_LEVEL_PORTS: u32 = 4096;
/// 64-bit words of pending bits, and as many of mask bits.
pub const WORDS: usize = 64;

/// One virtual processor's view of the 2-level bits.
#[derive(Clone, Copy)]
pub struct TwoLevel<'a> {
    /// `evtchn_upcall_pending` of the vCPU's `struct vcpu_info`.
    pub upcall_pending: &'a AtomicU8,
    /// `evtchn_pending_sel` of the vCPU's `struct vcpu_info`.
    pub selector: &'a AtomicU64,
    /// `evtchn_pending` of `struct shared_info`.
    pub pending: &'a [AtomicU64; WORDS],
    /// `evtchn_mask` of `struct shared_info`.
    pub mask: &'a [AtomicU64; WORDS],
}

impl TwoLevel<'_> {
    /// Moves the pending bits of unmasked ports into `marks`; whether there was any. Costs in
    /// proportion to the words that have one.
    pub fn demux(&self, marks: Marks<'_>) -> bool {
        if !mutated!(EvtchnSelectorBeforeFlag) {
            self.upcall_pending.store(0, Ordering::Relaxed);
        }
        // The exchange also keeps the store before it from being delayed past it.
        let mut selected = if mutated!(EvtchnWordsBeforeSelector) {
            self.selector.load(Ordering::SeqCst)
        } else {
            self.selector.swap(0, Ordering::SeqCst)
        };
        if mutated!(EvtchnSelectorBeforeFlag) {
            self.upcall_pending.store(0, Ordering::Relaxed);
        }
        let mut found = false;
        while selected != 0 {
            let word = selected.trailing_zeros() as usize % WORDS;
            selected &= selected - 1;
            let due = self.take(word);
            if due != 0 {
                found = true;
                marks.set(word, due);
            }
        }
        if mutated!(EvtchnWordsBeforeSelector) {
            self.selector.store(0, Ordering::SeqCst);
        }
        found
    }

    /// Clears the pending bits of unmasked ports in one word and returns them.
    fn take(&self, word: usize) -> u64 {
        let (pending, mask) = (&self.pending[word], &self.mask[word]);
        let due = pending.load(Ordering::Relaxed) & !mask.load(Ordering::Relaxed);
        if due == 0 {
            return 0;
        }
        if mutated!(EvtchnClearsWholeWord) {
            pending.store(0, Ordering::Relaxed);
            return due;
        }
        if mutated!(EvtchnMarksStay) {
            return due;
        }
        // Acquire: what the peers wrote before they sent is seen by whoever takes the marks.
        pending.fetch_and(!due, Ordering::Acquire) & due
    }

    /// Whether [`demux`](Self::demux) has anything to look at. To sleep: disable interrupts, ask,
    /// and if not, enable them and halt in one step.
    pub fn is_due(&self) -> bool {
        self.selector.load(Ordering::Acquire) != 0
            || self.upcall_pending.load(Ordering::Relaxed) != 0
    }

    /// Lets a port's events through. One that is already pending is selected here, as Xen would,
    /// and is then due; without a hypercall, so only for a port bound to this processor. A port
    /// of [`TWO_LEVEL_PORTS`] or more does not exist.
    pub fn unmask(&self, port: u32) {
        let (word, bit) = place(port);
        let (Some(pending), Some(mask)) = (self.pending.get(word), self.mask.get(word)) else {
            return;
        };
        let early =
            mutated!(EvtchnPendingBeforeUnmask) && pending.load(Ordering::SeqCst) & bit == 0;
        mask.fetch_and(!bit, Ordering::SeqCst);
        if !early && pending.load(Ordering::SeqCst) & bit != 0 {
            self.selector.fetch_or(1 << word, Ordering::SeqCst);
            self.upcall_pending.store(1, Ordering::SeqCst);
        }
    }

    /// Holds a port's events back; they stay pending.
    pub fn mask(&self, port: u32) {
        let (word, bit) = place(port);
        if let Some(mask) = self.mask.get(word) {
            mask.fetch_or(bit, Ordering::SeqCst);
        }
    }

    /// Holds all ports' events back, as after start and after a restore.
    pub fn mask_all(&self) {
        for word in self.mask {
            word.store(!0, Ordering::SeqCst);
        }
    }

    /// Takes one port's pending bit without `demux`, masked or not.
    pub fn test_and_clear(&self, port: u32) -> bool {
        let (word, bit) = place(port);
        let Some(word) = self.pending.get(word) else {
            return false;
        };
        word.load(Ordering::Relaxed) & bit != 0
            && word.fetch_and(!bit, Ordering::Acquire) & bit != 0
    }
}

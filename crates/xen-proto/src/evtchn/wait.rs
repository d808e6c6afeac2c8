// SPDX-License-Identifier: ISC
//! A wait for a few ports in the middle of somebody else's 2-level events: the core's, for its timer and its console,
//! under an application that demultiplexes the rest.
//!
//! Xen raises an event in four steps, each of which stops it when it finds the bit set already: the port's pending bit,
//! (its mask,) its word's bit in the selector, `upcall_pending`. Whoever waits looks at what the events stand for after
//! [`Wait::clear`] and halts when `upcall_pending` is not set. An event before the look is seen by it, whatever became of
//! its bits. But it must not leave a bit behind on which the next one stops:
//!
//! **Selected before the flag is cleared** (`WaitSelectorBeforeFlag`).
//! 1. Guest takes the selector. 2. Xen sets pending, selector and `upcall_pending`. 3. Guest clears `upcall_pending` and
//!    the pending bit. The next event stops at the selector, and the guest sleeps on it. So the flag is cleared first.
//!
//! **Pending before it is selected** (`WaitPendingFirst`).
//! 1. Guest clears the pending bit. 2. Xen sets it, finds its word selected and does no more. 3. Guest clears flag and
//!    selector. The next event stops at the pending bit. So pending bits are cleared last.
//!
//! **Others' events** (`WaitKeepsSelected`).
//! 1. Xen selects a word for another port. 2. Guest takes the selector for its wait. The other port's owner finds no word
//!    selected. So what was taken is given back in the end.

use super::{TwoLevel, place};
use crate::mutated;
use crate::sync::Ordering;

/// A wait under way.
pub struct Wait<'a> {
    bits: TwoLevel<'a>,
    /// Words that were selected and may be so for others.
    selected: u64,
}

impl<'a> Wait<'a> {
    /// Starts a wait.
    pub const fn new(bits: TwoLevel<'a>) -> Self {
        Wait { bits, selected: 0 }
    }

    /// Forgets the events of `ports` so far, so that each one after this sets `upcall_pending`. Other ports' stay
    /// pending.
    pub fn clear(&mut self, ports: impl IntoIterator<Item = u32> + Clone) {
        if mutated!(WaitPendingFirst) {
            self.clear_pending(ports.clone());
        }
        if !mutated!(WaitSelectorBeforeFlag) {
            self.bits.upcall_pending.store(0, Ordering::SeqCst);
        }
        self.selected |= self.bits.selector.swap(0, Ordering::SeqCst);
        if mutated!(WaitSelectorBeforeFlag) {
            self.bits.upcall_pending.store(0, Ordering::SeqCst);
        }
        if !mutated!(WaitPendingFirst) {
            self.clear_pending(ports);
        }
    }

    fn clear_pending(&self, ports: impl IntoIterator<Item = u32>) {
        for port in ports {
            let (word, bit) = place(port);
            if let Some(word) = self.bits.pending.get(word) {
                word.fetch_and(!bit, Ordering::SeqCst);
            }
        }
    }

    /// Ends the wait: who demultiplexes finds what was selected, and is not to halt before.
    pub fn give_back(self) {
        if self.selected != 0 && !mutated!(WaitKeepsSelected) {
            self.bits.selector.fetch_or(self.selected, Ordering::SeqCst);
            self.bits.upcall_pending.store(1, Ordering::SeqCst);
        }
    }
}

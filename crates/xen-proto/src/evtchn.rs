// SPDX-License-Identifier: ISC
//! Event channels: from the bits that Xen sets to marks that the guest takes one by one.
//!
//! Layout: xen/include/public/event_channel.h and `struct shared_info` in xen/include/public/xen.h.
//! Xen offers two interfaces: [`TwoLevel`], bits in the shared info page for up to 4096 ports, and
//! [`Fifo`], queues through an array of words for up to 131072. Both end in [`Marks`], a bitmap of
//! the guest's own with a bit a port: `demux` moves Xen's bits there, and whoever owns a port
//! takes its mark with [`Marks::test_and_clear`].
//!
//! # Races
//!
//! "Guest" is this module, "Xen" whatever sends on another processor. Each is followed by what
//! closes it; the mutant of that name undoes just that, and a test shows that it then happens.
//!
//! **Event between flag and selector** (`EvtchnSelectorBeforeFlag`).
//! 1. Guest takes the selector: empty. 2. Xen sets a pending bit, its selector bit and
//!    `upcall_pending`. 3. Guest clears `upcall_pending`. No upcall comes for the event, and who
//!    looks only at the flag sleeps on it. So the flag is cleared first: an event after that sets
//!    it again.
//!
//! **Event between words and selector** (`EvtchnWordsBeforeSelector`).
//! 1. Guest reads the selector without taking it, and the pending words. 2. Xen sets a pending bit
//!    in a word already read; its selector bit is set, so it does no more. 3. Guest clears the
//!    selector. So the selector is taken in one exchange, before the words are read.
//!
//! **Event between two looks at a word** (`EvtchnClearsWholeWord`).
//! 1. Guest reads a pending word. 2. Xen sets another bit in it. 3. Guest stores 0. So only bits
//!    that were seen are cleared, in one read-modify-write.
//!
//! **Event during service** (`EvtchnMarksStay`).
//! 1. Guest sees a pending bit and serves the port's ring. 2. Xen, for one more message, sets the
//!    bit, which is still set: no upcall. 3. Guest clears the bit. So bits are cleared before the
//!    mark is there, and marks before the owner looks at the ring.
//!
//! **Event before unmask** (`EvtchnPendingBeforeUnmask`).
//! 1. Guest looks whether the masked port is pending: no. 2. Xen sets the pending bit, sees the
//!    mask and does no more. 3. Guest clears the mask. So the mask is cleared first, and a bit that
//!    is pending then is selected by the guest itself.
//!
//! **Stale mark** (`EvtchnForgetsNothing`).
//! 1. Guest demultiplexes an event of port 5. 2. Guest closes port 5 before its owner took the
//!    mark. 3. Xen gives port 5 to somebody else, who finds a mark nobody sent. So closing ends in
//!    [`Marks::forget`], when no event of the old port can be demultiplexed any more.
//!
//! **Sleep** (`EvtchnLooksBeforeDisable`).
//! 1. Guest asks whether anything is pending: no. 2. Xen sets bits, and the upcall runs, which only
//!    acknowledges. 3. Guest halts. So the question is asked with interrupts disabled, and enabling
//!    them and halting is one step (`sti; hlt`): an upcall in between ends the halt.
//!
//! **FIFO: link while unlinking** (`FifoUnlinksInTwoSteps`).
//! 1. Guest reads the word at the head: no link, the queue's last. 2. Xen appends a port to it.
//!    3. Guest clears link and `LINKED`: the port is lost. So both are read and cleared in one
//!    compare-exchange.
//!
//! **FIFO: event while unlinking** (`FifoDueBeforeUnlink`).
//! 1. Guest reads the word at the head; its event was taken already, so it is not pending. 2. Xen
//!    sets `PENDING`, sees `LINKED` and does no more. 3. Guest clears `LINKED`: pending, in no
//!    queue. So whether it is pending is part of the same compare-exchange, too.
//!
//! **FIFO: head before ready** (`FifoHeadBeforeReady`).
//! 1. Guest reads the head of an empty queue. 2. Xen writes a new head and sets the ready bit.
//!    3. Guest takes the ready bits and follows the old head. So the ready bits are taken first.
//!
//! Those of the core's own wait in the middle of these are told in [`Wait`]'s module, those of a sleep in [`Untold`]'s,
//! those of the switch from one interface to the other in [`switch`]'s.

use crate::mutated;
use crate::sync::{AtomicU64, Ordering};

mod block;
mod fifo;
mod switch;
mod two_level;
mod wait;

pub use block::{Interface, Untold, collect};
pub use fifo::{ControlBlock, EventPage, FIFO_PORTS, Fifo, PAGE_PORTS, PRIORITIES};
pub use switch::{SWITCH_PAGES, switch};
pub use two_level::{TWO_LEVEL_PORTS, TwoLevel, WORDS};
pub use wait::Wait;

/// Pending marks, a bit a port, in as many words as there are ports to serve.
#[derive(Clone, Copy)]
pub struct Marks<'a> {
    words: &'a [AtomicU64],
}

impl<'a> Marks<'a> {
    /// Marks in `words`, 64 ports each. A port past the end has no mark and never gets one.
    pub const fn new(words: &'a [AtomicU64]) -> Self {
        Marks { words }
    }

    /// How many ports there are marks for.
    pub const fn ports(&self) -> usize {
        self.words.len() * 64
    }

    /// Takes a port's mark: whether an event came since the last time.
    pub fn test_and_clear(&self, port: u32) -> bool {
        let (word, bit) = place(port);
        let Some(word) = self.words.get(word) else {
            return false;
        };
        // Most ports have no mark when asked; a plain load keeps those cheap.
        word.load(Ordering::Relaxed) & bit != 0
            && word.fetch_and(!bit, Ordering::Acquire) & bit != 0
    }

    /// Drops the mark of a port that was closed. Call it when the hypercall that closes the port
    /// has returned, and before another one can hand the port out again.
    pub fn forget(&self, port: u32) {
        if !mutated!(EvtchnForgetsNothing) {
            self.test_and_clear(port);
        }
    }

    /// Whether any port is marked.
    pub fn any(&self) -> bool {
        self.words
            .iter()
            .any(|word| word.load(Ordering::Relaxed) != 0)
    }

    /// Marks a port, for whoever learned of its event in another way.
    pub fn mark(&self, port: u32) {
        let (word, bit) = place(port);
        self.set(word, bit);
    }

    fn set(&self, word: usize, bits: u64) {
        if let Some(word) = self.words.get(word) {
            word.fetch_or(bits, Ordering::Release);
        }
    }
}

/// Which 64-bit word a port's bit is in, and the bit.
const fn place(port: u32) -> (usize, u64) {
    (port as usize / 64, 1 << (port % 64))
}

/// What [`sleep`] asks of a processor.
pub trait Processor {
    /// Keeps the upcall from running (`cli`).
    fn disable_interrupts(&self);
    /// Lets the upcall run and halts until it has, in one step (`sti; hlt`).
    fn enable_interrupts_and_halt(&self);
}

/// Halts until an event, or not at all when `is_due` says that there is something to look at.
/// Interrupts are disabled before `is_due` is asked; they are as the halt leaves them afterwards.
pub fn sleep(processor: &impl Processor, is_due: impl Fn() -> bool) {
    let early = mutated!(EvtchnLooksBeforeDisable) && !is_due();
    processor.disable_interrupts();
    if early || !is_due() {
        processor.enable_interrupts_and_halt();
    }
}

#[cfg(test)]
mod tests;

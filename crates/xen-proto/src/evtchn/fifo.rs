// SPDX-License-Identifier: ISC
//! The FIFO interface: sixteen queues of ports, linked through an array with a word a port.
//!
//! Xen appends a port to the tail of its priority's queue: it sets the link field of the last
//! word if that is still linked, else it writes the queue's head and sets its ready bit. The guest
//! takes from the front and keeps the heads of queues that it has not emptied for itself.

use super::{Marks, place};
use crate::mutated;
use crate::sync::{AtomicU32, Ordering};

/// `EVTCHN_FIFO_NR_CHANNELS`.
pub const FIFO_PORTS: u32 = 1 << LINK_BITS;
/// `EVTCHN_FIFO_MAX_QUEUES`; priority 0 is the highest, 7 the default.
pub const PRIORITIES: usize = 16;
/// Ports in one page of the event array.
pub const PAGE_PORTS: usize = 1024;

const LINK_BITS: u32 = 17;
const LINK: u32 = (1 << LINK_BITS) - 1;
pub(super) const PENDING: u32 = 1 << 31;
pub(super) const MASKED: u32 = 1 << 30;
pub(super) const LINKED: u32 = 1 << 29;
pub(super) const BUSY: u32 = 1 << 28;

/// `struct evtchn_fifo_control_block`, one for each vCPU.
#[repr(C)]
pub struct ControlBlock {
    /// A bit for each queue that went from empty to not empty.
    pub ready: AtomicU32,
    /// Nothing.
    pub reserved: AtomicU32,
    /// The first port of each such queue.
    pub head: [AtomicU32; PRIORITIES],
}

impl ControlBlock {
    /// Empty queues.
    pub const fn new() -> Self {
        ControlBlock {
            ready: AtomicU32::new(0),
            reserved: AtomicU32::new(0),
            head: [const { AtomicU32::new(0) }; PRIORITIES],
        }
    }
}

impl Default for ControlBlock {
    fn default() -> Self {
        ControlBlock::new()
    }
}

/// One page of the event array.
#[repr(C, align(4096))]
pub struct EventPage {
    /// A word a port: pending, masked, linked, busy, and the next port in the queue.
    pub words: [AtomicU32; PAGE_PORTS],
}

impl EventPage {
    /// A page of ports that are all masked, as a page should be before Xen gets it.
    pub const fn new() -> Self {
        EventPage {
            words: [const { AtomicU32::new(MASKED) }; PAGE_PORTS],
        }
    }

    /// Makes the page what [`new`](Self::new) makes.
    pub fn reset(&self) {
        for word in &self.words {
            word.store(MASKED, Ordering::Relaxed);
        }
    }
}

impl Default for EventPage {
    fn default() -> Self {
        EventPage::new()
    }
}

/// One virtual processor's queues. The event array is given to each call, because it grows.
pub struct Fifo<'a> {
    control: &'a ControlBlock,
    /// Where each queue goes on; 0 when it was emptied.
    head: [u32; PRIORITIES],
    /// Queues that are not known to be empty.
    ready: u32,
}

impl<'a> Fifo<'a> {
    /// Queues that were never looked at.
    pub const fn new(control: &'a ControlBlock) -> Self {
        Fifo {
            control,
            head: [0; PRIORITIES],
            ready: 0,
        }
    }

    /// Moves the events of unmasked ports into `marks`, by priority; whether there was any.
    ///
    /// Clear `evtchn_upcall_pending` of the vCPU's `struct vcpu_info` before, in a read-modify-write:
    /// an event after that sets it again, one before it is found here. Xen raises no upcall while
    /// it is set.
    ///
    /// It takes at most as many as there are ports and leaves the rest queued, so that a peer that
    /// sends without end cannot hold the guest here. A link to a port without a word, which Xen
    /// does not make, ends its queue.
    pub fn demux(&mut self, pages: &[&EventPage], marks: Marks<'_>) -> bool {
        let mut found = false;
        let stale =
            mutated!(FifoHeadBeforeReady).then(|| self.control.head[7].load(Ordering::Relaxed));
        self.take_ready();
        for _ in 0..pages.len() * PAGE_PORTS {
            if self.ready == 0 {
                break;
            }
            let queue = self.ready.trailing_zeros() as usize % PRIORITIES;
            let mut port = self.head[queue];
            if port == 0 {
                port = stale.unwrap_or_else(|| self.control.head[queue].load(Ordering::Acquire));
            }
            let (next, due) = word(pages, port).map_or((0, false), unlink);
            if due {
                let (word, bit) = place(port);
                marks.set(word, bit);
                found = true;
            }
            self.head[queue] = next;
            if next == 0 {
                self.ready &= !(1 << queue);
                // More may have come since; a queue with a higher priority goes first.
                self.take_ready();
            }
        }
        found
    }

    fn take_ready(&mut self) {
        let queues = self.control.ready.swap(0, Ordering::Acquire);
        self.ready |= queues & ((1 << PRIORITIES) - 1);
    }

    /// Whether [`demux`](Self::demux) has anything to look at. To sleep: disable interrupts, ask,
    /// and if not, enable them and halt in one step.
    pub fn is_due(&self) -> bool {
        self.ready != 0 || self.control.ready.load(Ordering::Acquire) != 0
    }

    /// Lets a port's events through. True when one is pending already: then it is in no queue, and
    /// `EVTCHNOP_unmask` must put it there. True, too, when Xen is at work on the word, and false
    /// for a port without a word.
    #[must_use = "an event that is pending already is lost without the hypercall"]
    pub fn unmask(pages: &[&EventPage], port: u32) -> bool {
        let Some(word) = word(pages, port) else {
            return false;
        };
        let old = word.load(Ordering::Relaxed);
        if old & (PENDING | BUSY) != 0 {
            return true;
        }
        // Nothing may have come between the look and the change: Xen leaves out what is masked.
        word.compare_exchange(old, old & !MASKED, Ordering::AcqRel, Ordering::Relaxed)
            .is_err()
    }

    /// Holds a port's events back; they stay pending.
    pub fn mask(pages: &[&EventPage], port: u32) {
        if let Some(word) = word(pages, port) {
            word.fetch_or(MASKED, Ordering::AcqRel);
        }
    }

    /// Takes one port's pending bit without `demux`, masked or not. It may stay queued, which does
    /// no harm.
    pub fn test_and_clear(pages: &[&EventPage], port: u32) -> bool {
        word(pages, port)
            .is_some_and(|word| word.fetch_and(!PENDING, Ordering::AcqRel) & PENDING != 0)
    }
}

fn word<'a>(pages: &[&'a EventPage], port: u32) -> Option<&'a AtomicU32> {
    pages
        .get(port as usize / PAGE_PORTS)?
        .words
        .get(port as usize % PAGE_PORTS)
}

/// Takes a word off the front of its queue: the port that follows, 0 at the end, and whether the
/// word was pending and not masked, in which case it no longer is pending.
fn unlink(word: &AtomicU32) -> (u32, bool) {
    let mut old = word.load(Ordering::Relaxed);
    loop {
        if old & LINKED == 0 {
            // Ready for a queue that was emptied in the meantime.
            return (0, false);
        }
        let due = old & (PENDING | MASKED) == PENDING;
        let cleared = LINKED | LINK | if due { PENDING } else { 0 };
        if mutated!(FifoUnlinksInTwoSteps) {
            word.fetch_and(!cleared, Ordering::AcqRel);
            return (old & LINK, due);
        }
        if mutated!(FifoDueBeforeUnlink) {
            return (word.fetch_and(!cleared, Ordering::AcqRel) & LINK, due);
        }
        // Acquire: what the peer wrote before it sent is seen by whoever takes the mark.
        match word.compare_exchange(old, old & !cleared, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => return (old & LINK, due),
            Err(now) => old = now,
        }
    }
}

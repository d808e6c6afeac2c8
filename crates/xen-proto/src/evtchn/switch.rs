// SPDX-License-Identifier: ISC
//! From the 2-level interface to the FIFO interface, in a domain that runs, with ports that are in use.
//!
//! Interface: `EVTCHNOP_init_control` and `EVTCHNOP_expand_array` in xen/include/public/event_channel.h; Xen's side is
//! `evtchn_fifo_init_control` and `add_page_to_event_array` in xen/common/event_fifo.c. Xen takes over the pending bits of
//! all ports when it gets the control block, keeps to itself what comes for a port whose page it does not have yet, and
//! raises both when it gets the page, which makes an upcall for those that are not masked in it.
//!
//! **Event before unmask** (`SwitchUnmasksLater`).
//! 1. Guest hands over a page of masked ports. 2. Xen raises what was pending: it sees the mask, and puts the port into no
//!    queue. 3. Guest clears the mask, as it was in the 2-level interface. The event is pending, in no queue. So a page is
//!    masked as it is to be before Xen gets it.
//!
//! **Flag of the old interface** (`SwitchDropsFlag`).
//! 1. Guest hands over the pages; Xen raises an event and sets `evtchn_upcall_pending`. 2. Guest takes the flag for one of
//!    the 2-level interface's, whose bits it will not look at any more, and clears it. 3. It sleeps, and no upcall comes. So
//!    the flag stays, and the first look in the new interface clears it.
//!
//! **Bit that is taken over** (`SwitchTakesBits`).
//! 1. Guest empties the 2-level bits, to lose nothing of what they hold. 2. Xen sets a bit more. 3. Guest, which has to stop
//!    somewhere, clears what it did not mark. So the bits are left to Xen, which knows when it stops using them.

use super::{EventPage, PAGE_PORTS, TWO_LEVEL_PORTS, TwoLevel};
use crate::mutated;
use crate::sync::{Ordering, unshared};

/// Pages for all ports of the 2-level interface.
pub const SWITCH_PAGES: usize = TWO_LEVEL_PORTS as usize / PAGE_PORTS;

/// Switches: `init_control` hands Xen the control block, `append` each page. False when Xen refused the first, and then the
/// 2-level interface stays in force. Once it did not there is no way back: should Xen refuse a page, it and those after it
/// are not there, and their ports are dead.
pub fn switch<'p>(
    bits: TwoLevel<'_>,
    pages: [&'p EventPage; SWITCH_PAGES],
    init_control: impl FnOnce() -> bool,
    mut append: impl FnMut(&'p EventPage) -> bool,
) -> bool {
    let copy_masks = || {
        // The masks are only the guest's to change.
        for (page, masks) in pages.iter().zip(bits.mask.chunks(PAGE_PORTS / 64)) {
            for (words, mask) in page.words.chunks(64).zip(masks) {
                let mask = mask.load(Ordering::Relaxed);
                for (bit, word) in words.iter().enumerate() {
                    if mask & 1 << bit == 0 {
                        word.fetch_and(!super::fifo::MASKED, Ordering::Relaxed);
                    }
                }
            }
        }
    };
    unshared(|| {
        pages.iter().for_each(|page| page.reset());
        if !mutated!(SwitchUnmasksLater) {
            copy_masks();
        }
    });
    if mutated!(SwitchTakesBits) {
        unshared(|| {
            bits.pending
                .iter()
                .for_each(|word| word.store(0, Ordering::Relaxed))
        });
    }
    if !init_control() {
        return false;
    }
    for page in pages {
        if !append(page) {
            break;
        }
    }
    if mutated!(SwitchUnmasksLater) {
        unshared(copy_masks);
    }
    if mutated!(SwitchDropsFlag) {
        bits.upcall_pending.store(0, Ordering::SeqCst);
    }
    true
}

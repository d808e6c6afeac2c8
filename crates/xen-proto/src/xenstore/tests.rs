// SPDX-License-Identifier: ISC
//! The one event that the ring saves, against every interleaving with xenstored's writes.

extern crate std;

use core::cell::Cell;
use std::rc::Rc;

use super::{RING_SIZE, Ring, SharedPage, Watches};
use crate::model::{self, Mutant};
use crate::sync::Ordering::SeqCst;

/// xenstored has two more bytes for a ring that has room for one; it sleeps when there is none.
fn full_ring() -> Result<(), &'static str> {
    let page = Rc::new(SharedPage::new());
    page.rsp_prod.store(RING_SIZE as u32 - 1, SeqCst);
    let asleep = Rc::new(Cell::new(false));
    let (peer, sleeps) = (Rc::clone(&page), Rc::clone(&asleep));
    let (at, left, cons) = (Cell::new(0), Cell::new(2), Cell::new(0));
    model::peer(move || {
        let prod = || peer.rsp_prod.load(SeqCst);
        match at.get() {
            0 => {
                cons.set(peer.rsp_cons.load(SeqCst));
                at.set(1);
            }
            _ if prod().wrapping_sub(cons.get()) as usize == RING_SIZE => {
                sleeps.set(true);
                left.set(0);
            }
            _ => {
                peer.rsp_prod.store(prod() + 1, SeqCst);
                left.set(left.get() - 1);
                at.set(0);
            }
        }
        left.get() > 0
    });
    let mut ring = Ring::new(&page);
    let mut buffer = [0; 2];
    let pulled = ring.pull(&mut buffer);
    model::finish_peer();
    match (pulled, asleep.get(), ring.take_notify()) {
        (Some(2), true, false) => Err("xenstored sleeps on a ring with room"),
        (Some(2), ..) => Ok(()),
        _ => Err("bytes were not pulled"),
    }
}

#[test]
fn the_event_is_saved_only_when_it_may_be() {
    assert!(model::explore(full_ring).unwrap() > 20);
    let failure = model::kill(Mutant::XenstoreLooksBeforeItTakes, full_ring);
    assert_eq!(failure, "xenstored sleeps on a ring with room");
}

/// An event is on its way when its watch is given up and another one is made.
fn late_event() -> Result<(), &'static str> {
    let mut watches = Watches::<2>::new();
    let slot = watches.add(b"a").ok_or("there is no slot")?;
    let (_, token) = watches.next_unarmed().ok_or("it counts as registered")?;
    watches.remove(slot);
    watches.add(b"b").ok_or("there is no slot")?;
    watches.next_unarmed().ok_or("it counts as registered")?;
    match watches.find(&token) {
        None => Ok(()),
        Some(_) => Err("the next owner took the event"),
    }
}

#[test]
fn tokens_are_not_used_again() {
    model::explore(late_event).unwrap();
    let failure = model::kill(Mutant::WatchesReuseTokens, late_event);
    assert_eq!(failure, "the next owner took the event");
}

// SPDX-License-Identifier: ISC
//! One entry against every interleaving with a peer that maps and unmaps it, step by step as
//! `_set_status_v1` and the unmap path of xen/common/grant_table.c do.

extern crate std;

use core::cell::Cell;
use std::rc::Rc;

use super::{Entry, Error, PERMIT_ACCESS, READING};
use crate::model::{self, Mutant};
use crate::sync::Ordering::SeqCst;

const PEER: u16 = 3;
const OLD: u32 = 100;
const NEW: u32 = 200;

/// What Xen knows of the peer's mapping.
struct World {
    entry: Entry,
    mapped: Cell<Option<u32>>,
}

/// The peer maps the entry, and unmaps it if `unmaps`, `times` times.
fn world(unmaps: bool, times: u32) -> Rc<World> {
    let world = Rc::new(World {
        entry: Entry::new(),
        mapped: Cell::new(None),
    });
    world.entry.frame.store(OLD, SeqCst);
    let peer = Rc::clone(&world);
    let (at, flags, left) = (Cell::new(0), Cell::new(0), Cell::new(times));
    model::peer(move || {
        let entry = &peer.entry;
        let next = match at.get() {
            0 => {
                flags.set(entry.flags.load(SeqCst));
                let allowed = flags.get() & PERMIT_ACCESS != 0 && entry.domid.load(SeqCst) == PEER;
                if allowed { 1 } else { 9 }
            }
            1 => match entry.flags.compare_exchange(
                flags.get(),
                flags.get() | READING,
                SeqCst,
                SeqCst,
            ) {
                Ok(_) => {
                    peer.mapped.set(Some(0));
                    2
                }
                Err(_) => 0,
            },
            2 => {
                peer.mapped.set(Some(entry.frame.load(SeqCst)));
                if unmaps { 3 } else { 9 }
            }
            _ => {
                peer.mapped.set(None);
                entry.flags.fetch_and(!READING, SeqCst);
                9
            }
        };
        at.set(next % 9);
        if next == 9 {
            left.set(left.get() - 1);
        }
        left.get() > 0
    });
    world
}

fn grant() -> Result<(), &'static str> {
    let world = world(false, 2);
    // The peer was granted another page under this reference before.
    world.entry.domid.store(PEER, SeqCst);
    let granted = world.entry.grant(PEER, u64::from(NEW), false);
    model::finish_peer();
    match (granted, world.mapped.get()) {
        (Err(_), _) => Err("a grant was refused"),
        (Ok(()), Some(OLD)) => Err("the peer maps a page it was not granted"),
        (Ok(()), _) => Ok(()),
    }
}

fn revoke(unmaps: bool) -> Result<(), &'static str> {
    let world = world(unmaps, 2);
    // Only the end is of interest here; the start has its own test.
    world.entry.domid.store(PEER, SeqCst);
    world.entry.frame.store(NEW, SeqCst);
    world.entry.flags.store(PERMIT_ACCESS, SeqCst);
    let ended = world.entry.end_access();
    if ended.is_ok() && world.mapped.get().is_some() {
        return Err("revoked while mapped");
    }
    model::finish_peer();
    match (ended, world.mapped.get()) {
        (Ok(()), Some(_)) => Err("mapped after it was revoked"),
        (Err(Error::Busy), None) => match unmaps && world.entry.end_access().is_ok() {
            true => Ok(()),
            false => Err("busy, though nobody maps it"),
        },
        (Err(Error::Busy), _) | (Ok(()), None) => Ok(()),
        (Err(_), _) => Err("another error"),
    }
}

#[test]
fn no_page_is_mapped_that_is_not_granted() {
    assert!(model::explore(grant).unwrap() > 10);
    assert!(model::explore(|| revoke(false)).unwrap() > 20);
    assert!(model::explore(|| revoke(true)).unwrap() > 50);
}

#[test]
fn mutants_are_killed() {
    let wrong = "the peer maps a page it was not granted";
    assert_eq!(model::kill(Mutant::GrantFlagsFirst, grant), wrong);
    for unmaps in [false, true] {
        let failure = model::kill(Mutant::GrantRevokesBlindly, || revoke(unmaps));
        assert_eq!(failure, "revoked while mapped");
    }
}

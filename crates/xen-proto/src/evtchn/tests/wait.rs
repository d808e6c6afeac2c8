// SPDX-License-Identifier: ISC
//! The core's wait against every interleaving with Xen's side.

extern crate std;

use super::super::{Marks, Wait};
use super::long::long;
use super::two_level::Shared;
use super::{PORTS, marks};
use crate::model::{self, Mutant};
use crate::sync::Ordering::SeqCst;

/// The core waits for its first port until it was sent `last` messages, among events of an application's ports.
fn waiting(sends: &'static [usize], last: u32) -> Result<(), &'static str> {
    let (shared, marks) = (Shared::new(), marks());
    shared.peer(sends);
    let mut wait = Wait::new(shared.bits());
    while {
        wait.clear([PORTS[0]]);
        shared.messages.sent[0].get() < last
    } {
        if shared.upcall_pending.load(SeqCst) == 0 {
            // Halted: nobody but the peer goes on.
            model::finish_peer();
            if shared.upcall_pending.load(SeqCst) == 0 && shared.messages.sent[0].get() >= last {
                return Err("slept on an event");
            }
        }
    }
    wait.give_back();
    model::finish_peer();
    // Then the application takes what is its own.
    shared.messages.sent[0].set(0);
    let (bits, marks) = (shared.bits(), Marks::new(&marks));
    while bits.is_due() {
        bits.demux(marks);
        marks.forget(PORTS[0]);
        shared.messages.collect(marks)?;
    }
    shared.messages.all_seen()
}

#[test]
fn the_cores_wait_loses_nothing() {
    for sends in [&[0, 0][..], &[1, 0], &[2, 0]] {
        let last = sends.iter().filter(|&&port| port == 0).count() as u32;
        assert!(model::explore(|| waiting(sends, last)).unwrap() > 100);
    }
    if long() {
        // Millions of interleavings.
        model::explore(|| waiting(&[0, 2, 0], 2)).unwrap();
    }
}

#[test]
fn mutants_of_the_wait_are_killed() {
    let slept = "slept on an event";
    let twice = || waiting(&[0, 0], 2);
    assert_eq!(model::kill(Mutant::WaitSelectorBeforeFlag, twice), slept);
    // The word is selected already by its neighbour's event.
    let neighbour = || waiting(&[1, 0, 0], 2);
    assert_eq!(model::kill(Mutant::WaitPendingFirst, neighbour), slept);
    let lost = model::kill(Mutant::WaitKeepsSelected, || waiting(&[2, 0], 1));
    assert_eq!(lost, "an event was lost");
}

// SPDX-License-Identifier: ISC
//! The application's sleep, with a wait of the core's before it, against every interleaving with senders. What can happen
//! between a sender's steps is tested beside this; here each event comes at once.

extern crate std;

use super::super::{Marks, Untold, collect};
use super::two_level::Shared;
use super::{PORTS, marks};
use crate::model::{self, Mutant};
use crate::sync::Ordering::SeqCst;

/// The timer's port; the others are the application's.
const TIMER: usize = 1;

/// The application sleeps and looks until it was sent all of `sends`, after the core has waited once.
fn sleeping(sends: &'static [usize]) -> Result<(), &'static str> {
    let (shared, marks) = (Shared::new(), marks());
    let marks = Marks::new(&marks);
    let untold = Untold::new();
    let look = || collect(&mut shared.bits(), PORTS[TIMER], marks);
    shared.peer_at_once(sends);
    untold.demux_for_core(look);
    let mut over = false;
    for _ in 0..=sends.len() {
        untold.block(look, || {
            // With interrupts off: an event after this ends the halt, in which nobody but the peer goes on.
            if shared.upcall_pending.load(SeqCst) == 0 {
                model::finish_peer();
                over = shared.upcall_pending.load(SeqCst) == 0;
            }
            !over
        });
        let told = untold.demux(look);
        if marks.test_and_clear(PORTS[TIMER]) {
            return Err("the timer's event was told");
        }
        if told && !marks.any() {
            return Err("an event was told that is not there");
        }
        if told {
            shared.messages.collect(marks)?;
        }
        if over {
            break;
        }
    }
    shared.messages.sent[TIMER].set(0);
    shared.messages.all_seen().map_err(|_| "slept on an event")
}

#[test]
fn the_sleep_loses_and_invents_nothing() {
    for sends in [
        &[0][..],
        &[1],
        &[1, 0],
        &[0, 1],
        &[0, 2],
        &[0, 0],
        &[0, 1, 2],
        &[1, 0, 1],
    ] {
        assert!(model::explore(|| sleeping(sends)).unwrap() > 3);
    }
}

#[test]
fn mutants_of_the_sleep_are_killed() {
    let slept = "slept on an event";
    let one = || sleeping(&[0]);
    assert_eq!(model::kill(Mutant::BlockForgetsTheCores, one), slept);
    assert_eq!(model::kill(Mutant::BlockKeepsItToItself, one), slept);
    let timer = || sleeping(&[1]);
    assert_eq!(
        model::kill(Mutant::BlockTimerIsTold, timer),
        "an event was told that is not there"
    );
    let both = || sleeping(&[1, 0]);
    assert_eq!(model::kill(Mutant::BlockTimerHidesOthers, both), slept);
}

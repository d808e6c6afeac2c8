// SPDX-License-Identifier: ISC
//! The 2-level interface; Xen's side is that of xen/common/event_2l.c.

extern crate std;

use core::array;
use core::cell::Cell;
use std::rc::Rc;

use super::super::{Marks, Processor, TwoLevel, WORDS, place, sleep};
use super::{Messages, PORTS, marks};
use crate::model::{self, Mutant};
use crate::sync::{AtomicU8, AtomicU64, Ordering::SeqCst};

/// The memory of the 2-level interface, and the interrupt line.
pub(super) struct Shared {
    pub(super) upcall_pending: AtomicU8,
    selector: AtomicU64,
    pending: [AtomicU64; WORDS],
    mask: [AtomicU64; WORDS],
    line: Cell<bool>,
    enabled: Cell<bool>,
    asleep: Cell<bool>,
    pub(super) messages: Messages,
}

impl Shared {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Shared {
            upcall_pending: AtomicU8::new(0),
            selector: AtomicU64::new(0),
            pending: array::from_fn(|_| AtomicU64::new(0)),
            mask: array::from_fn(|_| AtomicU64::new(0)),
            line: Cell::new(false),
            enabled: Cell::new(false),
            asleep: Cell::new(false),
            messages: Messages::default(),
        })
    }

    pub(super) fn bits(&self) -> TwoLevel<'_> {
        TwoLevel {
            upcall_pending: &self.upcall_pending,
            selector: &self.selector,
            pending: &self.pending,
            mask: &self.mask,
        }
    }

    /// The upcall, if it may run: it only acknowledges.
    fn upcall(&self) {
        if self.enabled.get() && self.line.replace(false) {
            self.upcall_pending.store(0, SeqCst);
            self.asleep.set(false);
        }
    }

    /// `evtchn_2l_set_pending` for each of `sends` in turn, one access a step.
    pub(super) fn peer(self: &Rc<Self>, sends: &'static [usize]) {
        model::peer(self.sender(sends));
    }

    /// The same, each of `sends` in one step.
    pub(super) fn peer_at_once(self: &Rc<Self>, sends: &'static [usize]) {
        let shared = Rc::clone(self);
        let next = Cell::new(0);
        model::peer(move || {
            let Some(send) = sends.get(next.get()..=next.get()) else {
                return false;
            };
            let step = shared.sender(send);
            while step() {}
            next.set(next.get() + 1);
            next.get() < sends.len()
        });
    }

    fn sender(self: &Rc<Self>, sends: &'static [usize]) -> impl Fn() -> bool + 'static {
        let shared = Rc::clone(self);
        let (send, at) = (Cell::new(0), Cell::new(0));
        move || {
            let Some(&which) = sends.get(send.get()) else {
                return false;
            };
            let (word, bit) = place(PORTS[which]);
            let done = match at.get() {
                0 => {
                    shared.messages.sent[which].set(shared.messages.sent[which].get() + 1);
                    shared.pending[word].fetch_or(bit, SeqCst) & bit != 0
                }
                1 => shared.mask[word].load(SeqCst) & bit != 0,
                2 => shared.selector.fetch_or(1 << word, SeqCst) & (1 << word) != 0,
                3 => {
                    if shared.upcall_pending.swap(1, SeqCst) == 0 {
                        shared.line.set(true);
                    }
                    false
                }
                _ => {
                    shared.upcall();
                    true
                }
            };
            if done {
                send.set(send.get() + 1);
            }
            at.set(if done { 0 } else { at.get() + 1 });
            send.get() < sends.len()
        }
    }
}

impl Processor for Shared {
    fn disable_interrupts(&self) {
        self.enabled.set(false);
    }

    fn enable_interrupts_and_halt(&self) {
        self.asleep.set(true);
        self.enabled.set(true);
        self.upcall();
        if self.asleep.get() {
            model::finish_peer();
        }
        self.enabled.set(false);
    }
}

/// The guest looks once while the peer sends, then until nothing is due.
fn demux_while(sends: &'static [usize]) -> Result<(), &'static str> {
    let (shared, marks) = (Shared::new(), marks());
    let (bits, marks) = (shared.bits(), Marks::new(&marks));
    shared.peer(sends);
    bits.demux(marks);
    shared.messages.collect(marks)?;
    model::finish_peer();
    for _ in 0..3 {
        if bits.is_due() {
            bits.demux(marks);
            shared.messages.collect(marks)?;
        }
    }
    if bits.is_due() || marks.any() {
        return Err("there is no end of events");
    }
    shared.messages.all_seen()
}

/// Whoever looks at nothing but the flag, as the Solo5 part does before it halts, sees all events.
fn flag_tells() -> Result<(), &'static str> {
    let (shared, marks) = (Shared::new(), marks());
    shared.peer(&[0, 2]);
    shared.bits().demux(Marks::new(&marks));
    model::finish_peer();
    match shared.selector.load(SeqCst) != 0 && shared.upcall_pending.load(SeqCst) == 0 {
        true => Err("slept on an event"),
        false => Ok(()),
    }
}

fn demux_after_one(sends: &'static [usize]) -> Result<(), &'static str> {
    let (shared, marks) = (Shared::new(), marks());
    let (bits, marks) = (shared.bits(), Marks::new(&marks));
    shared.peer(&[0]);
    model::finish_peer();
    shared.peer(sends);
    bits.demux(marks);
    shared.messages.collect(marks)?;
    model::finish_peer();
    if bits.is_due() {
        bits.demux(marks);
        shared.messages.collect(marks)?;
    }
    shared.messages.all_seen()
}

fn unmask() -> Result<(), &'static str> {
    let (shared, marks) = (Shared::new(), marks());
    let (bits, marks) = (shared.bits(), Marks::new(&marks));
    bits.mask_all();
    shared.peer(&[0]);
    bits.unmask(PORTS[0]);
    model::finish_peer();
    while bits.is_due() {
        bits.demux(marks);
        shared.messages.collect(marks)?;
    }
    shared.messages.all_seen()
}

/// The owner closes its port while the peer sends; the next owner has not been sent anything.
fn close() -> Result<(), &'static str> {
    let (shared, marks) = (Shared::new(), marks());
    let (bits, marks) = (shared.bits(), Marks::new(&marks));
    shared.peer(&[0]);
    bits.demux(marks);
    // EVTCHNOP_close: the peer is done with the port, and Xen clears its pending bit.
    model::finish_peer();
    shared.pending[0].fetch_and(!(1 << PORTS[0]), SeqCst);
    marks.forget(PORTS[0]);
    shared.messages.sent[0].set(0);
    while bits.is_due() {
        bits.demux(marks);
    }
    shared.messages.collect(marks)
}

fn sleeping() -> Result<(), &'static str> {
    let (shared, marks) = (Shared::new(), marks());
    let (bits, marks) = (shared.bits(), Marks::new(&marks));
    shared.peer(&[0]);
    for _ in 0..6 {
        // The worst case: a guest that runs with interrupts enabled.
        shared.enabled.set(true);
        sleep(&*shared, || bits.is_due());
        if shared.asleep.get() {
            return shared.messages.all_seen().map_err(|_| "slept on an event");
        }
        bits.demux(marks);
        shared.messages.collect(marks)?;
    }
    Err("woken without end")
}

#[test]
fn two_level_loses_and_invents_nothing() {
    for sends in [&[0, 1][..], &[0, 0], &[0, 2]] {
        assert!(model::explore(|| demux_while(sends)).unwrap() > 100);
        assert!(model::explore(|| demux_after_one(sends)).unwrap() > 100);
    }
    model::explore(flag_tells).unwrap();
    model::explore(unmask).unwrap();
    model::explore(close).unwrap();
    model::explore(sleeping).unwrap();
}

#[test]
fn two_level_mutants_are_killed() {
    let lost = "an event was lost";
    let while_two = || demux_while(&[0, 1]);
    assert_eq!(
        model::kill(Mutant::EvtchnSelectorBeforeFlag, flag_tells),
        "slept on an event"
    );
    assert_eq!(
        model::kill(Mutant::EvtchnWordsBeforeSelector, while_two),
        lost
    );
    assert_eq!(model::kill(Mutant::EvtchnClearsWholeWord, while_two), lost);
    assert_eq!(
        model::kill(Mutant::EvtchnMarksStay, || demux_after_one(&[0])),
        lost
    );
    assert_eq!(model::kill(Mutant::EvtchnPendingBeforeUnmask, unmask), lost);
    assert_eq!(
        model::kill(Mutant::EvtchnForgetsNothing, close),
        "an event was invented"
    );
    assert_eq!(
        model::kill(Mutant::EvtchnLooksBeforeDisable, sleeping),
        "slept on an event"
    );
}

// SPDX-License-Identifier: ISC
//! The FIFO interface; Xen's side is that of xen/common/event_fifo.c.

extern crate std;

use core::cell::Cell;
use std::rc::Rc;

use super::super::fifo::{BUSY, LINKED, MASKED, PENDING};
use super::super::{ControlBlock, EventPage, FIFO_PORTS, Fifo, Marks};
use super::long::long;
use super::{Messages, PORTS, marks};
use crate::model::{self, Mutant};
use crate::mutated;
use crate::sync::{AtomicU8, AtomicU32, Ordering::SeqCst};

/// The memory of the FIFO interface, and Xen's own record of the queue of priority 7.
struct Queues {
    control: ControlBlock,
    page: EventPage,
    tail: Cell<u32>,
    upcall_pending: AtomicU8,
    messages: Messages,
}

const QUEUE: usize = 7;

impl Queues {
    fn new() -> Rc<Self> {
        let queues = Rc::new(Queues {
            control: ControlBlock::new(),
            page: EventPage::new(),
            tail: Cell::new(0),
            upcall_pending: AtomicU8::new(0),
            messages: Messages::default(),
        });
        for port in PORTS {
            let _ = Fifo::unmask(&[&queues.page], port);
        }
        queues
    }

    fn word(&self, port: u32) -> &AtomicU32 {
        &self.page.words[port as usize]
    }

    /// `evtchn_fifo_set_pending` for each of `sends` in turn, one access a step.
    fn peer(self: &Rc<Self>, sends: &'static [usize]) {
        let queues = Rc::clone(self);
        let (send, at) = (Cell::new(0), Cell::new(0));
        let (tail_word, linked) = (Cell::new(0), Cell::new(false));
        model::peer(move || {
            let Some(&which) = sends.get(send.get()) else {
                return false;
            };
            let port = PORTS[which];
            let word = queues.word(port);
            let next = match at.get() {
                0 => {
                    queues.messages.sent[which].set(queues.messages.sent[which].get() + 1);
                    word.fetch_or(PENDING, SeqCst);
                    1
                }
                1 => match word.load(SeqCst) & (MASKED | LINKED) {
                    0 => 2,
                    _ => 0,
                },
                2 if word.fetch_or(LINKED, SeqCst) & LINKED != 0 => 0,
                2 => {
                    linked.set(false);
                    match queues.tail.get() {
                        0 => 6,
                        tail if tail == port => 6,
                        _ => 3,
                    }
                }
                // evtchn_fifo_set_link, with the tail's word locked against unmasking if need be.
                3 => {
                    tail_word.set(queues.word(queues.tail.get()).load(SeqCst));
                    4
                }
                4 if tail_word.get() & LINKED == 0 => 5,
                4 => {
                    let old = tail_word.get();
                    let new = old & !(BUSY | (FIFO_PORTS - 1)) | port;
                    match queues
                        .word(queues.tail.get())
                        .compare_exchange(old, new, SeqCst, SeqCst)
                    {
                        Ok(_) => {
                            linked.set(true);
                            7
                        }
                        Err(_) => 8,
                    }
                }
                5 => {
                    queues.word(queues.tail.get()).fetch_and(!BUSY, SeqCst);
                    6
                }
                6 => {
                    queues.control.head[QUEUE].store(port, SeqCst);
                    7
                }
                7 => {
                    queues.tail.set(port);
                    let bit = 1 << QUEUE;
                    let new =
                        !linked.get() && queues.control.ready.fetch_or(bit, SeqCst) & bit == 0;
                    if new { 9 } else { 0 }
                }
                9 => {
                    queues.upcall_pending.store(1, SeqCst);
                    0
                }
                _ => {
                    queues.word(queues.tail.get()).fetch_or(BUSY, SeqCst);
                    3
                }
            };
            at.set(next);
            if next == 0 {
                send.set(send.get() + 1);
            }
            send.get() < sends.len()
        });
    }
}

/// The guest looks once while the peer sends `sends`, after it sent `before`.
fn fifo(before: &'static [usize], sends: &'static [usize]) -> Result<(), &'static str> {
    let (queues, marks) = (Queues::new(), marks());
    let (pages, marks) = ([&queues.page], Marks::new(&marks));
    let mut fifo = Fifo::new(&queues.control);
    queues.peer(before);
    model::finish_peer();
    queues.peer(sends);
    fifo.demux(&pages, marks);
    queues.messages.collect(marks)?;
    model::finish_peer();
    for _ in 0..3 {
        if fifo.is_due() {
            fifo.demux(&pages, marks);
            queues.messages.collect(marks)?;
        }
    }
    if fifo.is_due() || marks.any() {
        return Err("there is no end of events");
    }
    queues.messages.all_seen()
}

/// Whoever looks at nothing but the flag sees all events; the flag is the caller's to clear.
fn fifo_flag_tells() -> Result<(), &'static str> {
    let (queues, marks) = (Queues::new(), marks());
    queues.peer(&[0]);
    let late = mutated!(EvtchnSelectorBeforeFlag);
    let clear = || queues.upcall_pending.swap(0, SeqCst);
    if !late {
        clear();
    }
    Fifo::new(&queues.control).demux(&[&queues.page], Marks::new(&marks));
    if late {
        clear();
    }
    model::finish_peer();
    match queues.control.ready.load(SeqCst) != 0 && queues.upcall_pending.load(SeqCst) == 0 {
        true => Err("slept on an event"),
        false => Ok(()),
    }
}

/// The port is queued, but its event was taken without `demux`; then the peer sends again.
fn fifo_taken() -> Result<(), &'static str> {
    let (queues, marks) = (Queues::new(), marks());
    let (pages, marks) = ([&queues.page], Marks::new(&marks));
    let mut fifo = Fifo::new(&queues.control);
    queues.peer(&[0]);
    model::finish_peer();
    if !Fifo::test_and_clear(&pages, PORTS[0]) {
        return Err("an event was lost");
    }
    queues.peer(&[0]);
    while fifo.is_due() {
        fifo.demux(&pages, marks);
        queues.messages.collect(marks)?;
        model::finish_peer();
    }
    queues.messages.all_seen()
}

fn fifo_unmask() -> Result<(), &'static str> {
    let (queues, marks) = (Queues::new(), marks());
    let (pages, marks) = ([&queues.page], Marks::new(&marks));
    let mut fifo = Fifo::new(&queues.control);
    Fifo::mask(&pages, PORTS[0]);
    queues.peer(&[0]);
    let ask_xen = Fifo::unmask(&pages, PORTS[0]);
    model::finish_peer();
    if ask_xen {
        // EVTCHNOP_unmask: clears the mask and sends again what is pending.
        let old = queues.word(PORTS[0]).fetch_and(!MASKED, SeqCst);
        queues.messages.sent[0].set(0);
        if old & PENDING != 0 {
            queues.peer(&[0]);
            model::finish_peer();
        }
    }
    while fifo.is_due() {
        fifo.demux(&pages, marks);
        queues.messages.collect(marks)?;
    }
    queues.messages.all_seen()
}

#[test]
fn fifo_loses_and_invents_nothing() {
    for sends in [&[0, 1][..], &[0, 0]] {
        assert!(model::explore(|| fifo(&[], sends)).unwrap() > 1000);
    }
    assert!(model::explore(|| fifo(&[0], &[0])).unwrap() > 100);
    assert!(model::explore(|| fifo(&[0], &[2])).unwrap() > 100);
    model::explore(fifo_flag_tells).unwrap();
    model::explore(fifo_taken).unwrap();
    model::explore(fifo_unmask).unwrap();
    if long() {
        // Tens of millions of interleavings.
        model::explore(|| fifo(&[0, 1], &[2])).unwrap();
        model::explore(|| fifo(&[0], &[1, 0])).unwrap();
        model::explore(|| fifo(&[0], &[0, 1])).unwrap();
    }
}

#[test]
fn fifo_mutants_are_killed() {
    let lost = "an event was lost";
    let slept = model::kill(Mutant::EvtchnSelectorBeforeFlag, fifo_flag_tells);
    assert_eq!(slept, "slept on an event");
    assert_eq!(
        model::kill(Mutant::FifoUnlinksInTwoSteps, || fifo(&[0], &[1])),
        lost
    );
    assert_eq!(model::kill(Mutant::FifoDueBeforeUnlink, fifo_taken), lost);
    assert_eq!(
        model::kill(Mutant::FifoHeadBeforeReady, || fifo(&[], &[0])),
        lost
    );
}

// SPDX-License-Identifier: ISC
//! Both interfaces against every interleaving with Xen's side, written out step by step after
//! xen/common/event_2l.c and event_fifo.c, and each race's mutant.
//!
//! A message is a number that the peer writes before it sends; an event is lost when nothing is
//! due any more and the guest has not seen the last number, invented when a mark has no event.

extern crate std;

use core::array;
use core::cell::Cell;
use std::rc::Rc;
use std::vec::Vec;

use super::fifo::{BUSY, LINKED, MASKED, PENDING};
use super::{ControlBlock, EventPage, Fifo, Marks, Processor, TwoLevel, WORDS, sleep};
use crate::model::{self, Mutant};
use crate::mutated;
use crate::sync::{AtomicU8, AtomicU32, AtomicU64, Ordering::SeqCst};

/// Ports in two words, two of them in the same one.
const PORTS: [u32; 3] = [5, 7, 64];

/// What peers sent and what the guest saw of it.
#[derive(Default)]
struct Messages {
    sent: [Cell<u32>; 3],
    seen: [Cell<u32>; 3],
}

impl Messages {
    fn collect(&self, marks: Marks<'_>) -> Result<(), &'static str> {
        for (i, &port) in PORTS.iter().enumerate() {
            if marks.test_and_clear(port) {
                if self.sent[i].get() == 0 {
                    return Err("an event was invented");
                }
                self.seen[i].set(self.sent[i].get());
            }
        }
        Ok(())
    }

    fn all_seen(&self) -> Result<(), &'static str> {
        match self.sent == self.seen {
            true => Ok(()),
            false => Err("an event was lost"),
        }
    }
}

/// The memory of the 2-level interface, and the interrupt line.
struct Shared {
    upcall_pending: AtomicU8,
    selector: AtomicU64,
    pending: [AtomicU64; WORDS],
    mask: [AtomicU64; WORDS],
    line: Cell<bool>,
    enabled: Cell<bool>,
    asleep: Cell<bool>,
    messages: Messages,
}

impl Shared {
    fn new() -> Rc<Self> {
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

    fn bits(&self) -> TwoLevel<'_> {
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
    fn peer(self: &Rc<Self>, sends: &'static [usize]) {
        let shared = Rc::clone(self);
        let (send, at) = (Cell::new(0), Cell::new(0));
        model::peer(move || {
            let Some(&which) = sends.get(send.get()) else {
                return false;
            };
            let (word, bit) = super::place(PORTS[which]);
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
        });
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

fn marks() -> Vec<AtomicU64> {
    (0..2).map(|_| AtomicU64::new(0)).collect()
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
                    let new = old & !(BUSY | (super::FIFO_PORTS - 1)) | port;
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

/// As [`flag_tells`]; the flag is the caller's to clear.
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
fn fifo_loses_and_invents_nothing() {
    for sends in [&[0, 1][..], &[0, 0]] {
        assert!(model::explore(|| fifo(&[], sends)).unwrap() > 1000);
    }
    assert!(model::explore(|| fifo(&[0], &[0])).unwrap() > 100);
    assert!(model::explore(|| fifo(&[0], &[2])).unwrap() > 100);
    model::explore(fifo_flag_tells).unwrap();
    model::explore(fifo_taken).unwrap();
    model::explore(fifo_unmask).unwrap();
    if std::env::var_os("MIRAGE_XEN_LONG").is_some() {
        // Tens of millions of interleavings.
        model::explore(|| fifo(&[0, 1], &[2])).unwrap();
        model::explore(|| fifo(&[0], &[1, 0])).unwrap();
        model::explore(|| fifo(&[0], &[0, 1])).unwrap();
    }
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

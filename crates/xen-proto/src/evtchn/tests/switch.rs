// SPDX-License-Identifier: ISC
//! The switch from one interface to the other, against every interleaving with senders; Xen's side is that of
//! xen/common/event_channel.c, event_2l.c and event_fifo.c. What happens between a sender's steps in the FIFO interface is
//! tested beside this; here it does all of it at once.

extern crate std;

use core::array;
use core::cell::Cell;
use std::rc::Rc;

use super::super::fifo::{LINKED, MASKED, PENDING};
use super::super::{
    ControlBlock, EventPage, Fifo, Marks, SWITCH_PAGES, TwoLevel, WORDS, place, switch,
};
use super::{Messages, PORTS, marks};
use crate::model::{self, Mutant};
use crate::sync::{AtomicU8, AtomicU64, Ordering::SeqCst};

const QUEUE: usize = 7;

/// The memory of both interfaces, and Xen's own record.
struct Domain {
    upcall_pending: AtomicU8,
    selector: AtomicU64,
    pending: [AtomicU64; WORDS],
    mask: [AtomicU64; WORDS],
    control: ControlBlock,
    pages: [EventPage; SWITCH_PAGES],
    /// Xen has the control block, and so many pages.
    switched: Cell<bool>,
    have: Cell<usize>,
    /// Pending, for ports without a page: `evtchn->pending`.
    kept: [Cell<bool>; 3],
    tail: Cell<u32>,
    messages: Messages,
}

impl Domain {
    fn new() -> Rc<Self> {
        Rc::new(Domain {
            upcall_pending: AtomicU8::new(0),
            selector: AtomicU64::new(0),
            pending: array::from_fn(|_| AtomicU64::new(0)),
            mask: array::from_fn(|_| AtomicU64::new(0)),
            control: ControlBlock::new(),
            pages: array::from_fn(|_| EventPage::new()),
            switched: Cell::new(false),
            have: Cell::new(0),
            kept: [const { Cell::new(false) }; 3],
            tail: Cell::new(0),
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

    /// `evtchn_fifo_set_pending`.
    fn raise(&self, which: usize) {
        if self.have.get() == 0 {
            return self.kept[which].set(true);
        }
        let port = PORTS[which];
        let word = &self.pages[0].words[port as usize];
        if word.fetch_or(PENDING, SeqCst) & (MASKED | LINKED) != 0 {
            return;
        }
        word.fetch_or(LINKED, SeqCst);
        let tail = self.tail.replace(port);
        let last = &self.pages[0].words[tail as usize];
        if tail != 0 && tail != port && last.load(SeqCst) & LINKED != 0 {
            last.fetch_or(port, SeqCst);
            return;
        }
        self.control.head[QUEUE].store(port, SeqCst);
        if self.control.ready.fetch_or(1 << QUEUE, SeqCst) & 1 << QUEUE == 0 {
            self.upcall_pending.store(1, SeqCst);
        }
    }

    /// `evtchn_send` for each of `sends` in turn, in the 2-level interface one access a step, or, of several, each at once.
    fn peer(self: &Rc<Self>, sends: &'static [usize]) {
        let domain = Rc::clone(self);
        let (send, at) = (Cell::new(0), Cell::new(0));
        let step = move || {
            let which = sends[send.get()];
            let (word, bit) = place(PORTS[which]);
            let done = match at.get() {
                0 => {
                    let sent = &domain.messages.sent[which];
                    sent.set(sent.get() + 1);
                    if domain.switched.get() {
                        domain.raise(which);
                        true
                    } else {
                        domain.pending[word].fetch_or(bit, SeqCst) & bit != 0
                    }
                }
                1 => domain.mask[word].load(SeqCst) & bit != 0,
                2 => domain.selector.fetch_or(1 << word, SeqCst) & 1 << word != 0,
                _ => {
                    domain.upcall_pending.store(1, SeqCst);
                    true
                }
            };
            if done {
                send.set(send.get() + 1);
            }
            at.set(if done { 0 } else { at.get() + 1 });
            (done, send.get() < sends.len())
        };
        model::peer(move || {
            loop {
                let (done, more) = step();
                if done || sends.len() == 1 {
                    return more;
                }
            }
        });
    }

    /// `EVTCHNOP_init_control`: takes over what is pending.
    fn init_control(&self) -> bool {
        model::alone(|| {
            for (which, port) in PORTS.into_iter().enumerate() {
                let (word, bit) = place(port);
                self.kept[which].set(self.pending[word].load(SeqCst) & bit != 0);
            }
            self.switched.set(true);
        });
        true
    }

    /// `EVTCHNOP_expand_array`: raises what was kept for the page's ports.
    fn append(&self) -> bool {
        model::alone(|| {
            self.have.set(self.have.get() + 1);
            for (which, kept) in self.kept.iter().enumerate() {
                if kept.take() {
                    self.raise(which);
                }
            }
        });
        true
    }
}

/// The domain has looked once before it switches; then it looks when the flag says so. The third port is masked until it has
/// switched.
fn switching(sends: &'static [usize]) -> Result<(), &'static str> {
    let (domain, marks) = (Domain::new(), marks());
    let marks = Marks::new(&marks);
    domain.bits().mask(PORTS[2]);
    domain.peer(sends);
    domain.bits().demux(marks);
    domain.messages.collect(marks)?;
    let pages = domain.pages.each_ref();
    switch(
        domain.bits(),
        pages,
        || domain.init_control(),
        |_| domain.append(),
    );
    let mut fifo = Fifo::new(&domain.control);
    if Fifo::unmask(&pages, PORTS[2]) {
        // EVTCHNOP_unmask: clears the mask and sends again what is pending.
        model::alone(|| {
            let word = &domain.pages[0].words[PORTS[2] as usize];
            if word.fetch_and(!MASKED, SeqCst) & PENDING != 0 {
                domain.raise(2);
            }
        });
    }
    model::finish_peer();
    while domain.upcall_pending.swap(0, SeqCst) != 0 {
        fifo.demux(&pages, marks);
        domain.messages.collect(marks)?;
    }
    domain.messages.all_seen().map_err(|_| "slept on an event")
}

#[test]
fn the_switch_loses_and_invents_nothing() {
    for sends in [
        &[0][..],
        &[2],
        &[0, 0],
        &[0, 1],
        &[0, 2],
        &[2, 2],
        &[0, 1, 2],
    ] {
        assert!(model::explore(|| switching(sends)).unwrap() > 10);
    }
}

#[test]
fn mutants_of_the_switch_are_killed() {
    let slept = "slept on an event";
    for mutant in [
        Mutant::SwitchUnmasksLater,
        Mutant::SwitchDropsFlag,
        Mutant::SwitchTakesBits,
    ] {
        assert_eq!(model::kill(mutant, || switching(&[0])), slept);
    }
}

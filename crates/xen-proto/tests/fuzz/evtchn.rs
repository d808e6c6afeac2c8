// SPDX-License-Identifier: ISC
//! Event bits and queues that hold anything, links in circles and to ports that do not exist
//! among it. Checked: demultiplexing ends, without a panic, masked ports get no mark, and after
//! it has found nothing due there is nothing due; the core's wait leaves others' words selected; the
//! application is told of nothing that is not there, nor of the core's timer.

use super::input::Input;
use std::array;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use xen_proto::evtchn::*;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    if input.u8() & 1 == 0 {
        two_level(&mut input)
    } else {
        fifo(&mut input)
    }
}

fn two_level(input: &mut Input<'_>) {
    let (upcall_pending, selector) = (AtomicU8::new(0), AtomicU64::new(0));
    let pending: [AtomicU64; WORDS] = array::from_fn(|_| AtomicU64::new(0));
    let mask: [AtomicU64; WORDS] = array::from_fn(|_| AtomicU64::new(0));
    let bits = TwoLevel {
        upcall_pending: &upcall_pending,
        selector: &selector,
        pending: &pending,
        mask: &mask,
    };
    let words: [AtomicU64; 20] = array::from_fn(|_| AtomicU64::new(0));
    let marks = Marks::new(&words);
    while !input.is_empty() {
        let port = u32::from(input.u16());
        match input.u8() % 10 {
            0 => selector.store(input.u64(), Relaxed),
            1 => pending[port as usize % WORDS].store(input.u64(), Relaxed),
            2 => upcall_pending.store(input.u8(), Relaxed),
            3 => bits.mask(port),
            4 => {
                bits.unmask(port);
                let (word, bit) = (port as usize / 64, 1 << (port % 64));
                if word < WORDS && pending[word].load(Relaxed) & bit != 0 {
                    assert!(bits.is_due());
                }
            }
            5 => {
                let taken = marks.test_and_clear(port);
                assert!(!taken || (port as usize) < marks.ports());
                assert!(!marks.test_and_clear(port));
            }
            6 => {
                bits.test_and_clear(port);
                assert!(!bits.test_and_clear(port));
            }
            7 => {
                let before = selector.load(Relaxed);
                let mut wait = Wait::new(bits);
                wait.clear([port, port.wrapping_add(1)]);
                assert_eq!(
                    (upcall_pending.load(Relaxed), selector.load(Relaxed)),
                    (0, 0)
                );
                assert!(!bits.test_and_clear(port));
                wait.give_back();
                assert_eq!(selector.load(Relaxed), before);
                assert_eq!(before != 0, bits.is_due());
            }
            8 => {
                let all: [AtomicU64; WORDS] = array::from_fn(|_| AtomicU64::new(0));
                let marks = Marks::new(&all);
                let told = collect(&mut { bits }, port, marks);
                assert!(!marks.test_and_clear(port));
                assert_eq!(told, marks.any());
            }
            _ => {
                for word in &words {
                    word.store(0, Relaxed);
                }
                let found = bits.demux(marks);
                assert!(!bits.is_due());
                assert!(found || !marks.any());
                for (marked, mask) in words.iter().zip(&mask) {
                    assert_eq!(marked.load(Relaxed) & mask.load(Relaxed), 0);
                }
            }
        }
    }
}

fn fifo(input: &mut Input<'_>) {
    let control = ControlBlock::new();
    let (one, two) = (EventPage::new(), EventPage::default());
    let pages = [&one, &two];
    let mut fifo = Fifo::new(&control);
    let words: [AtomicU64; 40] = array::from_fn(|_| AtomicU64::new(0));
    let marks = Marks::new(&words);
    while !input.is_empty() {
        let port = u32::from(input.u16() % 2100);
        match input.u8() % 8 {
            0 => control.ready.store(input.u32(), Relaxed),
            1 => control.head[port as usize % PRIORITIES].store(u32::from(input.u16()), Relaxed),
            2 | 3 => {
                // A word that is pending and linked to a port nearby, or anything.
                let word = match input.u8() {
                    0 => input.u32(),
                    near => 0xa000_0000 | (u32::from(near) << 3),
                };
                pages[port as usize / PAGE_PORTS % 2].words[port as usize % PAGE_PORTS]
                    .store(word, Relaxed);
            }
            4 => drop(Fifo::unmask(&pages, port)),
            5 => Fifo::mask(&pages, port),
            6 => {
                Fifo::test_and_clear(&pages, port);
                assert!(!Fifo::test_and_clear(&pages, port));
            }
            _ => {
                for word in &words {
                    word.store(0, Relaxed);
                }
                let all = || {
                    pages
                        .iter()
                        .flat_map(|page| &page.words)
                        .map(|word| word.load(Relaxed))
                };
                let before: Vec<u32> = all().collect();
                assert_eq!(fifo.demux(&pages, marks), marks.any());
                for (port, (before, after)) in before.into_iter().zip(all()).enumerate() {
                    if marks.test_and_clear(port as u32) {
                        // Pending, not masked and linked before; neither pending nor linked now.
                        assert_eq!((before >> 29, after >> 29), (5, 0));
                    } else {
                        assert_eq!(before >> 31, after >> 31, "an event was lost");
                    }
                }
                while fifo.is_due() {
                    fifo.demux(&pages, marks);
                }
            }
        }
    }
}

// SPDX-License-Identifier: ISC
//! The ring against every interleaving with a backend that takes one request and answers it.

use super::{Front, Overrun, SharedRing};
use crate::model::{Mutant, explore, finish_peer, kill, leak, peer};
use crate::sync::{AtomicU32, Ordering};
use std::cell::Cell;
use std::rc::Rc;
extern crate std;

type Page = SharedRing<1, 4>;

/// A backend as ring.h has it, a step at a time: takes requests while there are some, then asks for an event, looks once
/// more, and sleeps. True while it has a step left.
fn backend(
    page: &'static Page,
    asleep: &'static AtomicU32,
    taken: &'static AtomicU32,
) -> impl Fn() -> bool {
    let at = Cell::new(0);
    let cons = Cell::new(0);
    move || {
        match at.get() {
            0 => {
                if page.req_prod.load(Ordering::SeqCst) != cons.get() {
                    cons.set(cons.get() + 1);
                    taken.store(cons.get(), Ordering::SeqCst);
                } else {
                    at.set(1);
                }
            }
            1 => {
                page.req_event.store(cons.get() + 1, Ordering::SeqCst);
                at.set(2);
            }
            2 => at.set(if page.req_prod.load(Ordering::SeqCst) != cons.get() {
                0
            } else {
                3
            }),
            3 => {
                asleep.store(1, Ordering::SeqCst);
                at.set(4);
            }
            _ => return false,
        }
        true
    }
}

fn publishes() -> Result<(), &'static str> {
    let page = leak(Page::new());
    let (asleep, taken) = (leak(AtomicU32::new(0)), leak(AtomicU32::new(0)));
    let mut front = Front::new(page);
    page.req_event.store(0, Ordering::Relaxed);
    peer(backend(page, asleep, taken));
    front.put([7]);
    let notify = front.publish();
    finish_peer();
    if taken.load(Ordering::Relaxed) == 0 && !notify {
        return Err("a request that nobody takes");
    }
    Ok(())
}

#[test]
fn no_request_is_left_lying() {
    assert!(explore(publishes).unwrap() > 20);
    assert_eq!(
        kill(Mutant::RingPublishesAfterLook, publishes),
        "a request that nobody takes"
    );
}

fn waits() -> Result<(), &'static str> {
    let page = leak(Page::new());
    let mut front = Front::new(page);
    front.put([7]);
    let _ = front.publish();
    front.ask_no_event();
    let event = Rc::new(Cell::new(false));
    let (at, raised) = (Cell::new(0), event.clone());
    peer(move || {
        match at.get() {
            0 => {
                page.rsp_prod.store(1, Ordering::SeqCst);
            }
            1 => {
                // RING_PUSH_RESPONSES_AND_CHECK_NOTIFY, from 0 to 1.
                let wanted = page.rsp_event.load(Ordering::SeqCst);
                raised.set(1_u32.wrapping_sub(wanted) < 1);
            }
            _ => return false,
        }
        at.set(at.get() + 1);
        true
    });
    let there = front.waiting() == Ok(1) || front.ask_event(1) == Ok(true);
    finish_peer();
    if !there && !event.get() {
        return Err("asleep beside a response");
    }
    Ok(())
}

#[test]
fn no_response_is_slept_through() {
    assert!(explore(waits).unwrap() > 10);
    assert_eq!(
        kill(Mutant::RingSleepsWithoutLook, waits),
        "asleep beside a response"
    );
}

#[test]
fn indices_wrap_and_impossible_ones_are_found() {
    let page = Page::new();
    let mut front = Front::new(&page);
    for round in 0..10_u32 {
        for slot in 0..4 {
            assert_eq!(front.put([round * 4 + slot]), Some(slot as usize));
        }
        assert_eq!(front.put([0]), None);
        assert_eq!(front.unpublished(), 4);
        assert!(front.waiting() == Ok(0) || round == 0);
        let _ = front.publish();
        page.rsp_prod.store(round * 4 + 4, Ordering::Relaxed);
        assert_eq!(front.waiting(), Ok(4));
        assert_eq!(front.peek(3), [round * 4 + 3]);
        page.rsp_prod.store(round * 4 + 5, Ordering::Relaxed);
        assert_eq!(front.waiting(), Err(Overrun));
        page.rsp_prod
            .store((round * 4).wrapping_sub(1), Ordering::Relaxed);
        assert_eq!(front.waiting(), Err(Overrun));
        page.rsp_prod.store(round * 4 + 4, Ordering::Relaxed);
        front.take(4);
        assert_eq!((front.free(), front.outstanding()), (4, 0));
    }
}

#[test]
fn what_is_not_published_has_no_response() {
    let page = Page::new();
    let mut front = Front::new(&page);
    front.put([1]);
    page.rsp_prod.store(1, Ordering::Relaxed);
    assert_eq!(front.waiting(), Err(Overrun));
}

// SPDX-License-Identifier: ISC
//! The client alone: answers in any order, answers to nothing, pages that say anything.

use crate::common::{Random, cases};
use crate::xenstored::Daemon;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::xenstore::*;

#[test]
fn answers_in_any_order() {
    let page = SharedPage::new();
    let mut daemon = Daemon::new(&page, 8);
    let mut client = Client::new(&page);
    let mut numbers = Vec::new();
    while let Ok(number) = client.request(Kind::READ, 0, &[b"/x\0"]) {
        numbers.push(number);
    }
    assert_eq!(numbers.len(), OUTSTANDING);
    assert_eq!(client.request(Kind::READ, 0, &[b"/x\0"]), Err(Error::Busy));
    for &number in numbers.iter().rev() {
        daemon.send(Kind::READ, number, 0, &number.to_le_bytes());
    }
    for &number in numbers.iter().rev() {
        loop {
            match client.poll() {
                Event::Idle => assert!(daemon.run() || !client.take_notify()),
                event => {
                    assert_eq!(event, Event::Reply(number, Ok(())));
                    assert_eq!(client.payload(), number.to_le_bytes());
                    break;
                }
            }
        }
    }
    assert!(client.request(Kind::READ, 0, &[b"/x\0"]).is_ok());
}

#[test]
fn answers_that_answer_nothing() {
    let long = PAYLOAD_MAX as u32 + 1;
    for (kind, number, len) in [
        (Kind::READ, 99, 0),
        (Kind::READ, 0, 0),
        (Kind::WRITE, 1, 0),
        (Kind::ERROR, 2, 0),
        (Kind(77), 1, 0),
        (Kind::READ, 1, long),
        (Kind::READ, 1, u32::MAX),
        (Kind::WATCH_EVENT, 0, 0),
    ] {
        let page = SharedPage::new();
        let mut client = Client::new(&page);
        assert_eq!(client.request(Kind::READ, 0, &[b"/x\0"]), Ok(1));
        let header = Header {
            kind,
            request: number,
            transaction: 0,
            len,
        };
        for (slot, byte) in page.rsp.iter().zip(header.to_bytes()) {
            slot.store(byte, Relaxed);
        }
        page.rsp_prod.store(16, Relaxed);
        assert_eq!(client.poll(), Event::Broken, "{header:?}");
        assert_eq!(client.poll(), Event::Broken);
        assert_eq!(client.request(Kind::READ, 0, &[]), Err(Error::Protocol));
    }
}

#[test]
fn a_page_that_says_anything() {
    let mut random = Random::new(9);
    let page = SharedPage::new();
    page.server_features.store(1, Relaxed);
    let mut client = Client::new(&page);
    for _ in 0..cases(20_000) {
        for index in [
            &page.req_cons,
            &page.req_prod,
            &page.rsp_cons,
            &page.rsp_prod,
        ] {
            match random.below(8) {
                0 => index.store(random.next() as u32, Relaxed),
                1 | 2 => index.store(
                    page.rsp_cons
                        .load(Relaxed)
                        .wrapping_add(random.below(64) as u32),
                    Relaxed,
                ),
                _ => {}
            }
        }
        for _ in 0..random.below(8) {
            let at = page
                .rsp_cons
                .load(Relaxed)
                .wrapping_add(random.below(64) as u32) as usize;
            page.rsp[at % RING_SIZE].store(random.below(24) as u8, Relaxed);
        }
        page.connection.store(random.below(2) as u32, Relaxed);
        if random.one_in(2) {
            let len = random.below(4097) as usize;
            let _ = client.request(Kind(random.below(23) as u32), 0, &[&vec![7; len]]);
        }
        let event = client.poll();
        assert!(client.payload().len() <= PAYLOAD_MAX);
        match event {
            Event::Broken => client.reconnect().unwrap(),
            Event::Watch => assert!(client.watch_event().is_some()),
            _ => {}
        }
    }
}

// SPDX-License-Identifier: ISC
//! Two users of one connection: one waits for its answers, the other does not.

use super::World;
use crate::common::cases;
use crate::xenstored::Daemon;
use std::cell::RefCell;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::xenstore::*;

/// One user waits for its answers, the other does not: each gets its own, and only those.
#[test]
fn two_users_of_one_connection() {
    connect!(9, daemon, session);
    for i in 0..40 {
        let value = format!("value {i}").repeat(60);
        session
            .write(0, format!("/n/{i}").as_bytes(), value.as_bytes())
            .unwrap();
    }
    let (mut asked, mut held_back) = (std::collections::HashMap::new(), 0);
    for round in 0..cases(200) {
        for i in 0..9 {
            let which = (round * 7 + i) % 41;
            match session.submit(Kind::READ, 0, format!("/n/{which}\0").as_bytes()) {
                Ok(number) => assert_eq!(asked.insert(number, which), None),
                Err(error) => {
                    assert_eq!(error, Error::Busy);
                    held_back += 1;
                }
            }
        }
        if round % 3 != 0 {
            let which = round % 40;
            let value = session.read(0, format!("/n/{which}").as_bytes()).unwrap();
            assert_eq!(value, format!("value {which}").repeat(60).as_bytes());
        }
        for (number, kind, payload) in std::mem::take(&mut session.link().replies) {
            let which = asked.remove(&number).expect("an answer to what was asked");
            let (expected, value) = match which {
                40 => (Kind::ERROR, "ENOENT\0".to_string()),
                _ => (Kind::READ, format!("value {which}").repeat(60)),
            };
            assert_eq!((kind, payload), (expected, value.into_bytes()));
        }
    }
    while !asked.is_empty() {
        assert!(
            daemon.borrow_mut().run() || session.has_news(),
            "both sides sleep"
        );
        session.tend().unwrap();
        for (number, ..) in std::mem::take(&mut session.link().replies) {
            asked.remove(&number).expect("an answer to what was asked");
        }
    }
    assert!(held_back > 10, "the ring was never full");
    assert_eq!(
        session.submit(Kind::WRITE, 0, &[b'x'; 5000]),
        Err(Error::TooBig)
    );
}

/// Who waits finds all places taken by requests whose answers are there already, the last that will come: it takes them and
/// asks, without a wait for one more.
#[test]
fn answers_that_are_there_make_room() {
    connect!(10, daemon, session);
    session.write(0, b"/a", b"1").unwrap();
    let mut count = 0;
    while session.submit(Kind::READ, 0, b"/a\0").is_ok() {
        count += 1;
    }
    while daemon.borrow_mut().run() {}
    assert_eq!(session.read(0, b"/a").unwrap(), b"1");
    assert_eq!(session.link().replies.len(), count);
}

/// xenstored breaks the protocol: whoever handles messages next asks for a new connection, and each user is told.
#[test]
fn both_users_learn_of_a_new_connection() {
    for who in 0..3 {
        let page = SharedPage::new();
        let daemon = RefCell::new(Daemon::new(&page, 10));
        let mut session = Session::new(&page, World::new(&daemon));
        session.write(0, b"/a", b"v").unwrap();
        session.submit(Kind::READ, 0, b"/a\0").unwrap();
        page.rsp_prod.fetch_add(5000, Relaxed);
        assert!(session.has_news());
        match who {
            0 => session.tend().unwrap(),
            1 => assert_eq!(
                session.submit(Kind::READ, 0, b"/a\0"),
                Ok(3),
                "nobody has looked yet"
            ),
            _ => assert_eq!(session.read(0, b"/a"), Err(Error::Protocol)),
        }
        for _ in 0..20 {
            let _ = session.tend();
            daemon.borrow_mut().run();
        }
        assert_eq!((session.link().lost, session.link().reconnected), (1, 1));
        assert!(session.link().replies.is_empty());
        assert_eq!(session.read(0, b"/a").unwrap(), b"v");
        // A daemon that cannot: no news, or whoever waits for some would spin.
        page.server_features.store(0, Relaxed);
        page.rsp_prod.fetch_add(5000, Relaxed);
        assert_eq!(session.tend(), Err(Error::NoReconnection));
        assert!(!session.has_news());
        assert_eq!(
            session.submit(Kind::READ, 0, b"/a\0"),
            Err(Error::NoReconnection)
        );
    }
}

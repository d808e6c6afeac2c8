// SPDX-License-Identifier: ISC
//! The xenstore client against a daemon that behaves, and against pages that do not.

use crate::common::{Random, cases};
use crate::xenstored::Daemon;
use std::cell::RefCell;
use xen_proto::xenstore::*;

/// Waiting lets the daemon run; when it sleeps too, nobody would ever wake up.
struct World<'d, 'p> {
    daemon: &'d RefCell<Daemon<'p>>,
    events: Vec<(String, String)>,
    replies: Vec<(u32, Kind, Vec<u8>)>,
    lost: u32,
    reconnected: u32,
    notified: u64,
    patience: Option<u32>,
}

impl<'d, 'p> World<'d, 'p> {
    fn new(daemon: &'d RefCell<Daemon<'p>>) -> Self {
        World {
            daemon,
            events: Vec::new(),
            replies: Vec::new(),
            lost: 0,
            reconnected: 0,
            notified: 0,
            patience: None,
        }
    }
}

impl Link for World<'_, '_> {
    fn notify(&mut self) {
        self.notified += 1;
        self.daemon.borrow_mut().wake();
    }

    fn wait(&mut self, has_news: &dyn Fn() -> bool) -> Result<(), Error> {
        if let Some(left) = &mut self.patience {
            *left = left.checked_sub(1).ok_or(Error::Interrupted)?;
        }
        let awake = self.daemon.borrow_mut().run();
        assert!(awake || has_news(), "both sides sleep");
        Ok(())
    }

    fn watch_event(&mut self, path: &[u8], token: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        self.events.push((text(path), text(token)));
    }

    fn reply(&mut self, number: u32, kind: Kind, payload: &[u8]) {
        self.replies.push((number, kind, payload.to_vec()));
    }

    fn lost(&mut self) {
        self.lost += 1;
    }

    fn reconnected(&mut self) {
        self.reconnected += 1;
    }
}

/// A page, a daemon on it, and a session.
macro_rules! connect {
    ($seed:expr, $daemon:ident, $session:ident) => {
        let page = SharedPage::new();
        let $daemon = RefCell::new(Daemon::new(&page, $seed));
        #[allow(unused_mut, reason = "not every test changes it")]
        let mut $session = Session::new(&page, World::new(&$daemon));
    };
}

mod lies;
mod two_users;

#[test]
fn layout() {
    use std::mem::{offset_of, size_of};
    assert_eq!(size_of::<SharedPage>(), 4096);
    assert_eq!(
        (
            offset_of!(SharedPage, rsp),
            offset_of!(SharedPage, req_cons)
        ),
        (1024, 2048)
    );
    assert_eq!(
        (
            offset_of!(SharedPage, rsp_prod),
            offset_of!(SharedPage, error)
        ),
        (2060, 2072)
    );
    let header = Header {
        kind: Kind::WRITE,
        request: 0x0102_0304,
        transaction: 5,
        len: 6,
    };
    assert_eq!(
        header.to_bytes(),
        [11, 0, 0, 0, 4, 3, 2, 1, 5, 0, 0, 0, 6, 0, 0, 0]
    );
    assert_eq!(Header::from_bytes(&header.to_bytes()), Some(header));
    assert_eq!(Header::from_bytes(&[0; 15]), None);
}

#[test]
fn payloads() {
    let all = |payload: &'static [u8]| strings(payload).collect::<Vec<_>>();
    assert_eq!(all(b""), Vec::<&[u8]>::new());
    assert_eq!(all(b"abc"), Vec::<&[u8]>::new());
    assert_eq!(all(b"\0"), [b""]);
    assert_eq!(all(b"a\0bc\0rest"), [&b"a"[..], b"bc"]);
    assert_eq!(Errno::from_payload(b"ENOENT\0"), Errno::NoEnt);
    assert_eq!(Errno::from_payload(b"E2BIG"), Errno::TooBig);
    assert_eq!(Errno::from_payload(b"ENOENT\0\0"), Errno::Other);
    assert_eq!(Error::Refused(Errno::Acces).text(), "EACCES");
}

#[test]
fn values_of_any_size() {
    connect!(1, daemon, session);
    for seed in 0..cases(20) {
        let mut random = Random::new(seed);
        let len = [0, 1, 1000, 2000, 4089][random.below(5) as usize];
        let value = random.bytes(len);
        session.write(0, b"/a/key", &value).unwrap();
        assert_eq!(session.read(0, b"/a/key").unwrap(), value);
    }
    assert_eq!(
        session.write(0, b"/a/key", &[b'x'; 4090]),
        Err(Error::TooBig)
    );
    assert_eq!(
        session.read(0, b"/a/kez"),
        Err(Error::Refused(Errno::NoEnt))
    );
    assert_eq!(
        session.call(Kind::INTRODUCE, 0, &[b"1\0"]),
        Err(Error::Refused(Errno::NoSys))
    );
    for path in [&b""[..], b"/a\0b", &[b'a'; 2049], &[b'/'; 3073]] {
        assert_eq!(session.read(0, path), Err(Error::BadPath));
    }
    session.mkdir(0, b"/d").unwrap();
    session.remove(0, b"/d").unwrap();
    assert_eq!(session.read(0, b"/d"), Err(Error::Refused(Errno::NoEnt)));
}

#[test]
fn directories() {
    connect!(2, daemon, session);
    let mut buffer = vec![0; 100_000];
    assert_eq!(
        session.directory(0, b"/d", &mut buffer),
        Err(Error::Refused(Errno::NoEnt))
    );
    session.mkdir(0, b"/d").unwrap();
    assert_eq!(session.directory(0, b"/d", &mut buffer), Ok(&[][..]));
    for (entries, rivals) in [(3, 0), (400, 0), (3000, 0), (3000, 5), (6000, 20)] {
        let mut expected = Vec::new();
        for entry in 0..entries {
            let name = format!("entry-{entry:05}");
            daemon
                .borrow_mut()
                .store
                .insert(format!("/d/{name}").into_bytes(), vec![]);
            expected.push(name.into_bytes());
        }
        daemon.borrow_mut().rivals = rivals;
        let names = session.directory(0, b"/d", &mut buffer).unwrap();
        assert!(
            strings(names).eq(expected.iter().map(|name| &name[..])),
            "{entries}"
        );
        daemon.borrow_mut().rivals = 0;
    }
    assert_eq!(
        session.directory(0, b"/d", &mut buffer[..5000]),
        Err(Error::TooBig)
    );
    daemon.borrow_mut().rivals = u32::MAX;
    assert_eq!(
        session.directory(0, b"/d", &mut buffer),
        Err(Error::Conflict)
    );
}

#[test]
fn transactions() {
    connect!(3, daemon, session);
    session.write(0, b"/counter", b"0").unwrap();
    for (rivals, expected) in [(0, 1), (1, 2), (4, 3)] {
        daemon.borrow_mut().rivals = rivals;
        let mut tries = 0;
        let result = session.transaction(5, |session, transaction| {
            tries += 1;
            let old: u32 = String::from_utf8_lossy(session.read(transaction, b"/counter")?)
                .parse()
                .unwrap();
            session.write(transaction, b"/counter", (old + 1).to_string().as_bytes())?;
            Ok(old + 1)
        });
        assert_eq!((result, tries), (Ok(expected), rivals + 1));
        assert_eq!(
            session.read(0, b"/counter").unwrap(),
            expected.to_string().as_bytes()
        );
    }
    daemon.borrow_mut().rivals = 100;
    let write = |session: &mut Session<'_, World<'_, '_>>, transaction| {
        session.write(transaction, b"/counter", b"wrong")
    };
    assert_eq!(session.transaction(10, write), Err(Error::Conflict));
    daemon.borrow_mut().rivals = 0;
    // An error in the body gives the transaction up.
    let result = session.transaction(10, |session, transaction| {
        write(session, transaction)?;
        session.read(transaction, b"/none").map(drop)
    });
    assert_eq!(result, Err(Error::Refused(Errno::NoEnt)));
    assert_eq!(session.read(0, b"/counter").unwrap(), b"3");
    assert_eq!(session.transaction(0, |_, _| Ok(())), Err(Error::Conflict));
}

#[test]
fn watches() {
    connect!(4, daemon, session);
    let mut watches = Watches::<4>::new();
    let (one, two) = (watches.add(b"/one").unwrap(), watches.add(b"/two").unwrap());
    let arm = |session: &mut Session<'_, World<'_, '_>>, watches: &mut Watches<'_, 4>| {
        while let Some((path, token)) = watches.next_unarmed() {
            session.watch(path, &token).unwrap();
        }
    };
    arm(&mut session, &mut watches);
    session.write(0, b"/one/below", b"x").unwrap();
    session.write(0, b"/onetwo", b"x").unwrap();
    session.read(0, b"/one/below").unwrap();
    let events = std::mem::take(&mut session.link().events);
    let found: Vec<_> = events
        .iter()
        .map(|(path, token)| (&path[..], watches.find(token.as_bytes())))
        .collect();
    assert_eq!(
        found,
        [
            ("/one", Some(one)),
            ("/two", Some(two)),
            ("/one/below", Some(one))
        ]
    );
    // An event under way when its watch ends belongs to nobody, even if the slot is taken again.
    let stale = events[0].1.clone();
    let (path, token) = watches.remove(one).unwrap();
    session.unwatch(path, &token).unwrap();
    assert_eq!(watches.add(b"/three"), Some(one));
    assert_eq!(watches.find(stale.as_bytes()), None);
    assert_eq!(watches.remove(one), None, "it was never registered");
    arm(&mut session, &mut watches);
    assert_eq!(
        session.unwatch(b"/one", b"none"),
        Err(Error::Refused(Errno::NoEnt))
    );
    assert_eq!(session.watch(b"/one", b""), Err(Error::BadPath));
    for _ in 0..3 {
        watches.add(b"/more").unwrap();
    }
    assert_eq!(watches.add(b"/more"), None);
}

#[test]
fn an_event_behind_an_answer_is_news() {
    // The wait for an answer takes the one event that the answer shares with what xenstored wrote right behind it.
    connect!(6, daemon, session);
    session.watch(b"/w", b"token").unwrap();
    session.drain().unwrap();
    assert!(!session.has_news());
    session.write(0, b"/v", b"").unwrap();
    daemon
        .borrow_mut()
        .send(Kind::WATCH_EVENT, 0, 0, b"/w\0token\0");
    while daemon.borrow_mut().run() {}
    assert_eq!(session.link().events.len(), 1);
    assert!(session.has_news(), "a guest that sleeps now misses it");
    session.drain().unwrap();
    assert_eq!(session.link().events.len(), 2);
    assert!(!session.has_news());
}

#[test]
fn many_events_at_once() {
    // More events than the ring holds, while the guest does other things.
    connect!(5, daemon, session);
    session.watch(b"/w", b"token").unwrap();
    for round in 0..cases(50) {
        for i in 0..60 {
            session
                .write(0, format!("/w/{i}").as_bytes(), &round.to_le_bytes())
                .unwrap();
        }
    }
    session.read(0, b"/w/0").unwrap();
    session.drain().unwrap();
    assert_eq!(session.link().events.len() as u64, 1 + 60 * cases(50));
    // Requests need an event each, replies next to none.
    let requests = daemon.borrow().requests;
    assert!(
        session.link().notified < requests * 2,
        "{} events",
        session.link().notified
    );
}

#[test]
fn reconnection() {
    connect!(6, daemon, session);
    let mut watches = Watches::<2>::new();
    watches.add(b"/w").unwrap();
    for round in 0..cases(10) {
        while let Some((path, token)) = watches.next_unarmed() {
            session.watch(path, &token).unwrap();
        }
        // Gives up in the middle of a request.
        session.link().patience = Some((round % 4) as u32);
        let long = [b'v'; 4000];
        assert_eq!(session.write(0, b"/long", &long), Err(Error::Interrupted));
        session.link().patience = None;
        session.reconnect().unwrap();
        assert!(daemon.borrow().watches.is_empty());
        watches.disarm_all();
        session.write(0, b"/short", b"v").unwrap();
        assert_eq!(session.read(0, b"/short").unwrap(), b"v");
    }
    connect!(7, daemon, session);
    daemon.borrow_mut().wake();
    assert_eq!(session.reconnect(), Ok(()));
    let page = SharedPage::new();
    assert_eq!(Client::new(&page).reconnect(), Err(Error::NoReconnection));
}

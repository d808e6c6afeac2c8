// SPDX-License-Identifier: ISC
//! A device's connection over a xenstored, with a toolstack and a backend that do something at a chosen moment: between two requests of
//! the frontend's.

use crate::xenstored::Daemon;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use xen_proto::xenbus::{BREAKS, Backend, Driver, Keys, Link, State};
use xen_proto::xenstore::{self, Error, Kind, Session, SharedPage};

const FRONT: &str = "device/test/3";
const BACK: &str = "/back";

/// What happens when so many requests were answered.
type Prank<'p> = Rc<RefCell<Option<(u64, Box<dyn FnMut(&mut Daemon<'p>)>)>>>;

struct World<'d, 'p> {
    daemon: &'d RefCell<Daemon<'p>>,
    prank: Prank<'p>,
    changed: u64,
}

impl xenstore::Link for World<'_, '_> {
    fn notify(&mut self) {
        self.daemon.borrow_mut().wake();
    }

    fn wait(&mut self, has_news: &dyn Fn() -> bool) -> Result<(), Error> {
        let mut daemon = self.daemon.borrow_mut();
        let awake = daemon.run();
        assert!(awake || has_news(), "both sides sleep");
        let mut prank = self.prank.borrow_mut();
        if prank.as_ref().is_some_and(|(at, _)| daemon.requests >= *at)
            && let Some((_, mut act)) = prank.take()
        {
            act(&mut daemon);
        }
        Ok(())
    }

    fn watch_event(&mut self, _path: &[u8], token: &[u8]) {
        assert_eq!(token, b"5");
        self.changed += 1;
    }

    fn reply(&mut self, _number: u32, _kind: Kind, _payload: &[u8]) {
        panic!("an answer that nobody waits for");
    }
}

/// A driver that counts what it is told, and whose backend holds the event channels when `bound` says so.
struct Device {
    with: State,
    good: bool,
    /// What it has to offer can be offered.
    ready: bool,
    bound: Rc<Cell<bool>>,
    rings: bool,
    offers: u32,
    connects: u32,
    changes: u32,
}

impl<S> Driver<S> for Device {
    fn offer(&mut self, _store: &mut S, backend: &Backend) -> Option<Keys> {
        assert_eq!((backend.domid, backend.path.get()), (0, BACK.as_bytes()));
        self.offers += 1;
        if !self.ready {
            return None;
        }
        self.rings = true;
        Some(
            Keys::new()
                .number(b"ring-ref", 8)
                .absent(b"old")
                .of_queue(Some(2))
                .number(b"event-channel", u64::from(self.offers))
                .protocol(b"x86_64-abi"),
        )
    }

    fn connect(&mut self, _store: &mut S, _backend: &Backend) -> bool {
        assert!(self.rings);
        self.connects += 1;
        self.good
    }

    fn disconnect(&mut self) {
        self.rings = false;
    }

    fn is_bound(&mut self) -> bool {
        self.bound.get()
    }

    fn changed(&mut self, _store: &mut S, _backend: &Backend) {
        self.changes += 1;
    }
}

/// What somebody else writes.
fn write(daemon: &mut Daemon<'_>, folder: &str, name: &str, value: &str) {
    daemon.put(&format!("{folder}/{name}"), value);
}

fn value(daemon: &RefCell<Daemon<'_>>, path: &str) -> Option<String> {
    let daemon = daemon.borrow();
    let value = daemon.store.get(path.as_bytes())?;
    Some(String::from_utf8(value.clone()).expect("text"))
}

/// A toolstack that gives the domain the device, or gives it once more.
fn make_anew(daemon: &mut Daemon<'_>) {
    write(daemon, FRONT, "backend", BACK);
    write(daemon, FRONT, "backend-id", "0");
    write(daemon, FRONT, "state", "1");
    write(daemon, BACK, "online", "1");
    write(daemon, BACK, "state", "2");
}

struct Scene<'d, 'p> {
    daemon: &'d RefCell<Daemon<'p>>,
    session: Session<'p, World<'d, 'p>>,
    prank: Prank<'p>,
    link: Link,
    device: Device,
}

impl<'d, 'p> Scene<'d, 'p> {
    fn new(page: &'p SharedPage, daemon: &'d RefCell<Daemon<'p>>, with: State) -> Self {
        make_anew(&mut daemon.borrow_mut());
        let prank = Prank::default();
        let world = World {
            daemon,
            prank: prank.clone(),
            changed: 0,
        };
        let mut session = Session::new(page, world);
        let link = Link::new(&mut session, b"test", 3, 5, with);
        let device = Device {
            with,
            good: true,
            ready: true,
            bound: Rc::new(Cell::new(true)),
            rings: false,
            offers: 0,
            connects: 0,
            changes: 0,
        };
        Scene {
            daemon,
            session,
            prank,
            link,
            device,
        }
    }

    fn advance(&mut self) {
        self.link.advance(&mut self.session, &mut self.device);
        assert!(self.device.rings || !self.link.is_connected());
    }

    /// The frontend looks as long as its watches go off.
    fn settle(&mut self) {
        for _ in 0..50 {
            while self.daemon.borrow_mut().run() {}
            self.session.tend().expect("a connection");
            if std::mem::take(&mut self.session.link().changed) == 0 {
                return;
            }
            self.advance();
        }
        panic!("the frontend never rests");
    }

    fn own(&self) -> String {
        value(self.daemon, &format!("{FRONT}/state")).expect("a state")
    }

    /// Somebody else writes; the frontend looks.
    fn backend(&mut self, state: State) {
        let value = [state.value()[0]];
        let value = std::str::from_utf8(&value).expect("a digit");
        write(&mut self.daemon.borrow_mut(), BACK, "state", value);
        self.settle();
    }

    fn connect(&mut self) {
        self.settle();
        assert_eq!(
            self.own(),
            std::str::from_utf8(&self.device.with.value()).unwrap()
        );
        self.backend(State::Connected);
        assert!(self.link.is_connected());
    }

    /// A backend that goes all the way down and comes up again, as after a broken protocol.
    fn again(&mut self) {
        for _ in 0..20 {
            self.settle();
            match self.own().as_str() {
                "5" => self.backend(State::Closing),
                "6" if self.link.gave_up() => return,
                "6" => self.backend(State::Closed),
                "1" => self.backend(State::InitWait),
                _ => return,
            }
        }
        panic!("no way up again");
    }
}

macro_rules! scene {
    ($with:expr, $scene:ident) => {
        let page = SharedPage::new();
        let daemon = RefCell::new(Daemon::new(&page, 21));
        let mut $scene = Scene::new(&page, &daemon, $with);
    };
}

const WITH: [State; 2] = [State::Connected, State::Initialised];

#[test]
fn what_the_backend_has_to_know_is_written_before_the_state() {
    for with in WITH {
        scene!(with, scene);
        write(&mut scene.daemon.borrow_mut(), FRONT, "old", "1");
        scene.connect();
        assert_eq!(scene.own(), "4");
        let read = |name: &str| value(scene.daemon, &format!("{FRONT}/{name}"));
        assert_eq!(read("ring-ref").as_deref(), Some("8"));
        assert_eq!(read("queue-2/event-channel").as_deref(), Some("1"));
        assert_eq!(read("protocol").as_deref(), Some("x86_64-abi"));
        assert_eq!(read("old"), None);
        write(&mut scene.daemon.borrow_mut(), BACK, "state", "4");
        let before = scene.device.changes;
        scene.settle();
        assert_eq!(scene.device.changes, before + 1);
    }
}

#[test]
fn a_backend_in_place_of_another_is_noticed_by_its_channels() {
    for with in WITH {
        scene!(with, scene);
        scene.connect();
        // It says nothing else than before, and has bound them again: its rings go on.
        scene.backend(State::Connected);
        assert_eq!((scene.device.connects, scene.device.offers), (1, 1));
        scene.device.bound.set(false);
        scene.backend(State::Connected);
        assert!(!scene.link.is_connected());
        scene.again();
        scene.device.bound.set(true);
        scene.connect();
        assert_eq!((scene.device.connects, scene.device.offers), (2, 2));
        // One that never binds them is left alone, whatever it writes.
        scene.device.bound.set(false);
        scene.backend(State::Closed);
        scene.again();
        scene.connect();
        scene.backend(State::Connected);
        assert!(scene.link.is_connected());
    }
}

/// It is asked once for each event, or when its owner looks again, and not again and again.
#[test]
fn rings_that_cannot_be_made_now_are_made_later() {
    for with in WITH {
        scene!(with, scene);
        scene.device.ready = false;
        scene.settle();
        let offers = scene.device.offers;
        assert!(offers > 0);
        scene.advance();
        assert_eq!(scene.device.offers, offers + 1);
        assert_eq!(scene.own(), "1");
        assert!(scene.link.is_unfinished());
        scene.device.ready = true;
        scene.advance();
        assert_ne!(scene.own(), "1");
        assert!(!scene.link.is_unfinished());
        scene.backend(State::InitWait);
        scene.connect();
    }
}

/// While others write all the time no transaction succeeds, and what xenstored refuses need not be refused for ever. There need not be an
/// event when that has changed.
#[test]
fn what_cannot_be_written_now_is_written_later() {
    for (with, rivals) in [(WITH[0], 0), (WITH[1], 0), (WITH[0], u32::MAX)] {
        scene!(with, scene);
        scene.daemon.borrow_mut().rivals = rivals;
        scene.daemon.borrow_mut().read_only = rivals == 0;
        scene.settle();
        assert_eq!(scene.own(), "1");
        assert!(scene.link.is_unfinished());
        let requests = scene.daemon.borrow().requests;
        scene.advance();
        assert!(rivals != 0 || scene.daemon.borrow().requests < requests + 20);
        scene.daemon.borrow_mut().rivals = 0;
        scene.daemon.borrow_mut().read_only = false;
        scene.advance();
        assert!(!scene.link.is_unfinished());
        scene.backend(State::InitWait);
        scene.connect();
    }
}

#[test]
fn a_device_that_cannot_be_watched_says_so() {
    for most in [0, 1] {
        scene!(State::Connected, scene);
        scene.daemon.borrow_mut().watches.clear();
        scene.daemon.borrow_mut().most_watches = most;
        scene.link = Link::new(&mut scene.session, b"test", 3, 5, State::Connected);
        scene.advance();
        assert!(scene.link.is_unwatched());
        scene.daemon.borrow_mut().most_watches = 2;
        scene.link.watch_again(&mut scene.session);
        assert!(!scene.link.is_unwatched());
        scene.connect();
    }
}

/// At every moment of a frontend that closes a connection, having given its backend up: what the toolstack writes then is its last word.
#[test]
fn a_device_made_anew_at_any_moment_is_connected() {
    for with in WITH {
        let mut moments = 0;
        for moment in 1.. {
            scene!(with, scene);
            scene.connect();
            for _ in 1..BREAKS {
                scene.link.reset();
                scene.advance();
                scene.again();
                scene.connect();
            }
            assert!(!scene.link.gave_up());
            scene.link.reset();
            let at = scene.daemon.borrow().requests + moment;
            *scene.prank.borrow_mut() = Some((at, Box::new(make_anew)));
            scene.advance();
            scene.again();
            let came = scene.prank.borrow_mut().take().is_none();
            if !came {
                break;
            }
            scene.connect();
            moments = moment;
        }
        assert!(moments > 20, "{moments}");
    }
}

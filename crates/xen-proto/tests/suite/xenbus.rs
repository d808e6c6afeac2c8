// SPDX-License-Identifier: ISC
//! The frontend's side of a connection against backends that behave like Linux's, and against ones that do anything.

use crate::common::{Random, cases};
use State::*;
use xen_proto::xenbus::{Frontend, State, Step};

/// What xenstore holds of both sides, and what the driver has done.
struct World {
    own: State,
    backend: Option<State>,
    online: bool,
    rings: bool,
    up: bool,
    steps: u64,
}

impl World {
    fn new(own: State, backend: State) -> Self {
        World {
            own,
            backend: Some(backend),
            online: true,
            rings: false,
            up: false,
            steps: 0,
        }
    }

    /// Does what the frontend says until it waits.
    fn drive(&mut self, frontend: &mut Frontend) {
        for _ in 0..10 {
            self.steps += 1;
            match frontend.next(self.backend, self.online) {
                Step::Wait => {
                    assert_eq!(self.up, frontend.is_connected());
                    return;
                }
                Step::Write(state) => {
                    assert!(!self.rings, "{state:?} while the rings are there");
                    self.own = state;
                }
                Step::Publish(state) => {
                    assert!(!self.rings, "rings twice");
                    assert_eq!(self.backend, Some(InitWait), "rings that nobody waits for");
                    self.rings = true;
                    self.own = state;
                }
                Step::Connect => {
                    assert!(self.rings && !self.up);
                    self.up = true;
                }
                Step::Disconnect => {
                    assert!(self.rings);
                    self.rings = false;
                    self.up = false;
                }
            }
        }
        panic!("the frontend never waits");
    }

    /// One reaction of Linux's netback or blkback to the frontend's state; whether there was one.
    fn linux(&mut self) -> bool {
        let Some(now) = self.backend else {
            return false;
        };
        let next = match (self.own, now) {
            (_, Initialising) => InitWait,
            (Initialising, Closed) if self.online => InitWait,
            (Initialised | State::Connected, InitWait) => State::Connected,
            (Closing, InitWait | Initialised | State::Connected) => Closing,
            (Closed, InitWait | State::Connected | Closing) => Closed,
            _ => return false,
        };
        self.backend = Some(next);
        true
    }

    /// Lets both sides react, in any order, until neither does.
    fn settle(&mut self, frontend: &mut Frontend, random: &mut Random) {
        for _ in 0..200 {
            if random.one_in(2) {
                self.drive(frontend);
            } else if !self.linux() {
                self.drive(frontend);
                if !self.linux() {
                    return;
                }
            }
        }
        panic!("the two never settle: {:?} {:?}", self.own, self.backend);
    }
}

const WITH: [State; 2] = [State::Connected, Initialised];
const ALL: [State; 9] = [
    Unknown,
    Initialising,
    InitWait,
    Initialised,
    State::Connected,
    Closing,
    Closed,
    Reconfiguring,
    Reconfigured,
];

#[test]
fn the_first_connection_is_made_without_detours() {
    for with in WITH {
        let mut world = World::new(Initialising, InitWait);
        let mut frontend = Frontend::new(Initialising, with);
        world.drive(&mut frontend);
        assert_eq!((world.own, world.rings, world.up), (with, true, false));
        world.linux();
        world.drive(&mut frontend);
        assert!(world.up);
    }
}

#[test]
fn whatever_was_there_before_a_connection_is_made() {
    let mut random = Random::new(3);
    for _ in 0..cases(300) {
        for with in WITH {
            for own in ALL {
                for backend in [Initialising, InitWait, State::Connected, Closing, Closed] {
                    // Nobody stops a backend that closes of its own accord but the toolstack, which starts a new one.
                    if backend == Closing && own != Closing && own != Closed {
                        continue;
                    }
                    let mut world = World::new(own, backend);
                    let mut frontend = Frontend::new(own, with);
                    world.settle(&mut frontend, &mut random);
                    assert!(
                        world.up,
                        "{own:?} {backend:?}: {:?} {:?}",
                        world.own, world.backend
                    );
                    assert_eq!((world.own, world.backend), (with, Some(State::Connected)));
                }
            }
        }
    }
}

#[test]
fn a_backend_that_comes_back_is_connected_again() {
    let mut random = Random::new(4);
    for with in WITH {
        let mut world = World::new(Initialising, InitWait);
        let mut frontend = Frontend::new(Initialising, with);
        let mut breaks = 0;
        for round in 0..cases(2000) {
            world.settle(&mut frontend, &mut random);
            assert!(
                world.up,
                "round {round}: {:?} {:?}",
                world.own, world.backend
            );
            match random.below(5) {
                // Its module is loaded again.
                0 => world.backend = Some(InitWait),
                // Its domain dies and another one takes its place.
                1 => {
                    world.backend = None;
                    world.drive(&mut frontend);
                    assert!(!world.rings);
                    world.backend = Some(Initialising);
                }
                // It closes, waits for us to, and begins anew.
                2 => world.backend = Some(Closing),
                3 => world.backend = Some(Closed),
                // It breaks the protocol, once in a while.
                _ if breaks + 1 < xen_proto::xenbus::BREAKS => {
                    breaks += 1;
                    frontend.reset();
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_device_that_is_taken_away_is_let_go() {
    let mut random = Random::new(5);
    for with in WITH {
        let mut world = World::new(Initialising, InitWait);
        let mut frontend = Frontend::new(Initialising, with);
        world.settle(&mut frontend, &mut random);
        world.online = false;
        world.backend = Some(Closing);
        world.settle(&mut frontend, &mut random);
        assert_eq!(
            (world.own, world.backend, world.rings),
            (Closed, Some(Closed), false)
        );
        // It does not ask for more.
        let steps = world.steps;
        world.drive(&mut frontend);
        assert_eq!(world.steps, steps + 1);
    }
}

#[test]
fn a_backend_that_does_anything_gets_no_rings_twice() {
    let mut random = Random::new(6);
    for _ in 0..cases(3000) {
        let own = ALL[random.below(9) as usize];
        let mut world = World::new(own, ALL[random.below(9) as usize]);
        let mut frontend = Frontend::new(own, WITH[random.below(2) as usize]);
        for _ in 0..40 {
            world.drive(&mut frontend);
            world.online = random.one_in(2);
            world.backend = (!random.one_in(9)).then(|| ALL[random.below(9) as usize]);
            if random.one_in(9) {
                frontend.reset();
            }
        }
    }
}

#[test]
fn states_are_one_digit() {
    for state in ALL {
        assert_eq!(State::parse(&state.value()), state);
    }
    for value in [&b""[..], b"9", b"10", b"x", b"4 "] {
        assert_eq!(State::parse(value), Unknown);
    }
}

#[test]
fn a_backend_that_breaks_every_connection_gets_no_more() {
    let mut random = Random::new(9);
    for with in WITH {
        let mut world = World::new(Initialising, InitWait);
        let mut frontend = Frontend::new(Initialising, with);
        for _ in 0..xen_proto::xenbus::BREAKS {
            assert!(!frontend.gave_up());
            world.settle(&mut frontend, &mut random);
            assert!(world.up);
            frontend.reset();
        }
        assert!(frontend.gave_up());
        world.settle(&mut frontend, &mut random);
        assert_eq!((world.rings, world.up, world.own), (false, false, Closed));
        for state in ALL {
            world.backend = Some(state);
            world.drive(&mut frontend);
            assert_eq!((world.rings, world.own), (false, Closed));
        }
    }
}

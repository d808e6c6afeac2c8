// SPDX-License-Identifier: ISC
//! How a frontend and its backend agree to work together: states in xenstore, which each side writes for itself and
//! watches of the other.
//!
//! States: xen/include/public/io/xenbus.h. [`Frontend`] is told what the backend's state is and says what to do next; it
//! does no input or output, so that whoever has the xenstore connection drives it: [`Link`], through a
//! [`Session`](crate::xenstore::Session), or a driver in another language. A new connection always goes
//! through Closed and Initialising, which every backend takes as the start of one, whatever it was doing before.

mod keys;
mod link;
mod packed;

pub use keys::Keys;
pub use link::{Backend, Driver, Link};

/// `XenbusState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the XenbusState of the same name")]
pub enum State {
    Unknown = 0,
    Initialising = 1,
    InitWait = 2,
    Initialised = 3,
    Connected = 4,
    Closing = 5,
    Closed = 6,
    Reconfiguring = 7,
    Reconfigured = 8,
}

impl State {
    /// The state that a `state` node's value stands for; [`State::Unknown`] for anything else.
    pub fn parse(value: &[u8]) -> State {
        const ALL: [State; 9] = [
            State::Unknown,
            State::Initialising,
            State::InitWait,
            State::Initialised,
            State::Connected,
            State::Closing,
            State::Closed,
            State::Reconfiguring,
            State::Reconfigured,
        ];
        let [digit] = value else {
            return State::Unknown;
        };
        let index = usize::from(digit.wrapping_sub(b'0'));
        ALL.get(index).copied().unwrap_or(State::Unknown)
    }

    /// The value of a `state` node.
    pub const fn value(self) -> [u8; 1] {
        [b'0' + self as u8]
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing until the backend's state changes.
    Wait,
    /// Write this state.
    Write(State),
    /// Make the rings, write what the backend has to know, then this state, all of it in one transaction.
    Publish(State),
    /// The backend is connected: read what it says of the device.
    Connect,
    /// The rings are of no use any more: stop using them.
    Disconnect,
}

/// How many connections end by a broken protocol before a frontend makes no further one with that backend.
pub const BREAKS: u8 = 16;

/// A frontend's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frontend {
    /// What our `state` node has.
    own: State,
    /// The rings are there.
    published: bool,
    /// The backend has them.
    connected: bool,
    /// A new connection is wanted, whatever the backend's state.
    reset: bool,
    /// Connections that ended by a broken protocol.
    breaks: u8,
    /// The state to publish with.
    with: State,
}

impl Frontend {
    /// A frontend that finds `own` in its `state` node, and publishes its rings with the state `with`:
    /// [`State::Connected`] for network devices, [`State::Initialised`] for block devices.
    pub const fn new(own: State, with: State) -> Self {
        // What is there from before, by somebody else, is nothing to go on with.
        let reset = !matches!(own, State::Initialising);
        Frontend {
            own,
            published: false,
            connected: false,
            reset,
            breaks: 0,
            with,
        }
    }

    /// Whether the device can be used.
    pub const fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether the backend may use the rings.
    pub const fn is_published(&self) -> bool {
        self.published
    }

    /// What our `state` node has.
    pub const fn own(&self) -> State {
        self.own
    }

    /// The state to publish with.
    pub const fn with(&self) -> State {
        self.with
    }

    /// The driver has written [`State::Connected`], as block devices do once the backend is connected.
    pub const fn wrote_connected(&mut self) {
        self.own = State::Connected;
    }

    /// Begins anew: the backend broke the protocol. After [`BREAKS`] times there is no new connection: a backend that goes
    /// on like this would keep the domain, xenstored and the log busy for ever.
    pub const fn reset(&mut self) {
        self.reset = true;
        if self.breaks < BREAKS {
            self.breaks += 1;
        }
    }

    /// Begins anew: the backend does not have the connection any more, which breaks nothing.
    pub const fn renew(&mut self) {
        self.reset = true;
    }

    /// Whether there will be no new connection.
    pub const fn gave_up(&self) -> bool {
        self.breaks >= BREAKS
    }

    /// What to do when the backend's state is `backend`, `None` when it has none. Whether it is `online` says whether it
    /// means to come back after it has closed. Each step counts as done; ask again until it is [`Step::Wait`], with the
    /// backend's state as it is then.
    pub fn next(&mut self, backend: Option<State>, online: bool) -> Step {
        use State::{
            Closed, Closing, Connected, InitWait, Initialised, Initialising, Reconfigured,
            Reconfiguring, Unknown,
        };
        let backend = backend.unwrap_or(Unknown);
        if self.published {
            let lives = match backend {
                Connected => true,
                InitWait | Initialised => !self.connected,
                Reconfiguring | Reconfigured => self.connected,
                Unknown | Initialising | Closing | Closed => false,
            };
            return if !lives || self.reset {
                self.published = false;
                self.connected = false;
                self.reset = true;
                Step::Disconnect
            } else if backend == Connected && !self.connected {
                self.connected = true;
                Step::Connect
            } else {
                Step::Wait
            };
        }
        if self.reset {
            return match (self.own, backend) {
                (Closed, _) if self.gave_up() => Step::Wait,
                // It waits for the first connection, or has closed the last one and means to come back.
                (Closed, Initialising | InitWait) => self.begin(),
                (Closed, Closed) if online => self.begin(),
                (Closed, _) => Step::Wait,
                // It still has the old connection.
                (Closing, Initialised | Connected | Reconfiguring | Reconfigured) => Step::Wait,
                (Closing, _) => self.write(Closed),
                _ => self.write(Closing),
            };
        }
        match backend {
            InitWait => {
                self.published = true;
                self.own = self.with;
                Step::Publish(self.with)
            }
            // It is not there yet, or not again.
            Unknown | Initialising | Closed => Step::Wait,
            // It has a connection that is not ours, or goes away before there was one.
            _ => {
                self.reset = true;
                self.write(Closing)
            }
        }
    }

    fn begin(&mut self) -> Step {
        self.reset = false;
        self.write(State::Initialising)
    }

    fn write(&mut self, state: State) -> Step {
        self.own = state;
        Step::Write(state)
    }
}

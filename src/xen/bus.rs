// SPDX-License-Identifier: ISC
//! A device's connection to its backend, by way of xenstore: made, kept, and made again when the backend comes back.
//!
//! Interface: `xen/include/public/io/xenbus.h`, over `xen_proto::xenbus`, which says what to do when.

use super::store::{self, Store};
use super::text::{Path, Text};
use xen_proto::xenbus::{Frontend, State, Step};
use xen_proto::xenstore::Error;

/// How often a transaction is tried, and how many steps are taken in one go at most, which is some more than a connection made
/// anew needs: a backend that changes its state all the time is looked at again at its next event, and other devices have their
/// turn before.
const ATTEMPTS: u32 = 8;
const STEPS: usize = 12;

/// A backend, as the toolstack names it.
#[derive(Clone, Copy)]
pub struct Backend {
    /// Its domain.
    pub domid: u16,
    /// Its folder.
    pub path: Path,
}

/// What a kind of device does.
pub trait Driver {
    /// The state to publish the rings with.
    const WITH: State;

    /// Makes rings for the backend and returns what it has to be told: names and values.
    fn offer(&mut self, store: &mut Store, backend: &Backend) -> Option<Keys>;

    /// The backend is connected; false when what it says of the device makes no sense.
    fn connect(&mut self, store: &mut Store, backend: &Backend) -> bool;

    /// The backend is gone.
    fn disconnect(&mut self);

    /// The backend is connected and has written something that it does not have to.
    fn changed(&mut self, _store: &mut Store, _backend: &Backend) {}
}

/// A node of the frontend's folder.
#[derive(Clone, Copy)]
struct Key {
    /// The queue whose folder it is in, for those that have one.
    queue: Option<usize>,
    name: &'static [u8],
    /// `None` for a node that an earlier connection may have left and that must not be there.
    value: Option<u64>,
}

/// Names and values for the frontend's folder.
pub struct Keys {
    keys: [Key; Keys::MOST],
    count: usize,
    queue: Option<usize>,
    protocol: Option<&'static [u8]>,
}

impl Keys {
    /// How many there can be.
    pub const MOST: usize = 32;

    /// None.
    pub const fn new() -> Self {
        const NONE: Key = Key {
            queue: None,
            name: b"",
            value: None,
        };
        Keys {
            keys: [NONE; Keys::MOST],
            count: 0,
            queue: None,
            protocol: None,
        }
    }

    /// What is added from now on is in the folder of that queue, `queue-N`, or in none.
    pub const fn of_queue(mut self, queue: Option<usize>) -> Self {
        self.queue = queue;
        self
    }

    /// Adds a number.
    pub fn number(self, name: &'static [u8], value: u64) -> Self {
        self.add(name, Some(value))
    }

    /// What an earlier connection may have written, and would be taken for this one's.
    pub fn absent(self, name: &'static [u8]) -> Self {
        self.add(name, None)
    }

    fn add(mut self, name: &'static [u8], value: Option<u64>) -> Self {
        if let Some(place) = self.keys.get_mut(self.count) {
            let queue = self.queue;
            *place = Key { queue, name, value };
            self.count += 1;
        }
        self
    }

    /// Adds the name of the layout that the ring has.
    pub fn protocol(mut self, name: &'static [u8]) -> Self {
        self.protocol = Some(name);
        self
    }
}

/// A device's place on the bus.
pub struct Link {
    /// The frontend's folder.
    folder: Path,
    /// The number of its watches.
    token: u64,
    backend: Option<Backend>,
    frontend: Frontend,
}

impl Link {
    /// The place of device `number` of a class, `vif` or `vbd`, whose watches are told apart by `token`. Watched from now on.
    pub fn new<D: Driver>(store: &mut Store, class: &[u8], number: u64, token: u64) -> Self {
        let folder = Path::of(&[b"device/", class, b"/"]).decimal(number);
        let link = Link {
            folder,
            token,
            backend: None,
            frontend: Frontend::new(State::Closed, D::WITH),
        };
        link.watch(store, &folder, b"backend");
        link
    }

    fn watch(&self, store: &mut Store, folder: &Path, name: &[u8]) {
        let path = Path::of(&[folder.get(), b"/", name]);
        // Without a watch, changes are not seen; what is there now is.
        let _ = store.watch(path.get(), Text::<20>::new().decimal(self.token).get());
    }

    fn unwatch(&self, store: &mut Store, folder: &Path, name: &[u8]) {
        let path = Path::of(&[folder.get(), b"/", name]);
        let _ = store.unwatch(path.get(), Text::<20>::new().decimal(self.token).get());
    }

    /// Whether the device can be used.
    pub fn is_connected(&self) -> bool {
        self.frontend.is_connected()
    }

    /// Gives up a connection whose backend broke the protocol, to make a new one, unless there were too many.
    pub fn reset(&mut self) {
        self.frontend.reset();
    }

    /// Whether the backend broke the protocol so often that there will be no connection until the device has a new one.
    pub fn gave_up(&self) -> bool {
        self.frontend.gave_up()
    }

    /// Registers the watches again, on a new connection to xenstored.
    pub fn watch_again(&mut self, store: &mut Store) {
        self.watch(store, &self.folder, b"backend");
        if let Some(backend) = self.backend {
            self.watch(store, &backend.path, b"state");
        }
    }

    /// Does what there is to do until the backend's state changes.
    pub fn advance<D: Driver>(&mut self, store: &mut Store, driver: &mut D) {
        for _ in 0..STEPS {
            let own = store::read::<4>(store, self.folder.get(), b"state");
            let own = own.map(|value| State::parse(value.get()));
            self.find_backend::<D>(store, driver, own);
            let Some(backend) = self.backend else { return };
            let state = store::read::<4>(store, backend.path.get(), b"state");
            let state = state.map(|value| State::parse(value.get()));
            let online = store::read_number(store, backend.path.get(), b"online") == Some(1);
            let before = self.frontend.own();
            let done = match self.frontend.next(state, online) {
                Step::Wait => {
                    if self.frontend.is_connected() {
                        driver.changed(store, &backend);
                    }
                    return;
                }
                Step::Write(state) => self.replace_state(store, before, state).is_ok(),
                Step::Publish(state) => match driver.offer(store, &backend) {
                    Some(keys) => self.publish(store, &keys, state).is_ok(),
                    None => return,
                },
                Step::Connect => {
                    if !driver.connect(store, &backend) {
                        self.frontend.reset();
                    } else if D::WITH != State::Connected {
                        let _ = self.replace_state(store, before, State::Connected);
                        self.frontend.wrote_connected();
                    }
                    true
                }
                Step::Disconnect => {
                    driver.disconnect();
                    true
                }
            };
            if !done {
                // The folder is gone, or is not ours any more: whoever makes a new one is seen by the watch. Or others wrote
                // at the same time: what is in the folder is then not what we mean to have written, and the next round begins
                // anew with it.
                if store::read::<4>(store, self.folder.get(), b"state").is_none() {
                    return;
                }
            }
        }
    }

    /// Looks whose device it is now. The toolstack makes the folder anew when it takes the device away and gives it back.
    fn find_backend<D: Driver>(&mut self, store: &mut Store, driver: &mut D, own: Option<State>) {
        let path = store::read::<192>(store, self.folder.get(), b"backend");
        let domid = store::read_number(store, self.folder.get(), b"backend-id");
        let found = match (path, domid, own) {
            (Some(path), Some(domid), Some(_)) => u16::try_from(domid)
                .ok()
                .map(|domid| Backend { domid, path }),
            _ => None,
        };
        let same = match (&found, &self.backend) {
            (Some(new), Some(old)) => {
                new.domid == old.domid
                    && new.path.get() == old.path.get()
                    && own == Some(self.frontend.own())
            }
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        if self.frontend.is_published() {
            driver.disconnect();
        }
        if let Some(old) = self.backend.take() {
            self.unwatch(store, &old.path, b"state");
        }
        self.frontend = Frontend::new(own.unwrap_or(State::Closed), D::WITH);
        if let Some(new) = found {
            self.watch(store, &new.path, b"state");
            self.backend = Some(new);
        }
    }

    fn write_state(&self, store: &mut Store, transaction: u32, state: State) -> Result<(), Error> {
        let path = Path::of(&[self.folder.get(), b"/state"]);
        store.write(transaction, path.get(), &state.value())
    }

    /// Writes our state where it is still `before`. What a toolstack has written meanwhile would be lost for good otherwise: it
    /// writes it once. [`find_backend`](Self::find_backend) finds it then.
    fn replace_state(&self, store: &mut Store, before: State, state: State) -> Result<(), Error> {
        let path = Path::of(&[self.folder.get(), b"/state"]);
        store.transaction(ATTEMPTS, |store, transaction| {
            let now = State::parse(store.read(transaction, path.get())?);
            if now != before {
                return Err(Error::Conflict);
            }
            self.write_state(store, transaction, state)
        })
    }

    /// All or nothing: the backend looks when the state changes, and must then find the rest.
    fn publish(&self, store: &mut Store, keys: &Keys, state: State) -> Result<(), Error> {
        store.transaction(ATTEMPTS, |store, transaction| {
            for key in keys.keys.iter().take(keys.count) {
                let mut path = Path::of(&[self.folder.get(), b"/"]);
                if let Some(queue) = key.queue {
                    path = path.bytes(b"queue-").decimal(queue as u64).bytes(b"/");
                }
                let path = path.bytes(key.name);
                let Some(value) = key.value else {
                    // It may not be there.
                    let _ = store.remove(transaction, path.get());
                    continue;
                };
                let value = Text::<20>::new().decimal(value);
                store.write(transaction, path.get(), value.get())?;
            }
            if let Some(protocol) = keys.protocol {
                let path = Path::of(&[self.folder.get(), b"/protocol"]);
                store.write(transaction, path.get(), protocol)?;
            }
            self.write_state(store, transaction, state)
        })
    }
}

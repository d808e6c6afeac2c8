// SPDX-License-Identifier: ISC
//! A device's connection to its backend, by way of xenstore: made, kept, and made again when the backend comes back.
//!
//! [`Frontend`] says what to do when; here it is done, through a [`Session`].

use super::{Frontend, Keys, State, Step};
use crate::text::{Path, Text};
use crate::xenstore::{self, Errno, Error, Session};

/// How often a transaction is tried, and how many steps are taken in one go at most, which is some more than a connection made
/// anew needs: a backend that changes its state all the time is looked at again later, and other devices have their turn before.
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

/// What a kind of device does; `S` is the [`Session`].
pub trait Driver<S> {
    /// Makes rings for the backend and returns what it has to be told: names and values.
    fn offer(&mut self, store: &mut S, backend: &Backend) -> Option<Keys>;

    /// The backend is connected; false when what it says of the device makes no sense.
    fn connect(&mut self, store: &mut S, backend: &Backend) -> bool;

    /// The backend is gone.
    fn disconnect(&mut self);

    /// Whether the backend holds the other end of all event channels that it was told of.
    fn is_bound(&mut self) -> bool;

    /// The backend is connected and has written something that it does not have to.
    fn changed(&mut self, _store: &mut S, _backend: &Backend) {}
}

/// A device's place on the bus.
pub struct Link {
    /// The frontend's folder.
    folder: Path,
    /// The number of its watches.
    token: u64,
    backend: Option<Backend>,
    frontend: Frontend,
    /// The backend has bound the event channels of this connection.
    bound: bool,
    /// xenstored has refused to say what changes.
    unwatched: bool,
    /// There is something left to do that no event may tell of.
    unfinished: bool,
}

impl Link {
    /// The place of device `number` of a class, `vif` or `vbd`, which publishes its rings with the state `with`, and whose watches
    /// are told apart by `token`. Watched from now on.
    pub fn new<L: xenstore::Link>(
        store: &mut Session<'_, L>,
        class: &[u8],
        number: u64,
        token: u64,
        with: State,
    ) -> Self {
        let folder = Path::of(&[b"device/", class, b"/"]).decimal(number);
        let mut link = Link {
            folder,
            token,
            backend: None,
            frontend: Frontend::new(State::Closed, with),
            bound: false,
            unwatched: false,
            unfinished: false,
        };
        link.watch(store, &folder, b"backend");
        link
    }

    fn watch<L: xenstore::Link>(&mut self, store: &mut Session<'_, L>, folder: &Path, name: &[u8]) {
        let path = Path::of(&[folder.get(), b"/", name]);
        // Without a watch, changes are not seen; what is there now is.
        let watched = store.watch(path.get(), Text::<20>::new().decimal(self.token).get());
        self.unwatched |= matches!(watched, Err(Error::Refused(errno)) if errno != Errno::Exist);
    }

    fn unwatch<L: xenstore::Link>(&self, store: &mut Session<'_, L>, folder: &Path, name: &[u8]) {
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

    /// Whether xenstored has refused to say what changes, as it does to a domain that has as many watches as it may (oxenstored: 100,
    /// xenstored: 128; a device has two).
    pub fn is_unwatched(&self) -> bool {
        self.unwatched
    }

    /// Whether [`advance`](Self::advance) is to be called again in a while, whatever happens: the rings could not be made, as when a
    /// backend of before maps all pages, and nothing tells when it does not any more; or xenstored refused something; or others write all
    /// the time.
    pub fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    /// Registers the watches again, on a new connection to xenstored, or where they were refused.
    pub fn watch_again<L: xenstore::Link>(&mut self, store: &mut Session<'_, L>) {
        self.unwatched = false;
        let folder = self.folder;
        self.watch(store, &folder, b"backend");
        if let Some(backend) = self.backend {
            self.watch(store, &backend.path, b"state");
        }
    }

    /// Does what there is to do until the backend's state changes.
    pub fn advance<'a, L: xenstore::Link, D: Driver<Session<'a, L>>>(
        &mut self,
        store: &mut Session<'a, L>,
        driver: &mut D,
    ) {
        self.unfinished = false;
        for _ in 0..STEPS {
            let own = store.text_at::<4>(self.folder.get(), b"state");
            let own = own.map(|value| State::parse(value.get()));
            self.find_backend(store, driver, own);
            let Some(backend) = self.backend else { return };
            let state = store.text_at::<4>(backend.path.get(), b"state");
            let state = state.map(|value| State::parse(value.get()));
            let online = store.number_at(backend.path.get(), b"online") == Some(1);
            let frontend = self.frontend;
            let before = frontend.own();
            let result = match self.frontend.next(state, online) {
                Step::Wait => {
                    if self.frontend.is_connected() {
                        if self.is_left(driver) {
                            self.frontend.renew();
                            continue;
                        }
                        driver.changed(store, &backend);
                    }
                    return;
                }
                Step::Write(state) => self.replace_state(store, before, state),
                Step::Publish(state) => match driver.offer(store, &backend) {
                    Some(keys) => self.publish(store, &keys, state),
                    None => {
                        self.frontend = frontend;
                        break;
                    }
                },
                Step::Connect => {
                    self.bound = false;
                    if !driver.connect(store, &backend) {
                        self.frontend.reset();
                    } else if self.frontend.with() != State::Connected {
                        let _ = self.replace_state(store, before, State::Connected);
                        self.frontend.wrote_connected();
                    }
                    Ok(())
                }
                Step::Disconnect => {
                    driver.disconnect();
                    Ok(())
                }
            };
            if let Err(error) = result {
                // Nothing was written.
                self.frontend = frontend;
                if error != Error::Conflict {
                    break;
                }
                // Others wrote at the same time: the next round begins anew with what they have written.
            }
        }
        self.unfinished = true;
    }

    /// Whether the backend had bound the event channels and does not hold them any more: another has come in its place, which says
    /// that it is connected, too. A frontend that was slow has seen no other state than that.
    fn is_left<S>(&mut self, driver: &mut impl Driver<S>) -> bool {
        let bound = driver.is_bound();
        core::mem::replace(&mut self.bound, bound) && !bound
    }

    /// Looks whose device it is now. The toolstack makes the folder anew when it takes the device away and gives it back.
    fn find_backend<'a, L: xenstore::Link, D: Driver<Session<'a, L>>>(
        &mut self,
        store: &mut Session<'a, L>,
        driver: &mut D,
        own: Option<State>,
    ) {
        let path = store.text_at::<192>(self.folder.get(), b"backend");
        let domid = store.number_at(self.folder.get(), b"backend-id");
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
        self.frontend = Frontend::new(own.unwrap_or(State::Closed), self.frontend.with());
        if let Some(new) = found {
            self.watch(store, &new.path, b"state");
            self.backend = Some(new);
        }
    }

    fn state(&self) -> Path {
        Path::of(&[self.folder.get(), b"/state"])
    }

    /// Writes our state where it is still `before`. What a toolstack has written meanwhile would be lost for good otherwise: it
    /// writes it once. [`find_backend`](Self::find_backend) finds it then.
    fn replace_state<L: xenstore::Link>(
        &self,
        store: &mut Session<'_, L>,
        before: State,
        state: State,
    ) -> Result<(), Error> {
        let path = self.state();
        store.transaction(ATTEMPTS, |store, transaction| {
            let now = State::parse(store.read(transaction, path.get())?);
            if now != before {
                return Err(Error::Conflict);
            }
            store.write(transaction, path.get(), &state.value())
        })
    }

    /// All or nothing: the backend looks when the state changes, and must then find the rest.
    fn publish<L: xenstore::Link>(
        &self,
        store: &mut Session<'_, L>,
        keys: &Keys,
        state: State,
    ) -> Result<(), Error> {
        store.transaction(ATTEMPTS, |store, transaction| {
            keys.write(store, transaction, &self.folder)?;
            store.write(transaction, self.state().get(), &state.value())
        })
    }
}

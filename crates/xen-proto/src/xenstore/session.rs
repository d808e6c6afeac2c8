// SPDX-License-Identifier: ISC
//! Requests that are waited for, one at a time, and requests that are not, on one connection. `requests` has those that
//! are more than a call: paths and values, long directories, transactions.
//!
//! A domain has one connection, with room for two users. One waits for each answer ([`Session::call`] and what is built on
//! it). The other sends requests and goes on ([`Session::submit`]); it gets its answers through its [`Link`] when anybody
//! handles messages, which the first does while it waits.

mod requests;

use super::{Client, Error, Event, Kind, SharedPage};

/// How a [`Session`] reaches the world.
pub trait Link {
    /// Sends an event to xenstored.
    fn notify(&mut self);

    /// Waits for an event from xenstored, at most until `has_news` says that there is something to look at; may return
    /// early.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] to give up.
    fn wait(&mut self, has_news: &dyn Fn() -> bool) -> Result<(), Error>;

    /// Takes note of a watch event that came meanwhile.
    fn watch_event(&mut self, path: &[u8], token: &[u8]);

    /// Takes the answer to a request that nobody waits for: of [`Session::submit`], or one that was given up. An answer of
    /// [`Kind::ERROR`] has an error's name for its payload.
    fn reply(&mut self, _number: u32, _kind: Kind, _payload: &[u8]) {}

    /// The connection is given up, to be made anew: requests, transactions and watches are gone.
    fn lost(&mut self) {}

    /// There is a new connection, on which each user may watch again what it watched.
    fn reconnected(&mut self) {}
}

/// A connection and its users.
pub struct Session<'a, L> {
    client: Client<'a>,
    link: L,
}

impl<'a, L: Link> Session<'a, L> {
    /// A session through `page`, on which nothing was asked before.
    pub const fn new(page: &'a SharedPage, link: L) -> Self {
        Session {
            client: Client::new(page),
            link,
        }
    }

    /// What was given to [`new`](Self::new).
    pub const fn link(&mut self) -> &mut L {
        &mut self.link
    }

    /// Sends a request and waits for its answer, whose bytes it returns.
    ///
    /// # Errors
    ///
    /// All of [`Error`] but [`Error::Conflict`] and [`Error::BadPath`]. When the wait is interrupted the answer
    /// goes to [`Link::reply`] when it comes.
    pub fn call(&mut self, kind: Kind, transaction: u32, parts: &[&[u8]]) -> Result<&[u8], Error> {
        let request = loop {
            match self.client.request(kind, transaction, parts) {
                // An answer makes room. The last one may come at any time, so nothing is waited for behind it: first the
                // wait, which ends at once where there is one, then the look at all of them, then another try.
                Err(Error::Busy) => {
                    self.wait()?;
                    self.handle(None)?;
                }
                result => break result?,
            }
        };
        while !self.step(Some(request))? {}
        Ok(self.client.payload())
    }

    /// Sends a request without waiting: its number, by which [`Link::reply`] tells its answer.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`]: try again when an answer or an event has come; [`Error::TooBig`]; [`Error::NoReconnection`]: nothing
    /// will ever be answered again.
    pub fn submit(&mut self, kind: Kind, transaction: u32, payload: &[u8]) -> Result<u32, Error> {
        match self.client.request(kind, transaction, &[payload]) {
            Err(Error::Protocol) => {
                self.tend()?;
                Err(Error::Busy)
            }
            result => {
                self.notify();
                result
            }
        }
    }

    /// Handles messages until there are none, then waits; true when `request` was answered.
    fn step(&mut self, request: Option<u32>) -> Result<bool, Error> {
        if self.handle(request)? {
            return Ok(true);
        }
        self.wait()?;
        Ok(false)
    }

    /// Waits until there is something to handle.
    fn wait(&mut self) -> Result<(), Error> {
        let client = &self.client;
        if client.has_news() {
            return Ok(());
        }
        self.link.wait(&|| client.has_news())
    }

    /// Handles messages until there are none; true when `request` was answered, and then its answer is the last.
    fn handle(&mut self, request: Option<u32>) -> Result<bool, Error> {
        let result = loop {
            match self.client.poll() {
                Event::Idle => break Ok(false),
                Event::Reply(number, result) if Some(number) == request => {
                    break result.map(|()| true).map_err(Error::Refused);
                }
                Event::Reply(number, _) => {
                    let kind = self.client.kind();
                    self.link.reply(number, kind, self.client.payload());
                }
                Event::Watch => self.pass_on_watch(),
                Event::Reconnected => {
                    self.link.reconnected();
                    break Err(Error::Reconnected);
                }
                Event::Broken => break Err(Error::Protocol),
            }
        };
        self.notify();
        result
    }

    fn notify(&mut self) {
        if self.client.take_notify() {
            self.link.notify();
        }
    }

    fn pass_on_watch(&mut self) {
        if let Some((path, token)) = self.client.watch_event() {
            self.link.watch_event(path, token);
        }
    }

    /// Whether there is something to handle: see [`Client::has_news`].
    pub fn has_news(&self) -> bool {
        self.client.has_news()
    }

    /// Passes on what is in the ring, without waiting.
    ///
    /// # Errors
    ///
    /// [`Error::Reconnected`], [`Error::Protocol`].
    pub fn drain(&mut self) -> Result<(), Error> {
        self.handle(None).map(drop)
    }

    /// [`drain`](Self::drain) that sees to the connection, too: asks for a new one where xenstored broke the protocol, and
    /// goes on where there is one, of which [`Link::reconnected`] tells.
    ///
    /// # Errors
    ///
    /// [`Error::NoReconnection`]: nothing will ever come again.
    pub fn tend(&mut self) -> Result<(), Error> {
        loop {
            match self.drain() {
                Err(Error::Reconnected) => {}
                Err(_) => return self.give_up(),
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Asks for a new connection.
    fn give_up(&mut self) -> Result<(), Error> {
        self.client.reconnect()?;
        self.link.lost();
        self.notify();
        Ok(())
    }

    /// Makes the connection anew, and waits for it. Watches must be registered again.
    ///
    /// # Errors
    ///
    /// [`Error::NoReconnection`], [`Error::Interrupted`].
    pub fn reconnect(&mut self) -> Result<(), Error> {
        self.give_up()?;
        loop {
            match self.step(None) {
                Ok(_) => {}
                Err(Error::Reconnected) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

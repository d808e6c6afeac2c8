// SPDX-License-Identifier: ISC
//! Requests that are waited for, one at a time, and requests that are not, on one connection; transactions and long
//! directories.
//!
//! A domain has one connection, with room for two users. One waits for each answer ([`Session::call`] and what is built on
//! it). The other sends requests and goes on ([`Session::submit`]); it gets its answers through its [`Link`] when anybody
//! handles messages, which the first does while it waits.

use super::wire::{decimal, number};
use super::{ABS_PATH_MAX, Client, Errno, Error, Event, Kind, REL_PATH_MAX, SharedPage};
use crate::bytes::copy;

/// How often a directory may change while it is read in parts.
const RESTARTS: u32 = 100;

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

    /// The value of `path`.
    ///
    /// # Errors
    ///
    /// See [`call`](Self::call).
    pub fn read(&mut self, transaction: u32, path: &[u8]) -> Result<&[u8], Error> {
        check(path)?;
        self.call(Kind::READ, transaction, &[path, &[0]])
    }

    /// Gives `path` a value, any bytes, and makes it if need be.
    ///
    /// # Errors
    ///
    /// See [`call`](Self::call).
    pub fn write(&mut self, transaction: u32, path: &[u8], value: &[u8]) -> Result<(), Error> {
        check(path)?;
        self.call(Kind::WRITE, transaction, &[path, &[0], value])
            .map(drop)
    }

    /// Makes the directory `path` if it is not there.
    ///
    /// # Errors
    ///
    /// See [`call`](Self::call).
    pub fn mkdir(&mut self, transaction: u32, path: &[u8]) -> Result<(), Error> {
        check(path)?;
        self.call(Kind::MKDIR, transaction, &[path, &[0]]).map(drop)
    }

    /// Removes `path` and all below it.
    ///
    /// # Errors
    ///
    /// See [`call`](Self::call).
    pub fn remove(&mut self, transaction: u32, path: &[u8]) -> Result<(), Error> {
        check(path)?;
        self.call(Kind::RM, transaction, &[path, &[0]]).map(drop)
    }

    /// Asks for an event under `token` now and each time that something at or below `path`
    /// changes.
    ///
    /// # Errors
    ///
    /// See [`call`](Self::call).
    pub fn watch(&mut self, path: &[u8], token: &[u8]) -> Result<(), Error> {
        check(path)?;
        check(token)?;
        self.call(Kind::WATCH, 0, &[path, &[0], token, &[0]])
            .map(drop)
    }

    /// Ends a watch. Once this returns no event for it will come.
    ///
    /// # Errors
    ///
    /// See [`call`](Self::call).
    pub fn unwatch(&mut self, path: &[u8], token: &[u8]) -> Result<(), Error> {
        check(path)?;
        check(token)?;
        self.call(Kind::UNWATCH, 0, &[path, &[0], token, &[0]])
            .map(drop)
    }

    /// The names in the directory `path`, each ended by a zero byte, in `buffer`: see
    /// [`strings`](super::strings). A list too long for one message is fetched in parts, all of
    /// the same state of the directory.
    ///
    /// # Errors
    ///
    /// [`Error::TooBig`] when the names do not fit `buffer`, [`Error::Conflict`] when the directory
    /// changes all the time; see [`call`](Self::call).
    pub fn directory<'b>(
        &mut self,
        transaction: u32,
        path: &[u8],
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], Error> {
        check(path)?;
        let len = match self.call(Kind::DIRECTORY, transaction, &[path, &[0]]) {
            Ok(names) => {
                copy(buffer, names).ok_or(Error::TooBig)?;
                names.len()
            }
            Err(Error::Refused(Errno::TooBig)) => {
                self.directory_parts(transaction, path, buffer)?
            }
            Err(error) => return Err(error),
        };
        Ok(buffer.get(..len).unwrap_or(&[]))
    }

    /// Each part starts with the directory's generation; another one means that the parts so far
    /// are out of date. The last part ends in an empty name.
    fn directory_parts(
        &mut self,
        transaction: u32,
        path: &[u8],
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let mut len = 0;
        let mut generation = [0; 32];
        let mut restarts = 0;
        while restarts < RESTARTS {
            let mut digits = [0; 20];
            let offset = decimal(len, &mut digits);
            let parts = [path, &[0], offset, &[0]];
            let reply = self.call(Kind::DIRECTORY_PART, transaction, &parts)?;
            let end = reply
                .iter()
                .position(|&byte| byte == 0)
                .ok_or(Error::Protocol)?;
            let (now, names) = reply.split_at_checked(end + 1).ok_or(Error::Protocol)?;
            let known = generation.get(..now.len()).ok_or(Error::Protocol)?;
            if known != now {
                copy(&mut generation, now).ok_or(Error::Protocol)?;
                if len != 0 {
                    len = 0;
                    restarts += 1;
                    continue;
                }
            }
            let last = names == [0] || names.ends_with(&[0, 0]);
            let names = if last {
                names.split_last().map_or(names, |(_, names)| names)
            } else {
                names
            };
            if !last && (names.is_empty() || !names.ends_with(&[0])) {
                return Err(Error::Protocol);
            }
            let to = buffer.get_mut(len..).ok_or(Error::TooBig)?;
            copy(to, names).ok_or(Error::TooBig)?;
            len += names.len();
            if last {
                return Ok(len);
            }
        }
        Err(Error::Conflict)
    }

    /// Runs `body` in a transaction, which sees the store as of its start and changes it all at
    /// once or not at all; again, up to `attempts` times, when it conflicts with another.
    ///
    /// # Errors
    ///
    /// What `body` returns, after the transaction was given up, even [`Error::Refused`];
    /// [`Error::Conflict`] when `attempts` were not enough; see [`call`](Self::call).
    pub fn transaction<T>(
        &mut self,
        attempts: u32,
        mut body: impl FnMut(&mut Self, u32) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for _ in 0..attempts {
            let reply = self.call(Kind::TRANSACTION_START, 0, &[&[0]])?;
            let transaction = number(reply)
                .filter(|&number| number != 0)
                .ok_or(Error::Protocol)?;
            let result = body(self, transaction);
            // EAGAIN inside a transaction means the same as at its end.
            let again = matches!(result, Err(Error::Refused(Errno::Again)));
            if let Err(error @ (Error::Reconnected | Error::Protocol | Error::Interrupted)) = result
            {
                // The connection is what failed: the transaction went with it, or is left open.
                return Err(error);
            }
            let verdict: &[u8] = if result.is_ok() { b"T\0" } else { b"F\0" };
            match self.call(Kind::TRANSACTION_END, transaction, &[verdict]) {
                Err(Error::Refused(Errno::Again)) => continue,
                Err(error) if result.is_ok() => return Err(error),
                Err(error @ (Error::Reconnected | Error::Protocol | Error::Interrupted)) => {
                    return Err(error);
                }
                _ if again => continue,
                _ => return result,
            }
        }
        Err(Error::Conflict)
    }
}

/// A path or token that can be put into a payload; what else is wrong with it xenstored says.
fn check(path: &[u8]) -> Result<(), Error> {
    let most = if path.first() == Some(&b'/') {
        ABS_PATH_MAX
    } else {
        REL_PATH_MAX
    };
    let bad = path.is_empty() || path.len() > most || path.contains(&0);
    if bad { Err(Error::BadPath) } else { Ok(()) }
}

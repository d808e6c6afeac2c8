// SPDX-License-Identifier: ISC
//! What is asked of xenstored, built on [`Session::call`]: values, watches, directories of any length, transactions.

use super::super::wire::{decimal, number};
use super::super::{ABS_PATH_MAX, Errno, Error, Kind, REL_PATH_MAX};
use super::{Link, Session};
use crate::bytes::copy;
use crate::text::{Path, Text};

/// How often a directory may change while it is read in parts.
const RESTARTS: u32 = 100;

impl<L: Link> Session<'_, L> {
    /// The value of `path`.
    ///
    /// # Errors
    ///
    /// See [`call`](Self::call).
    pub fn read(&mut self, transaction: u32, path: &[u8]) -> Result<&[u8], Error> {
        check(path)?;
        self.call(Kind::READ, transaction, &[path, &[0]])
    }

    /// The value at `folder/name`, copied; `None` when there is none, or it cannot be had, or is too long.
    pub fn text_at<const N: usize>(&mut self, folder: &[u8], name: &[u8]) -> Option<Text<N>> {
        let path = Path::of(&[folder, b"/", name]);
        let value = self.read(0, path.get()).ok()?;
        let text = Text::of(&[value]);
        (!text.get().is_empty() || value.is_empty()).then_some(text)
    }

    /// The decimal number at `folder/name`; `None` when there is none.
    pub fn number_at(&mut self, folder: &[u8], name: &[u8]) -> Option<u64> {
        let text = self.text_at::<24>(folder, name)?;
        number(text.get())
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
    /// [`strings`](super::super::strings). A list too long for one message is fetched in parts, all of
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
            let reply = reply.strip_suffix(&[0]).unwrap_or(reply);
            let transaction = number(reply)
                .and_then(|number| u32::try_from(number).ok())
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

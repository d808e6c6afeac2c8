// SPDX-License-Identifier: ISC
//! What is being watched, under tokens that are never used twice.
//!
//! **An event of the token's last owner** (`WatchesReuseTokens`).
//! 1. Owner A unwatches token 1; an event for it is already in the ring. 2. Owner B watches under
//!    a free token. 3. The event arrives. Were the token 1 again, B would take it for its own. So
//!    tokens are numbers that count on, and an event whose token is not here is nobody's.

use crate::mutated;

/// Bytes of a token: eight hexadecimal digits.
pub const TOKEN_SIZE: usize = 8;

#[derive(Clone, Copy)]
struct Watch<'p> {
    path: &'p [u8],
    number: u32,
    armed: bool,
}

/// At most `N` watches on paths that their owners keep.
pub struct Watches<'p, const N: usize> {
    slots: [Option<Watch<'p>>; N],
    last: u32,
}

impl<'p, const N: usize> Watches<'p, N> {
    /// None.
    pub const fn new() -> Self {
        Watches {
            slots: [const { None }; N],
            last: 0,
        }
    }

    /// Remembers a watch on `path` and returns its slot; `None` when all are taken. It has to be
    /// registered yet: see [`next_unarmed`](Self::next_unarmed).
    pub fn add(&mut self, path: &'p [u8]) -> Option<usize> {
        let (slot, free) = self
            .slots
            .iter_mut()
            .enumerate()
            .find(|(_, watch)| watch.is_none())?;
        self.last = if mutated!(WatchesReuseTokens) {
            slot as u32
        } else {
            self.last.wrapping_add(1)
        };
        *free = Some(Watch {
            path,
            number: self.last,
            armed: false,
        });
        Some(slot)
    }

    /// Forgets the watch in `slot` and returns the path and token to unwatch, if xenstored has it.
    pub fn remove(&mut self, slot: usize) -> Option<(&'p [u8], [u8; TOKEN_SIZE])> {
        let watch = self.slots.get_mut(slot)?.take()?;
        watch.armed.then(|| (watch.path, token(watch.number)))
    }

    /// A watch that xenstored does not have yet; counts as registered from now on. Send
    /// [`Kind::WATCH`](super::Kind::WATCH) with its path and token.
    pub fn next_unarmed(&mut self) -> Option<(&'p [u8], [u8; TOKEN_SIZE])> {
        let watch = self.slots.iter_mut().flatten().find(|watch| !watch.armed)?;
        watch.armed = true;
        Some((watch.path, token(watch.number)))
    }

    /// After a reconnection: xenstored has none of them any more, and each gets a new token.
    pub fn disarm_all(&mut self) {
        for watch in self.slots.iter_mut().flatten() {
            self.last = self.last.wrapping_add(1);
            watch.number = self.last;
            watch.armed = false;
        }
    }

    /// The slot of the watch that an event's token belongs to.
    pub fn find(&self, event_token: &[u8]) -> Option<usize> {
        let is_it = |watch: &Watch<'_>| watch.armed && token(watch.number) == event_token;
        self.slots
            .iter()
            .position(|slot| slot.as_ref().is_some_and(is_it))
    }
}

impl<const N: usize> Default for Watches<'_, N> {
    fn default() -> Self {
        Watches::new()
    }
}

fn token(number: u32) -> [u8; TOKEN_SIZE] {
    let mut token = [0; TOKEN_SIZE];
    for (i, digit) in token.iter_mut().enumerate() {
        let nibble = (number >> (28 - 4 * i)) as u8 & 15;
        *digit = if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' + nibble - 10
        };
    }
    token
}

// SPDX-License-Identifier: ISC
//! The state machine between requests and the ring.

use super::{Errno, Error, HEADER_SIZE, Header, Kind, PAYLOAD_MAX, Ring, SharedPage, strings};

/// How many requests may wait for an answer at once.
pub const OUTSTANDING: usize = 16;

const MESSAGE_MAX: usize = HEADER_SIZE + PAYLOAD_MAX;

/// What [`Client::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing more until xenstored sends an event.
    Idle,
    /// The answer to the request of this number; [`Client::payload`] has its bytes.
    Reply(u32, Result<(), Errno>),
    /// Something watched changed; [`Client::watch_event`] says what.
    Watch,
    /// A new connection was made: requests, transactions and watches from before are gone.
    Reconnected,
    /// xenstored broke the protocol; only [`Client::reconnect`] leads on from here.
    Broken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Connected,
    Reconnecting,
    Broken,
}

/// A connection to xenstored. About 8 KiB: the message that goes out and the one that comes in.
pub struct Client<'a> {
    ring: Ring<'a>,
    state: State,
    /// Numbers of requests without an answer, with their kinds; number 0 is none.
    outstanding: [(u32, Kind); OUTSTANDING],
    last: u32,
    out: [u8; MESSAGE_MAX],
    out_len: usize,
    out_done: usize,
    message: [u8; MESSAGE_MAX],
    have: usize,
    /// The message is whole and was reported.
    done: bool,
}

impl<'a> Client<'a> {
    /// A connection through `page` on which nothing was asked before.
    pub const fn new(page: &'a SharedPage) -> Self {
        Client {
            ring: Ring::new(page),
            state: State::Connected,
            outstanding: [(0, Kind(0)); OUTSTANDING],
            last: 0,
            out: [0; MESSAGE_MAX],
            out_len: 0,
            out_done: 0,
            message: [0; MESSAGE_MAX],
            have: 0,
            done: false,
        }
    }

    /// Sends a request whose payload is `parts`, one after the other, and returns its number.
    /// What does not fit the ring follows when [`poll`](Self::poll) finds room.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] while another request is on its way into the ring, while
    /// [`OUTSTANDING`] wait for an answer, or while a new connection is made;
    /// [`Error::TooBig`]; [`Error::Protocol`] once the connection is broken.
    pub fn request(&mut self, kind: Kind, transaction: u32, parts: &[&[u8]]) -> Result<u32, Error> {
        match self.state {
            State::Connected => {}
            State::Reconnecting => return Err(Error::Busy),
            State::Broken => return Err(Error::Protocol),
        }
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len > PAYLOAD_MAX {
            return Err(Error::TooBig);
        }
        if self.out_done < self.out_len {
            return Err(Error::Busy);
        }
        let number = self.fresh_number();
        let Some(free) = self.outstanding.iter_mut().find(|(used, _)| *used == 0) else {
            return Err(Error::Busy);
        };
        *free = (number, kind);
        self.last = number;
        let header = Header {
            kind,
            request: number,
            transaction,
            len: len as u32,
        };
        let header = header.to_bytes();
        let bytes = header.iter().chain(parts.iter().copied().flatten());
        for (to, from) in self.out.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.out_len = HEADER_SIZE + len;
        self.out_done = 0;
        self.flush();
        Ok(number)
    }

    /// The next number, which is not 0 and not that of a request without an answer.
    fn fresh_number(&self) -> u32 {
        let mut number = self.last;
        loop {
            number = number.wrapping_add(1).max(1);
            if self.outstanding.iter().all(|&(used, _)| used != number) {
                return number;
            }
        }
    }

    /// Moves bytes both ways and reports at most one message. Call it until [`Event::Idle`], send
    /// an event if [`take_notify`](Self::take_notify), then wait for one.
    pub fn poll(&mut self) -> Event {
        match self.state {
            State::Connected => {}
            State::Broken => return Event::Broken,
            State::Reconnecting if !self.ring.is_connected() => return Event::Idle,
            State::Reconnecting => {
                self.state = State::Connected;
                return Event::Reconnected;
            }
        }
        self.flush();
        if core::mem::take(&mut self.done) {
            self.have = 0;
        }
        match self.receive() {
            Ok(Some(header)) => {
                self.done = true;
                self.dispatch(header).unwrap_or_else(|| self.broken())
            }
            Ok(None) if self.state == State::Connected => Event::Idle,
            _ => self.broken(),
        }
    }

    /// Whether [`poll`](Self::poll) has anything to do, which only an event from xenstored changes: to be asked before
    /// waiting for one, since somebody else may have taken the last.
    pub fn has_news(&self) -> bool {
        match self.state {
            State::Connected => {
                self.ring.is_readable() || self.out_done < self.out_len && self.ring.is_writable()
            }
            State::Reconnecting => self.ring.is_connected(),
            State::Broken => self.ring.can_reconnect(),
        }
    }

    fn broken(&mut self) -> Event {
        self.state = State::Broken;
        Event::Broken
    }

    fn flush(&mut self) {
        if let Some(rest) = self.out.get(self.out_done..self.out_len) {
            match self.ring.push(rest) {
                Some(len) => self.out_done += len,
                None => self.state = State::Broken,
            }
        }
    }

    /// Takes what there is of the message; its header when it is whole.
    fn receive(&mut self) -> Result<Option<Header>, Error> {
        let want = if self.have < HEADER_SIZE {
            HEADER_SIZE
        } else {
            self.message_size()?
        };
        self.fill(want)?;
        if self.have < HEADER_SIZE {
            return Ok(None);
        }
        let want = self.message_size()?;
        self.fill(want)?;
        Ok(Header::from_bytes(&self.message).filter(|_| self.have == want))
    }

    fn message_size(&self) -> Result<usize, Error> {
        let len = Header::from_bytes(&self.message).map_or(0, |header| header.len as usize);
        if len > PAYLOAD_MAX {
            Err(Error::Protocol)
        } else {
            Ok(HEADER_SIZE + len)
        }
    }

    fn fill(&mut self, want: usize) -> Result<(), Error> {
        // Twice at most: what lies at the ring's end and what lies at its start come in one go,
        // but more may have come in the meantime.
        if let Some(rest) = self.message.get_mut(self.have..want) {
            self.have += self.ring.pull(rest).ok_or(Error::Protocol)?;
        }
        Ok(())
    }

    fn dispatch(&mut self, header: Header) -> Option<Event> {
        if header.kind == Kind::WATCH_EVENT {
            self.watch_event()?;
            return Some(Event::Watch);
        }
        let number = header.request;
        let asked = self
            .outstanding
            .iter_mut()
            .find(|(used, _)| *used == number && number != 0)?;
        let (_, kind) = *asked;
        if header.kind != kind && header.kind != Kind::ERROR {
            return None;
        }
        *asked = (0, Kind(0));
        Some(Event::Reply(
            number,
            match header.kind {
                Kind::ERROR => Err(Errno::from_payload(self.payload())),
                _ => Ok(()),
            },
        ))
    }

    /// What the message is that [`poll`](Self::poll) reported last.
    pub fn kind(&self) -> Kind {
        Header::from_bytes(&self.message).map_or(Kind(0), |header| header.kind)
    }

    /// The payload of the message that [`poll`](Self::poll) reported last.
    pub fn payload(&self) -> &[u8] {
        if !self.done {
            return &[];
        }
        self.message.get(HEADER_SIZE..self.have).unwrap_or(&[])
    }

    /// Path and token of the watch event that [`poll`](Self::poll) reported last.
    pub fn watch_event(&self) -> Option<(&[u8], &[u8])> {
        let mut strings = strings(self.payload());
        Some((strings.next()?, strings.next()?))
    }

    /// Whether an event must be sent to xenstored; asks once for each reason.
    pub fn take_notify(&mut self) -> bool {
        self.ring.take_notify()
    }

    /// Asks xenstored for a new connection; [`Event::Reconnected`] comes when it is there.
    /// Everything asked before is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::NoReconnection`] when xenstored cannot.
    pub fn reconnect(&mut self) -> Result<(), Error> {
        if !self.ring.can_reconnect() {
            return Err(Error::NoReconnection);
        }
        self.reset();
        self.ring.reconnect();
        self.state = State::Reconnecting;
        Ok(())
    }

    /// Starts anew on a page that somebody else has reset, as after a restore.
    pub fn reset(&mut self) {
        self.state = State::Connected;
        self.outstanding = [(0, Kind(0)); OUTSTANDING];
        self.out_len = 0;
        self.out_done = 0;
        self.have = 0;
        self.done = false;
    }
}

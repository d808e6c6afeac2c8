// SPDX-License-Identifier: ISC
//! What is kept of a disk's request.

use super::SEGMENTS;
use crate::xen::platform::PAGE;
use xen_proto::block::{Operation, Status};

/// How far a request has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Free,
    /// The next backend will have it, or this one once it has room.
    Waiting,
    /// The backend has it, or had it when it went.
    Asked,
    /// It has been answered.
    Answered(Status),
    /// Its owner does not wait for it any more; its pages are the backend's until it is answered.
    Abandoned,
    /// Its pages went with an old backend. Its owner, who has the bytes, is to ask anew.
    Lacking,
}

/// A request and its pages.
#[derive(Clone, Copy)]
pub struct Request {
    /// How far it has come.
    pub state: State,
    /// What is asked.
    pub operation: Operation,
    /// The first one.
    pub sector: u64,
    /// Bytes.
    pub len: usize,
    /// Sectors, of a discard; what it covers, of a flush.
    pub count: u64,
    /// Which pages.
    pub pages: [u8; SEGMENTS],
    /// Its page of segments.
    pub list: Option<u8>,
    /// How many of the pages have been answered.
    pub done: u8,
    /// How many the backend was asked for then.
    pub asked: u8,
}

impl Request {
    /// There is none.
    pub const NONE: Request = Request {
        state: State::Free,
        operation: Operation::Flush,
        sector: 0,
        len: 0,
        count: 0,
        pages: [0; SEGMENTS],
        list: None,
        done: 0,
        asked: 0,
    };

    /// Its pages, by number.
    pub fn pages(&self) -> &[u8] {
        self.pages
            .get(..self.len.div_ceil(PAGE))
            .unwrap_or_default()
    }

    /// What it was asked is done; whether there is more of it.
    pub fn goes_on(&mut self) -> bool {
        self.done += self.asked;
        usize::from(self.done) < self.pages().len()
    }

    /// Whether there is one, whose id is nobody else's.
    pub fn in_use(&self) -> bool {
        self.state != State::Free
    }

    /// Whether its pages are nobody else's.
    pub fn has_pages(&self) -> bool {
        self.in_use() && self.state != State::Lacking
    }
}

// SPDX-License-Identifier: ISC
//! A disk: its rings, and the pages that blocks lie in on their way.
//!
//! Interface: `xen/include/public/io/blkif.h`, over `xen_proto::block`. Pages are granted once and reused, which is what the
//! header calls persistent grants. A request keeps its pages until it has been answered, so that one whose backend goes away
//! is asked again of the next: it is the same request, for the same sectors, with the same bytes, by whatever queue, in pieces if
//! that one takes less at once. Where that is in another domain, its owner puts the bytes into pages again. What a backend with fewer
//! queues has no room for waits until it has answered others.

use super::grants::Error;
use super::lent::LentPages;
use super::platform::PAGE;
use core::ops::RangeInclusive;
use xen_proto::block::{
    self, Broken, DIRECT, Operation, Part, QUEUES, Queues, REQUESTS, SECTOR, SLOTS, Status,
    Unflushed,
};

mod ask;
#[cfg(feature = "bindings")]
mod close;
mod lend;
mod request;
mod room;

use lend::Rings;
use request::{Request, State};

/// Pages that blocks lie in or that list their segments, at most.
const DATA_PAGES: usize = 200;
/// All pages.
const PAGES: usize = QUEUES + DATA_PAGES;
/// The most pages of a request with a page of segments.
pub const SEGMENTS: usize = 32;

/// The least pages besides the rings: those of a request and one that lists them.
const LEAST: usize = SEGMENTS + 1;

/// The pages that a disk of so many queues, 1 to [`QUEUES`], can use. The least are enough, too, when a backend of before keeps the
/// rings. The most is the default. The queues share all but their rings.
pub const fn pages(queues: usize) -> RangeInclusive<usize> {
    2 * queues + LEAST..=queues + DATA_PAGES
}

// A disk has at most 1 MiB, what is kept of its requests included.
const _: () = assert!(*pages(QUEUES).end() * PAGE + size_of::<Disk>() <= 1 << 20);

/// Why a request is not put.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no room until others are answered.
    NoRoom,
    /// There are not so many pages: an old backend does not let go of them.
    TooLong,
}

/// A disk's rings and pages.
pub struct Disk {
    pages: LentPages<PAGES>,
    /// Which of them are rings.
    rings: Rings,
    queues: Queues<'static>,
    requests: [Request; REQUESTS],
    /// How many of them can be used: so many as there are slots of the rings that it has pages for.
    limit: usize,
    /// How many of them wait.
    waiting: usize,
    /// The device's number on the rings.
    handle: u16,
    /// The backend takes pages of segments.
    indirect: bool,
    /// There is a backend to ask.
    live: bool,
    /// What was written and may not be on the disk yet.
    pub unflushed: Unflushed,
    /// Connections to a backend, and requests that were asked again.
    pub connections: u64,
    /// See there.
    pub replayed: u64,
}

impl Disk {
    /// A disk in the `count` pages from `address` on, as many as [`pages`] says, of virtual device `handle`, which wants `queues`
    /// queues; `None` when they are not so many.
    ///
    /// # Safety
    /// The pages are the caller's alone for ever, and nothing else refers to them.
    pub unsafe fn new(address: usize, count: usize, handle: u16, queues: usize) -> Option<Self> {
        if !(1..=QUEUES).contains(&queues) || !pages(queues).contains(&count) {
            return None;
        }
        // SAFETY: the caller's promise.
        let pages = unsafe { LentPages::new(address, count) };
        Some(Disk {
            pages,
            rings: Rings::NONE,
            queues: Queues::new(|_| None, handle),
            requests: [Request::NONE; REQUESTS],
            limit: queues * SLOTS,
            waiting: 0,
            handle,
            indirect: false,
            live: false,
            unflushed: Unflushed::NONE,
            connections: 0,
            replayed: 0,
        })
    }

    /// Empties the rings and lets domain `peer` use them, of which `indirect` says whether it takes pages of segments, and
    /// `offered` how many queues it offers, if it does. Requests without an answer are asked again, or wait for room, but for those that
    /// [`take_lacking`](Self::take_lacking) gives back. Returns how many queues there are, with the grants of [`ring`](Self::ring).
    pub fn offer(
        &mut self,
        peer: u16,
        indirect: bool,
        offered: Option<u64>,
    ) -> Result<usize, Error> {
        for request in &mut self.requests {
            request.state = match request.state {
                State::Asked => {
                    self.waiting += 1;
                    self.replayed += 1;
                    State::Waiting
                }
                State::Abandoned => State::Free,
                state => state,
            };
        }
        if !self.pages.is_lent_to(peer) {
            self.lend(peer)?;
        }
        let count = block::count(offered, self.rings.count);
        self.queues = self.start_rings(count);
        self.indirect = indirect;
        self.live = true;
        self.connections += 1;
        self.ask_waiting();
        // Nobody is there yet who would want an event.
        let _ = self.queues.publish();
        Ok(count)
    }

    /// The grant of the ring of queue `number`.
    pub fn ring(&self, number: usize) -> u32 {
        self.pages.reference(self.rings.page(number))
    }

    /// The backend is gone.
    pub fn disconnect(&mut self) {
        self.live = false;
    }

    /// Puts a request; its id. A write's bytes are `data`, as many as the part has. The backend sees it after
    /// [`publish`](Self::publish).
    pub fn start(
        &mut self,
        operation: Operation,
        part: Part,
        data: Option<&[u8]>,
    ) -> Result<usize, Refused> {
        // What waits goes first.
        if self.live && (self.waiting != 0 || !self.queues.has_room()) {
            return Err(Refused::NoRoom);
        }
        let mut all = self.requests.iter().take(self.limit);
        let id = all.position(|request| !request.in_use());
        let id = id.ok_or(Refused::NoRoom)?;
        let mut request = Request {
            state: State::Waiting,
            operation,
            sector: part.sector,
            ..Request::NONE
        };
        match operation {
            Operation::Discard => request.count = (part.len as u64) / SECTOR,
            Operation::Flush => request.count = self.unflushed.covers(),
            Operation::Read | Operation::Write => {
                request.len = part.len;
                self.find_pages(&mut request)?;
            }
        }
        if let Some(data) = data {
            for (&page, bytes) in request.pages().iter().zip(data.chunks(PAGE)) {
                let page = self.pages.page(usize::from(page));
                page.ok_or(Refused::TooLong)?.put(0, bytes);
            }
        }
        *self.requests.get_mut(id).ok_or(Refused::NoRoom)? = request;
        self.waiting += 1;
        if self.live {
            self.ask(id);
        }
        Ok(id)
    }

    /// Shows the backend what was put: a bit for each queue, from bit 0 on, of which it wants an event for that.
    #[must_use]
    pub fn publish(&mut self) -> u32 {
        if self.live { self.queues.publish() } else { 0 }
    }

    /// Takes answers in, and asks for what waited for them; that is to be [published](Self::publish). How many there were.
    pub fn poll(&mut self) -> Result<usize, Broken> {
        let mut answers = 0;
        while self.live
            && let Some((id, status)) = self.queues.take()?
        {
            self.answered(id, status);
            answers += 1;
        }
        if self.live && self.waiting != 0 {
            self.ask_waiting();
        }
        Ok(answers)
    }

    /// What became of a request, once that is known; its id can then be used again. What was read is copied to the
    /// buffer that `buffer` has for the request's first sector and its bytes.
    pub fn finish<'a>(
        &mut self,
        id: usize,
        buffer: impl FnOnce(u64, usize) -> Option<&'a mut [u8]>,
    ) -> Option<Status> {
        let request = self.requests.get_mut(id)?;
        let State::Answered(status) = request.state else {
            return None;
        };
        request.state = State::Free;
        if status == Status::Done
            && request.operation == Operation::Read
            && let Some(buffer) = buffer(request.sector, request.len)
        {
            for (&page, bytes) in request.pages().iter().zip(buffer.chunks_mut(PAGE)) {
                self.pages.page(usize::from(page))?.get(0, bytes);
            }
        }
        Some(status)
    }

    /// Gives back a request whose pages went with an old backend, if it is one: its first sector and how many bytes. It is for its owner
    /// to put again, under whatever id.
    pub fn take_lacking(&mut self, id: usize) -> Option<(u64, usize)> {
        let request = self.requests.get_mut(id)?;
        (request.state == State::Lacking).then(|| {
            request.state = State::Free;
            (request.sector, request.len)
        })
    }

    /// Waits for a request no longer. Its pages are not used again before it is answered.
    pub fn abandon(&mut self, id: usize) {
        if let Some(request) = self.requests.get_mut(id) {
            request.state = match request.state {
                State::Asked | State::Abandoned => State::Abandoned,
                State::Answered(_) | State::Lacking | State::Free => State::Free,
                State::Waiting => {
                    self.waiting -= 1;
                    State::Free
                }
            };
        }
    }

    /// Whether there is an answer; if not, an event is raised when there are `more`.
    pub fn ask_event(&mut self, more: usize) -> Result<bool, Broken> {
        Ok(self.live && (self.queues.has_response()? || self.queues.ask_event(more)?))
    }
}

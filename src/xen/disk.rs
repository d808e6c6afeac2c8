// SPDX-License-Identifier: ISC
//! A disk: its rings, and the pages that blocks lie in on their way.
//!
//! Interface: `xen/include/public/io/blkif.h`, over `xen_proto::block`. Pages are granted once and reused, which is what the
//! header calls persistent grants. A request keeps its pages until it has been answered, so that one whose backend goes away
//! is asked again of the next: it is the same request, for the same sectors, with the same bytes, by whatever queue. What a
//! backend with fewer queues has no room for waits until it has answered others.

use super::grants::Error;
use super::lent::LentPages;
use super::platform::PAGE;
use core::ops::RangeInclusive;
use xen_proto::block::{
    self, Broken, DIRECT, Operation, Page, Part, QUEUES, Queues, REQUESTS, SECTOR, SLOTS, Segment,
    Segments, Status,
};

#[cfg(feature = "bindings")]
mod close;
mod request;

use request::{Request, State};

/// Pages that blocks lie in, at most.
const DATA_PAGES: usize = 192;
/// Pages of segments, at most: so many requests at once can have more than [`DIRECT`] segments.
const LISTS: usize = 8;
/// The most pages of a request with a page of segments.
pub const SEGMENTS: usize = 32;

/// The pages that a disk of so many queues, 1 to [`QUEUES`], can use: at least its rings, a page of segments, and a request's
/// pages. The most is the default. The queues share all but their rings.
pub const fn pages(queues: usize) -> RangeInclusive<usize> {
    queues + 1 + SEGMENTS..=queues + LISTS + DATA_PAGES
}

// A disk has at most 1 MiB, what is kept of its requests included.
const _: () = assert!(*pages(QUEUES).end() * PAGE + size_of::<Disk>() <= 1 << 20);

/// A disk's rings and pages.
pub struct Disk {
    rings: LentPages<QUEUES>,
    lists: LentPages<LISTS>,
    data: LentPages<DATA_PAGES>,
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
        let lists = ((count - queues) / (1 + SEGMENTS)).clamp(1, LISTS);
        let data = count - queues - lists;
        // SAFETY: three parts of the caller's pages that do not overlap.
        let (rings, lists, data) = unsafe {
            (
                LentPages::new(address, queues, true),
                // Backends map for writing what they mean to keep mapped, even if they only read it.
                LentPages::new(address + queues * PAGE, lists, true),
                LentPages::new(address + (queues + lists) * PAGE, data, true),
            )
        };
        let started = start(&rings, handle, queues);
        Some(Disk {
            rings,
            lists,
            data,
            queues: started,
            requests: [Request::NONE; REQUESTS],
            limit: queues * SLOTS,
            waiting: 0,
            handle,
            indirect: false,
            live: false,
            connections: 0,
            replayed: 0,
        })
    }

    /// Empties the rings and lets domain `peer` use them, of which `indirect` says whether it takes pages of segments, and
    /// `offered` how many queues it offers, if it does. Requests without an answer are asked again, or wait for room; ones that this
    /// backend cannot be asked have failed. Returns how many queues there are, with the grants of [`ring`](Self::ring).
    pub fn offer(
        &mut self,
        peer: u16,
        indirect: bool,
        offered: Option<u64>,
    ) -> Result<usize, Error> {
        let requests = &self.requests;
        // What is to be written goes to the next backend; what was read is its owner's alone.
        let written =
            |request: &&Request| request.in_use() && request.operation == Operation::Write;
        let keep = |page: usize| {
            let mut all = requests.iter().filter(written);
            all.any(|request| request.pages().iter().any(|&own| usize::from(own) == page))
        };
        self.rings.lend(peer, |_| false)?;
        let other = !self.data.is_lent_to(peer);
        // Lists are written anew for each request.
        self.lists.lend(peer, |_| false)?;
        self.data.lend(peer, keep)?;
        // A ring that an old backend still maps is of no use any more.
        let rings = self.rings.compact();
        if rings == 0 {
            return Err(Error::InUse);
        }
        let count = block::count(offered, rings);
        self.queues = start(&self.rings, self.handle, count);
        self.indirect = indirect;
        self.live = true;
        self.connections += 1;
        for request in &mut self.requests {
            request.state = match request.state {
                State::Asked => {
                    self.waiting += 1;
                    self.replayed += 1;
                    State::Waiting
                }
                State::Abandoned => State::Free,
                // Its bytes are gone.
                State::Answered(_) if other && request.operation == Operation::Read => {
                    State::Answered(Status::Failed)
                }
                state => state,
            };
        }
        self.ask_waiting();
        // Nobody is there yet who would want an event.
        let _ = self.queues.publish();
        Ok(count)
    }

    /// The grant of the ring of queue `number`.
    pub fn ring(&self, number: usize) -> u32 {
        self.rings.reference(number)
    }

    /// Asks for what waits, as far as there is room. What this backend cannot be asked has failed.
    fn ask_waiting(&mut self) {
        for id in 0..self.limit {
            if self.waiting == 0 || !self.queues.has_room() {
                return;
            }
            let request = self.requests.get(id).copied();
            let Some(request) = request.filter(|request| request.state == State::Waiting) else {
                continue;
            };
            let asked = self.ask(id, &request);
            self.waiting -= 1;
            if let Some(request) = self.requests.get_mut(id) {
                request.state = if asked {
                    State::Asked
                } else {
                    State::Answered(Status::Failed)
                };
            }
        }
    }

    /// The backend is gone.
    pub fn disconnect(&mut self) {
        self.live = false;
    }

    /// The most pages of a request.
    pub fn most_pages(&self) -> usize {
        if self.indirect { SEGMENTS } else { DIRECT }
    }

    /// Puts a request; its id, `None` while there are too many. A write's bytes are `data`, as many as the part has. The
    /// backend sees it after [`publish`](Self::publish).
    pub fn start(
        &mut self,
        operation: Operation,
        part: Part,
        data: Option<&[u8]>,
    ) -> Option<usize> {
        // What waits goes first.
        if self.live && (self.waiting != 0 || !self.queues.has_room()) {
            return None;
        }
        let mut all = self.requests.iter().take(self.limit);
        let id = all.position(|request| !request.in_use())?;
        let mut request = Request {
            state: State::Asked,
            operation,
            sector: part.sector,
            ..Request::NONE
        };
        if operation == Operation::Discard {
            request.count = (part.len as u64) / SECTOR;
        } else {
            request.len = part.len;
            self.find_pages(&mut request)?;
        }
        if let Some(data) = data {
            for (&page, bytes) in request.pages().iter().zip(data.chunks(PAGE)) {
                self.data.page(usize::from(page))?.put(0, bytes);
            }
        }
        if !self.live {
            request.state = State::Waiting;
            self.waiting += 1;
        } else if !self.ask(id, &request) {
            return None;
        }
        *self.requests.get_mut(id)? = request;
        Some(id)
    }

    /// Finds pages for the request's bytes; `None` when there are not enough.
    fn find_pages(&self, request: &mut Request) -> Option<()> {
        let count = request.len.div_ceil(PAGE);
        let mut used = [false; DATA_PAGES];
        let mut lists_used = [false; LISTS];
        let all = self.requests.iter().take(self.limit);
        for other in all.filter(|other| other.in_use()) {
            for &page in other.pages() {
                *used.get_mut(usize::from(page))? = true;
            }
            if let Some(list) = other.list {
                *lists_used.get_mut(usize::from(list))? = true;
            }
        }
        let free = |(page, used): (usize, &bool)| {
            (!used && self.data.page(page).is_some()).then_some(page as u8)
        };
        // The lowest first: a backend that maps only some of them for good has those.
        let mut free = used.iter().enumerate().filter_map(free);
        for place in request.pages.get_mut(..count)? {
            *place = free.next()?;
        }
        if count > DIRECT {
            let list = |(list, used): (usize, &bool)| {
                (!used && self.lists.page(list).is_some()).then_some(list as u8)
            };
            request.list = Some(lists_used.iter().enumerate().find_map(list)?);
        }
        Some(())
    }

    /// Puts a request into a ring; false when this backend cannot be asked it.
    fn ask(&mut self, id: usize, request: &Request) -> bool {
        let mut segments = [Segment::default(); SEGMENTS];
        for (index, (segment, &page)) in segments.iter_mut().zip(request.pages()).enumerate() {
            let reference = self.data.reference(usize::from(page));
            if reference == 0 {
                return false;
            }
            let sectors = (request.len - index * PAGE).min(PAGE) / SECTOR as usize;
            *segment = Segment {
                reference,
                first: 0,
                last: (sectors - 1) as u8,
            };
        }
        let used = segments.get(..request.pages().len()).unwrap_or_default();
        let segments = match request.list {
            None => Segments::Direct(used),
            Some(_) if !self.indirect => return false,
            Some(list) => {
                let Some(page) = self.lists.page(usize::from(list)) else {
                    return false;
                };
                for (index, segment) in used.iter().enumerate() {
                    let [low, high] = segment.words();
                    let word = u64::from(low) | u64::from(high) << 32;
                    page.put(index * 8, &word.to_le_bytes());
                }
                Segments::Indirect(used.len(), self.lists.reference(usize::from(list)))
            }
        };
        self.queues.put(
            id,
            request.operation,
            request.sector,
            request.count,
            segments,
        )
    }

    /// Shows the backend what was put: a bit for each queue, from bit 0 on, of which it wants an event for that.
    #[must_use]
    pub fn publish(&mut self) -> u32 {
        if self.live { self.queues.publish() } else { 0 }
    }

    /// Takes answers in, and asks for what waited for them; that is to be [published](Self::publish).
    pub fn poll(&mut self) -> Result<(), Broken> {
        while self.live
            && let Some((id, status)) = self.queues.take()?
        {
            if let Some(request) = self.requests.get_mut(id) {
                request.state = match request.state {
                    State::Abandoned => State::Free,
                    _ => State::Answered(status),
                };
            }
        }
        if self.live && self.waiting != 0 {
            self.ask_waiting();
        }
        Ok(())
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
                self.data.page(usize::from(page))?.get(0, bytes);
            }
        }
        Some(status)
    }

    /// Waits for a request no longer. Its pages are not used again before it is answered.
    pub fn abandon(&mut self, id: usize) {
        if let Some(request) = self.requests.get_mut(id) {
            request.state = match request.state {
                State::Asked | State::Abandoned => State::Abandoned,
                State::Answered(_) | State::Free => State::Free,
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

/// So many empty rings, as far as there are pages.
fn start(rings: &LentPages<QUEUES>, handle: u16, count: usize) -> Queues<'static> {
    let page = |number| {
        let page = rings.page(number).filter(|_| number < count)?;
        // SAFETY: the type is atomic integers throughout.
        Some(unsafe { page.view::<Page>() })
    };
    Queues::new(page, handle)
}

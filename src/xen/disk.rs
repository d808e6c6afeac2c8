// SPDX-License-Identifier: ISC
//! A disk: its ring, and the pages that blocks lie in on their way.
//!
//! Interface: `xen/include/public/io/blkif.h`, over `xen_proto::block`. Pages are granted once and reused, which is what the
//! header calls persistent grants. A request keeps its pages until it has been answered, so that one whose backend goes away
//! is asked again of the next: it is the same request, for the same sectors, with the same bytes.

use super::grants::Error;
use super::lent::LentPages;
use super::platform::PAGE;
use xen_proto::block::{
    Broken, DIRECT, Operation, Page, Part, Queue, SECTOR, SLOTS, Segment, Segments, Status,
};

#[cfg(feature = "bindings")]
mod close;

/// Pages that blocks lie in, at most.
const DATA_PAGES: usize = 192;
/// Pages of segments, at most: so many requests at once can have more than [`DIRECT`] segments.
const LISTS: usize = 8;
/// The most pages of a request with a page of segments.
pub const SEGMENTS: usize = 32;

/// The pages that a default disk uses, and the least that one can do with: one request of a kind.
pub const DEFAULT_PAGES: usize = 1 + LISTS + DATA_PAGES;
/// A ring, a page of segments, and a request's pages.
pub const LEAST_PAGES: usize = 1 + 1 + SEGMENTS;

// A disk has at most 1 MiB, what is kept of its requests included.
const _: () = assert!(DEFAULT_PAGES * PAGE + size_of::<Disk>() <= 1 << 20);

/// How far a request has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is none.
    Free,
    /// The backend has it, or the next one will.
    Asked,
    /// It has been answered.
    Answered(Status),
    /// Its owner does not wait for it any more; its pages are the backend's until it is answered.
    Abandoned,
}

/// A request and its pages.
#[derive(Clone, Copy)]
struct Request {
    state: State,
    operation: Operation,
    sector: u64,
    /// Bytes.
    len: usize,
    /// Sectors, of a discard.
    count: u64,
    /// Which pages.
    pages: [u8; SEGMENTS],
    /// Its page of segments.
    list: Option<u8>,
}

impl Request {
    const NONE: Request = Request {
        state: State::Free,
        operation: Operation::Flush,
        sector: 0,
        len: 0,
        count: 0,
        pages: [0; SEGMENTS],
        list: None,
    };

    fn pages(&self) -> &[u8] {
        self.pages
            .get(..self.len.div_ceil(PAGE))
            .unwrap_or_default()
    }

    fn in_use(&self) -> bool {
        self.state != State::Free
    }
}

/// A disk's ring and pages.
pub struct Disk {
    ring: LentPages<1>,
    lists: LentPages<LISTS>,
    data: LentPages<DATA_PAGES>,
    queue: Queue<'static>,
    requests: [Request; SLOTS],
    /// The device's number on the ring.
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
    /// A disk in the `pages` pages from `address` on, at least [`LEAST_PAGES`], of virtual device `handle`.
    ///
    /// # Safety
    /// The pages are the caller's alone for ever, and nothing else refers to them.
    pub unsafe fn new(address: usize, pages: usize, handle: u16) -> Option<Self> {
        if pages < LEAST_PAGES {
            return None;
        }
        let lists = ((pages - 1) / (1 + SEGMENTS)).clamp(1, LISTS);
        // SAFETY: three parts of the caller's pages that do not overlap.
        let (ring, list_pages, data) = unsafe {
            (
                LentPages::new(address, 1, true),
                // Backends map for writing what they mean to keep mapped, even if they only read it.
                LentPages::new(address + PAGE, lists, true),
                LentPages::new(address + (1 + lists) * PAGE, pages - 1 - lists, true),
            )
        };
        let queue = start(&ring, handle)?;
        Some(Disk {
            ring,
            lists: list_pages,
            data,
            queue,
            requests: [Request::NONE; SLOTS],
            handle,
            indirect: false,
            live: false,
            connections: 0,
            replayed: 0,
        })
    }

    /// Empties the ring and lets domain `peer` use it, of which `indirect` says whether it takes pages of segments. Requests
    /// without an answer are asked again; ones that this backend cannot be asked have failed. Returns the ring's grant.
    pub fn offer(&mut self, peer: u16, indirect: bool) -> Result<u32, Error> {
        let requests = &self.requests;
        // What is to be written goes to the next backend; what was read is its owner's alone.
        let written =
            |request: &&Request| request.in_use() && request.operation == Operation::Write;
        let keep = |page: usize| {
            let mut all = requests.iter().filter(written);
            all.any(|request| request.pages().iter().any(|&own| usize::from(own) == page))
        };
        self.ring.lend(peer, |_| false)?;
        let other = !self.data.is_lent_to(peer);
        // Lists are written anew for each request.
        self.lists.lend(peer, |_| false)?;
        self.data.lend(peer, keep)?;
        self.queue = start(&self.ring, self.handle).ok_or(Error::InUse)?;
        self.indirect = indirect;
        self.live = true;
        self.connections += 1;
        for id in 0..SLOTS {
            let Some(request) = self.requests.get(id).copied() else {
                continue;
            };
            let answer = match request.state {
                State::Asked if self.ask(id, &request) => {
                    self.replayed += 1;
                    continue;
                }
                State::Asked => State::Answered(Status::Failed),
                State::Abandoned => State::Free,
                // Its bytes are gone.
                State::Answered(_) if other && request.operation == Operation::Read => {
                    State::Answered(Status::Failed)
                }
                State::Free | State::Answered(_) => continue,
            };
            if let Some(request) = self.requests.get_mut(id) {
                request.state = answer;
            }
        }
        // Nobody is there yet who would want an event.
        let _ = self.queue.publish();
        Ok(self.ring.reference(0))
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
        let id = self.requests.iter().position(|request| !request.in_use())?;
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
        if self.live && !self.ask(id, &request) {
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
        for other in self.requests.iter().filter(|other| other.in_use()) {
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

    /// Puts a request into the ring; false when this backend cannot be asked it.
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
        self.queue.put(
            id,
            request.operation,
            request.sector,
            request.count,
            segments,
        )
    }

    /// Shows the backend what was put; true when it wants an event for that.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        self.live && self.queue.publish()
    }

    /// Takes answers in.
    pub fn poll(&mut self) -> Result<(), Broken> {
        while self.live
            && let Some((id, status)) = self.queue.take()?
        {
            if let Some(request) = self.requests.get_mut(id) {
                request.state = match request.state {
                    State::Abandoned => State::Free,
                    _ => State::Answered(status),
                };
            }
        }
        Ok(())
    }

    /// What became of a request, once that is known; its id can then be used again. What was read is copied to `buffer`.
    pub fn finish(&mut self, id: usize, buffer: Option<&mut [u8]>) -> Option<Status> {
        let request = self.requests.get_mut(id)?;
        let State::Answered(status) = request.state else {
            return None;
        };
        request.state = State::Free;
        if let Some(buffer) =
            buffer.filter(|_| status == Status::Done && request.operation == Operation::Read)
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
                State::Asked => State::Abandoned,
                State::Answered(_) | State::Free => State::Free,
                State::Abandoned => State::Abandoned,
            };
        }
    }

    /// Whether there is an answer; if not, an event is raised when there are `more`.
    pub fn ask_event(&mut self, more: usize) -> Result<bool, Broken> {
        Ok(self.live && (self.queue.has_response()? || self.queue.ask_event(more)?))
    }
}

/// An empty ring in its page.
fn start(ring: &LentPages<1>, handle: u16) -> Option<Queue<'static>> {
    // SAFETY: the type is atomic integers throughout.
    let page: &Page = unsafe { ring.page(0)?.view() };
    Some(Queue::new(page, handle))
}

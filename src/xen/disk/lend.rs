// SPDX-License-Identifier: ISC
//! What a disk's pages are used for, and how they go to another backend.

use super::request::State;
use super::{Disk, LEAST, PAGES};
use crate::xen::grants::Error;
use xen_proto::block::{Operation, Page, QUEUES, Queues, SLOTS, Status};

/// The pages that are rings.
pub struct Rings {
    pages: [u8; QUEUES],
    /// How many there are.
    pub count: usize,
}

impl Rings {
    /// There is none.
    pub const NONE: Rings = Rings {
        pages: [0; QUEUES],
        count: 0,
    };

    /// The page of ring `number`; past the last page where there is no such ring.
    pub fn page(&self, number: usize) -> usize {
        let page = self.pages.get(..self.count).and_then(|all| all.get(number));
        page.map_or(PAGES, |&page| usize::from(page))
    }
}

impl Disk {
    /// Lends the pages to another domain, zeroed. Requests that have pages are for their owners to ask anew, who have the bytes: the old
    /// backend could write into the pages as long as it had them, and may keep them.
    pub(super) fn lend(&mut self, peer: u16) -> Result<(), Error> {
        self.pages.take_back();
        self.rings = Rings::NONE;
        for request in self.requests.iter_mut().filter(|request| request.len != 0) {
            request.state = match request.state {
                State::Waiting => {
                    self.waiting -= 1;
                    State::Lacking
                }
                // What was read is gone with the page.
                State::Answered(Status::Done) if request.operation == Operation::Read => {
                    State::Lacking
                }
                state => state,
            };
        }
        let used = self.used();
        let free = self.free(&used);
        let wanted = self.limit / SLOTS;
        let most = wanted.min(self.pages.count().saturating_sub(LEAST));
        let mut rings = Rings::NONE;
        for (place, page) in rings.pages.iter_mut().zip(free).take(most) {
            *place = page;
            rings.count += 1;
        }
        if rings.count == 0 {
            return Err(Error::StillMapped);
        }
        self.rings = rings;
        // Backends map for writing what they mean to keep mapped, even if they only read it.
        self.pages.lend(peer, |_| true)
    }

    /// The pages that are rings or a request's.
    pub(super) fn used(&self) -> [bool; PAGES] {
        let mut used = [false; PAGES];
        mark(
            &mut used,
            self.rings.pages.get(..self.rings.count).unwrap_or_default(),
        );
        let all = self.requests.iter().take(self.limit);
        for request in all.filter(|request| request.has_pages()) {
            mark(&mut used, request.pages());
            mark(&mut used, request.list.as_slice());
        }
        used
    }

    /// The pages that are not.
    pub(super) fn free(&self, used: &[bool; PAGES]) -> impl Iterator<Item = u8> {
        // The lowest first: a backend that maps only some of them for good has those.
        let pages = used.iter().enumerate();
        pages.filter_map(|(page, used)| {
            (!used && self.pages.page(page).is_some()).then_some(page as u8)
        })
    }

    /// So many empty rings.
    pub(super) fn start_rings(&self, count: usize) -> Queues<'static> {
        let page = |number| {
            let page = self.pages.page(self.rings.page(number));
            // SAFETY: the type is atomic integers throughout.
            page.filter(|_| number < count)
                .map(|page| unsafe { page.view::<Page>() })
        };
        Queues::new(page, self.handle)
    }
}

fn mark(places: &mut [bool; PAGES], pages: &[u8]) {
    for &page in pages {
        if let Some(place) = places.get_mut(usize::from(page)) {
            *place = true;
        }
    }
}

// SPDX-License-Identifier: ISC
//! Pages that a device's backend may use, granted once and reused from then on.
//!
//! A grant stays when the connection ends: the next one is to the same domain as a rule. When another domain takes the
//! backend's place the grants are made anew. A page that the old one still maps is not used as long as it does. The pages of a device
//! are one lot, so that rings are to be had as long as there are pages.

use super::grants::{self, Error};
use super::platform::PAGE;
use super::shared_page::SharedMemory;

/// A page and the reference by which the backend knows it.
#[derive(Clone, Copy)]
struct Lent {
    page: SharedMemory,
    reference: u32,
    /// The backend of before maps it.
    kept: bool,
}

/// At most `N` pages, all granted to one domain.
pub struct LentPages<const N: usize> {
    pages: [Option<Lent>; N],
    /// How many of them can be used.
    count: usize,
    /// To whom they are granted.
    peer: Option<u16>,
}

impl<const N: usize> LentPages<N> {
    /// The `count` pages from `address` on, at most `N`.
    ///
    /// # Safety
    /// The pages are the caller's alone for ever, and nothing else refers to them.
    pub unsafe fn new(address: usize, count: usize) -> Self {
        let lent = |index| {
            // SAFETY: the caller's promise.
            let page = unsafe { SharedMemory::new(address + index * PAGE) };
            (index < count).then_some(Lent {
                page,
                reference: 0,
                kept: false,
            })
        };
        LentPages {
            pages: core::array::from_fn(lent),
            count: count.min(N),
            peer: None,
        }
    }

    fn usable(&self, index: usize) -> Option<&Lent> {
        let lent = self.pages.get(index).and_then(Option::as_ref);
        lent.filter(|lent| !lent.kept)
    }

    /// A page; `None` past the last one, and for one that a backend of before keeps.
    pub fn page(&self, index: usize) -> Option<SharedMemory> {
        self.usable(index).map(|lent| lent.page)
    }

    /// What the backend knows it by; 0, which names a page that is never granted, where there is no [`page`](Self::page).
    pub fn reference(&self, index: usize) -> u32 {
        self.usable(index).map_or(0, |lent| lent.reference)
    }

    /// How many can be used.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether they are granted to `peer`.
    pub fn is_lent_to(&self, peer: u16) -> bool {
        self.peer == Some(peer)
    }

    /// Grants all of them to `peer`, those for writing of which `writable` says so. They were [taken back](Self::take_back), and are
    /// zeroed.
    pub fn lend(&mut self, peer: u16, writable: impl Fn(usize) -> bool) -> Result<(), Error> {
        for (index, place) in self.pages.iter_mut().enumerate() {
            let Some(lent) = place.as_mut().filter(|lent| !lent.kept) else {
                continue;
            };
            // What a peer sees is never what somebody else has left there.
            lent.page.clear(0, PAGE);
            lent.reference = grants::grant(lent.page.address(), peer, writable(index))?;
        }
        self.peer = Some(peer);
        Ok(())
    }

    /// Ends the grants. A page that a peer still maps keeps its number and is not used before its grant could be ended by a later call.
    /// Whether there is none.
    pub fn take_back(&mut self) -> bool {
        self.peer = None;
        self.count = 0;
        let mut all = true;
        for lent in self.pages.iter_mut().flatten() {
            lent.kept = lent.reference != 0 && !grants::revoke(lent.reference);
            if lent.kept {
                all = false;
            } else {
                lent.reference = 0;
                self.count += 1;
            }
        }
        all
    }

    /// Numbers the pages anew, those first that can be used.
    pub fn compact(&mut self) {
        let mut count = 0;
        for index in 0..N {
            if self.page(index).is_some() {
                self.pages.swap(index, count);
                count += 1;
            }
        }
    }
}

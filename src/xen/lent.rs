// SPDX-License-Identifier: ISC
//! Pages that a device's backend may use, granted once and reused from then on.
//!
//! A grant stays when the connection ends: the next one is to the same domain as a rule. When another domain takes the
//! backend's place the grants are made anew. A page that the old one still maps is then never used again.

use super::grants::{self, Error};
use super::platform::PAGE;
use super::shared_page::SharedMemory;

/// A page and the reference by which the backend knows it.
#[derive(Clone, Copy)]
struct Lent {
    page: SharedMemory,
    reference: u32,
}

/// At most `N` pages, all granted to one domain in one way.
pub struct LentPages<const N: usize> {
    pages: [Option<Lent>; N],
    writable: bool,
    /// To whom they are granted.
    peer: Option<u16>,
}

impl<const N: usize> LentPages<N> {
    /// The `count` pages from `address` on, at most `N`, which the backend may write or only read.
    ///
    /// # Safety
    /// The pages are the caller's alone for ever, and nothing else refers to them.
    pub unsafe fn new(address: usize, count: usize, writable: bool) -> Self {
        let page = |index| {
            // SAFETY: the caller's promise.
            let page = unsafe { SharedMemory::new(address + index * PAGE) };
            (index < count).then_some(Lent { page, reference: 0 })
        };
        LentPages {
            pages: core::array::from_fn(page),
            writable,
            peer: None,
        }
    }

    /// A page; `None` past the last one.
    pub fn page(&self, index: usize) -> Option<SharedMemory> {
        Some(self.pages.get(index)?.as_ref()?.page)
    }

    /// What the backend knows it by; 0 past the last one, which names a page that is never granted.
    pub fn reference(&self, index: usize) -> u32 {
        let lent = self.pages.get(index).and_then(Option::as_ref);
        lent.map_or(0, |lent| lent.reference)
    }

    /// Whether they are granted to `peer`.
    pub fn is_lent_to(&self, peer: u16) -> bool {
        self.peer == Some(peer)
    }

    /// Grants all of them to `peer`. If it is another domain than before they are zeroed, but for those that `keep` their
    /// contents.
    pub fn lend(&mut self, peer: u16, keep: impl Fn(usize) -> bool) -> Result<(), Error> {
        if self.is_lent_to(peer) {
            return Ok(());
        }
        self.take_back();
        for (index, place) in self.pages.iter_mut().enumerate() {
            let Some(lent) = place else { continue };
            if !keep(index) {
                // What a peer sees is never what somebody else has left there.
                lent.page.clear();
            }
            lent.reference = grants::grant(lent.page.address(), peer, self.writable)?;
        }
        self.peer = Some(peer);
        Ok(())
    }

    /// Ends the grants. A page that the peer still maps is given up: its place stays empty. Whether there was none.
    pub fn take_back(&mut self) -> bool {
        self.peer = None;
        let mut all = true;
        for place in &mut self.pages {
            if let Some(lent) = place
                && lent.reference != 0
                && !grants::revoke(lent.reference)
            {
                *place = None;
                all = false;
            } else if let Some(lent) = place {
                lent.reference = 0;
            }
        }
        all
    }

    /// Numbers the pages anew, without empty places; how many there are.
    pub fn compact(&mut self) -> usize {
        let mut count = 0;
        for index in 0..N {
            if let Some(Some(lent)) = self.pages.get_mut(index).map(Option::take)
                && let Some(place) = self.pages.get_mut(count)
            {
                *place = Some(lent);
                count += 1;
            }
        }
        count
    }
}

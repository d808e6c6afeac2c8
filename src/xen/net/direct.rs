// SPDX-License-Identifier: ISC
//! Packets written where they are sent from, and the end of an interface's grants.

use super::super::platform::PAGE;
use super::Interface;
use xen_proto::net::{Broken, MAX_HEADERS, Offload};

impl Interface {
    /// A page for a packet of at most `len` bytes, at most a page: its number and address. Those bytes are zero, so that
    /// nothing of an earlier packet is sent with a later one. `None` while there is no room. To be [sent](Self::send_page) or
    /// [given back](Self::give_page) before anything else is done with the interface that makes its rings anew.
    pub fn take_page(&mut self, len: usize) -> Result<Option<(usize, usize)>, Broken> {
        // Where there is a page, each ring has a slot for it.
        if !self.has_room(0, len.clamp(1, PAGE))? {
            return Ok(None);
        }
        let Some(number) = self.pool.reserve() else {
            return Ok(None);
        };
        let Some(page) = self.pages.page(number) else {
            return Ok(None);
        };
        page.clear(0, len);
        Ok(Some((number, page.address())))
    }

    /// Puts the packet at the start of a page that was [taken](Self::take_page) into the ring of its queue, which is returned; `None`,
    /// and the page is given back, when that cannot be.
    pub fn send_page(&mut self, page: usize, len: usize, offload: Offload) -> Option<usize> {
        let reference = self.pages.reference(page);
        let index = self.queue_of_page(page, len);
        let queue = self.queues.get_mut(index).and_then(Option::as_mut);
        let put = queue.is_some_and(|queue| queue.tx.put_reserved(page, reference, len, offload));
        if put {
            self.count_sent(true, len);
            return Some(index);
        }
        self.give_page(page);
        None
    }

    /// The queue of the packet at the start of a page.
    fn queue_of_page(&self, page: usize, len: usize) -> usize {
        if self.count == 1 {
            return 0;
        }
        let mut headers = [0; MAX_HEADERS];
        let (Some(page), Some(headers)) = (
            self.pages.page(page),
            headers.get_mut(..len.min(MAX_HEADERS)),
        ) else {
            return 0;
        };
        page.get(0, headers);
        self.queue_of(headers)
    }

    /// Gives a page back that was [taken](Self::take_page).
    pub fn give_page(&mut self, page: usize) {
        self.pool.unreserve(page);
    }

    /// Ends all grants, of an interface whose backend is gone; false while the backend still maps a page. To be called again until
    /// it does not.
    pub fn close(&mut self) -> bool {
        self.pages.take_back()
    }
}

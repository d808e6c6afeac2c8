// SPDX-License-Identifier: ISC
//! Packets written where they are sent from, and the end of an interface's grants.

use super::super::platform::PAGE;
use super::Interface;
use xen_proto::net::{Broken, Offload};

impl Interface {
    /// A page for a packet of at most `len` bytes, at most a page: its number and address. Those bytes are zero, so that
    /// nothing of an earlier packet is sent with a later one. `None` while there is no room. To be [sent](Self::send_page) or
    /// [given back](Self::give_page) before anything else is done with the interface that makes its rings anew.
    pub fn take_page(&mut self, len: usize) -> Result<Option<(usize, usize)>, Broken> {
        if !self.has_room(len.clamp(1, PAGE))? {
            return Ok(None);
        }
        let Some(number) = self.tx.reserve() else {
            return Ok(None);
        };
        let Some(page) = self.tx_pages.page(number) else {
            return Ok(None);
        };
        page.clear_start(len);
        Ok(Some((number, page.address())))
    }

    /// Puts the packet at the start of a page that was [taken](Self::take_page) into the ring; false, and the page is given
    /// back, when that cannot be.
    pub fn send_page(&mut self, page: usize, len: usize, offload: Offload) -> bool {
        let reference = self.tx_pages.reference(page);
        let put = self.tx.put_reserved(page, reference, len, offload);
        if put {
            self.statistics.sent += 1;
            self.statistics.sent_bytes += len as u64;
        } else {
            self.give_page(page);
        }
        put
    }

    /// Gives a page back that was [taken](Self::take_page).
    pub fn give_page(&mut self, page: usize) {
        self.tx.unreserve(page);
    }

    /// Ends all grants, of an interface whose backend is gone; false while the backend still maps a page, which is then never
    /// used again.
    pub fn close(&mut self) -> bool {
        let all = self.rings.take_back();
        let all = self.tx_pages.take_back() && all;
        self.rx_pages.take_back() && all
    }
}

// SPDX-License-Identifier: ISC
//! The end of a disk's grants.

use super::{Disk, REQUESTS, Request};
use xen_proto::block::Unflushed;

impl Disk {
    /// Ends all grants, of a disk whose backend is gone, and forgets its requests; false while the backend still maps a page. To be
    /// called again until it does not.
    pub fn close(&mut self) -> bool {
        self.live = false;
        self.requests = [Request::NONE; REQUESTS];
        self.waiting = 0;
        self.unflushed = Unflushed::NONE;
        self.pages.take_back()
    }
}

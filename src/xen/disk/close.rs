// SPDX-License-Identifier: ISC
//! The end of a disk's grants.

use super::{Disk, REQUESTS, Request};

impl Disk {
    /// Ends all grants, of a disk whose backend is gone, and forgets its requests; false while the backend still maps a page,
    /// which is then never used again.
    pub fn close(&mut self) -> bool {
        self.live = false;
        self.requests = [Request::NONE; REQUESTS];
        self.waiting = 0;
        let all = self.rings.take_back();
        let all = self.lists.take_back() && all;
        self.data.take_back() && all
    }
}

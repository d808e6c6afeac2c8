// SPDX-License-Identifier: ISC
//! Which pages a request has.

use super::request::Request;
use super::{DIRECT, Disk, Refused, SEGMENTS};
use crate::xen::platform::PAGE;

impl Disk {
    /// The most pages that a request should have: so many as go to this backend at once.
    pub fn most_pages(&self) -> usize {
        if self.indirect { SEGMENTS } else { DIRECT }
    }

    /// Finds pages for the request's bytes.
    pub(super) fn find_pages(&self, request: &mut Request) -> Result<(), Refused> {
        let count = request.len.div_ceil(PAGE);
        let places = request.pages.get_mut(..count).ok_or(Refused::TooLong)?;
        let used = self.used();
        let mut free = self.free(&used);
        for place in places {
            *place = free.next().ok_or(Refused::NoRoom)?;
        }
        if count > DIRECT {
            // Without one it goes in pieces.
            request.list = free.next();
        }
        Ok(())
    }
}

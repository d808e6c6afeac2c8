// SPDX-License-Identifier: ISC
//! Grant references for Rust code, which an OCaml program that manages its own finds in use and leaves alone, as this does
//! with that program's.

use super::{Error, end_access, entries, grant_access};
use spin::Mutex;
use xen_proto::grant::{self, RESERVED};

/// References that were given back, and the first that was never taken.
struct Free {
    back: [u32; 64],
    count: usize,
    fresh: u32,
}

static FREE: Mutex<Free> = Mutex::new(Free {
    back: [0; 64],
    count: 0,
    fresh: RESERVED,
});

impl Free {
    fn take(&mut self) -> Option<u32> {
        #[cfg(feature = "bindings")]
        if let Some(reference) = super::donated::take() {
            return Some(reference);
        }
        if let Some(index) = self.count.checked_sub(1) {
            self.count = index;
            return self.back.get(index).copied();
        }
        let reference = self.fresh;
        self.fresh = reference.checked_add(1).filter(|_| reference < entries())?;
        Some(reference)
    }

    /// Keeps a reference for its next use. One that finds no place is found again when all fresh ones were tried.
    fn give(&mut self, reference: u32) {
        #[cfg(feature = "bindings")]
        if super::donated::give(reference) {
            return;
        }
        match self.back.get_mut(self.count) {
            Some(place) => {
                *place = reference;
                self.count += 1;
            }
            None => self.fresh = self.fresh.min(reference),
        }
    }
}

/// Lets domain `peer` map the page at `address`, for writing too or not; the reference to tell it.
pub fn grant(address: usize, peer: u16, writable: bool) -> Result<u32, Error> {
    loop {
        let reference = FREE.lock().take();
        let reference = reference.ok_or(Error::Table(grant::Error::Full))?;
        match grant_access(reference, address, peer, writable) {
            // Somebody else's: the OCaml program's, or one that was leaked.
            Err(Error::InUse) => continue,
            Err(error) => {
                FREE.lock().give(reference);
                return Err(error);
            }
            Ok(()) => return Ok(reference),
        }
    }
}

/// Ends a grant of [`grant()`]'s; false while the peer still maps the page: neither page nor reference may be used again.
pub fn revoke(reference: u32) -> bool {
    let ended = end_access(reference) == Ok(true);
    if ended {
        FREE.lock().give(reference);
    }
    ended
}

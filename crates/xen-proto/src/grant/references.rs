// SPDX-License-Identifier: ISC
//! Which grant references are free: a list through the free entries themselves.
//!
//! A free entry grants nothing, so Xen looks at nothing but its flags; the frame field holds the
//! next free reference and the domain field a mark by which a reference that is given back twice
//! is found out. References that were never taken are not in the list but above a high-water
//! mark, so that growing the table costs nothing.

use super::{Entry, Error, GrantPage, PAGE_ENTRIES, RESERVED, entry};
use crate::sync::Ordering;

/// `DOMID_INVALID`: no domain has this number.
const FREE: u16 = 0x7ff4;

/// The free references of a table, which is given to each call because it grows.
pub struct References {
    /// The last one given back, or 0.
    list: u32,
    /// This one and all above were never taken.
    fresh: u32,
    taken: u32,
}

impl References {
    /// None taken; the reserved ones never are.
    pub const fn new() -> Self {
        References {
            list: 0,
            fresh: RESERVED,
            taken: 0,
        }
    }

    /// How many references are taken.
    pub const fn taken(&self) -> u32 {
        self.taken
    }

    /// Takes a free reference.
    ///
    /// # Errors
    ///
    /// [`Error::Full`]: let the table grow and ask again.
    pub fn take(&mut self, table: &[&GrantPage]) -> Result<u32, Error> {
        if let Some(free) = free_entry(table, self.list) {
            let reference = self.list;
            self.list = free.frame.load(Ordering::Relaxed);
            free.domid.store(0, Ordering::Relaxed);
            self.taken += 1;
            return Ok(reference);
        }
        if self.fresh as usize >= table.len() * PAGE_ENTRIES {
            return Err(Error::Full);
        }
        self.fresh += 1;
        self.taken += 1;
        Ok(self.fresh - 1)
    }

    /// Gives a reference back.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] while its entry still grants something, [`Error::BadReference`] when it is
    /// reserved, beyond the table, or not taken.
    pub fn give(&mut self, table: &[&GrantPage], reference: u32) -> Result<(), Error> {
        let known = RESERVED <= reference && reference < self.fresh;
        let taken = entry(table, reference)
            .filter(|_| known)
            .ok_or(Error::BadReference)?;
        if taken.is_granted() {
            return Err(Error::Busy);
        }
        if taken.domid.load(Ordering::Relaxed) == FREE {
            return Err(Error::BadReference);
        }
        taken.frame.store(self.list, Ordering::Relaxed);
        taken.domid.store(FREE, Ordering::Relaxed);
        self.list = reference;
        self.taken -= 1;
        Ok(())
    }
}

impl Default for References {
    fn default() -> Self {
        References::new()
    }
}

/// The entry at the head of the list, if it is one that may be there.
fn free_entry<'a>(table: &[&'a GrantPage], reference: u32) -> Option<&'a Entry> {
    let free = entry(table, reference).filter(|_| reference >= RESERVED)?;
    let marked = free.domid.load(Ordering::Relaxed) == FREE && !free.is_granted();
    marked.then_some(free)
}

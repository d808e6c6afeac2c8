// SPDX-License-Identifier: ISC
//! Grant table entries of version 1, which references are free, and Xen's status codes.
//!
//! Layout and protocol: xen/include/public/grant_table.h (`struct grant_entry_v1`; "Introducing a
//! valid entry", "Invalidating an unused GTF_permit_access entry"). Xen sets `GTF_reading` and
//! `GTF_writing` while the peer maps the page.
//!
//! # Races
//!
//! Each mutant undoes what closes the race, and a test shows that it then happens.
//!
//! **Revoked while it is mapped** (`GrantRevokesBlindly`).
//! 1. Guest reads the flags: not in use. 2. Xen maps the page for the peer and sets `GTF_reading`.
//!    3. Guest stores 0 and reuses the page, which the peer goes on reading. So the flags go to 0
//!    in a compare-exchange from a value without either flag.
//!
//! **Granted before it is written** (`GrantFlagsFirst`).
//! 1. Guest sets `GTF_permit_access`. 2. Xen maps for the peer the frame that the entry named
//!    before. 3. Guest writes the frame. So the flags come last.

use crate::mutated;
use crate::sync::{AtomicU16, AtomicU32, Ordering};

mod references;
mod status;

pub use references::References;
pub use status::{Status, retry};

/// Entries in one page of the table.
pub const PAGE_ENTRIES: usize = 512;
/// `GNTTAB_NR_RESERVED_ENTRIES`: the first references belong to the toolstack.
pub const RESERVED: u32 = 8;

/// `GTF_permit_access`: the page may be mapped.
pub const PERMIT_ACCESS: u16 = 1;
/// `GTF_readonly`: only for reading.
pub const READONLY: u16 = 1 << 2;
/// `GTF_reading`: it is mapped.
pub const READING: u16 = 1 << 3;
/// `GTF_writing`: it is mapped for writing.
pub const WRITING: u16 = 1 << 4;

/// Why a grant or a reference cannot be had or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The peer still maps the page. Neither page nor reference may be reused.
    Busy,
    /// No reference is free until the table grows.
    Full,
    /// The reference is reserved, beyond the table, or free.
    BadReference,
    /// The frame's number does not fit the entry's 32 bits.
    BadFrame,
}

impl Error {
    /// The error as text.
    pub const fn text(self) -> &'static str {
        match self {
            Error::Busy => "grant still in use by the other domain",
            Error::Full => "grant table full",
            Error::BadReference => "bad grant reference",
            Error::BadFrame => "frame number too big for a grant",
        }
    }
}

/// `struct grant_entry_v1`.
#[repr(C)]
pub struct Entry {
    /// `GTF_*`; Xen changes some of them at any time.
    pub flags: AtomicU16,
    /// Who may map the page.
    pub domid: AtomicU16,
    /// The page's guest frame number.
    pub frame: AtomicU32,
}

/// One page of the grant table.
#[repr(C, align(4096))]
pub struct GrantPage {
    /// The entries, by grant reference.
    pub entries: [Entry; PAGE_ENTRIES],
}

impl Entry {
    /// An entry that grants nothing.
    pub const fn new() -> Self {
        Entry {
            flags: AtomicU16::new(0),
            domid: AtomicU16::new(0),
            frame: AtomicU32::new(0),
        }
    }

    /// Lets domain `domid` map the page of guest frame number `frame`. The entry must not be in
    /// use.
    ///
    /// # Errors
    ///
    /// [`Error::BadFrame`] when `frame` is beyond 2^32, which is 16 TiB.
    pub fn grant(&self, domid: u16, frame: u64, writable: bool) -> Result<(), Error> {
        let frame = u32::try_from(frame).map_err(|_| Error::BadFrame)?;
        let flags = PERMIT_ACCESS | if writable { 0 } else { READONLY };
        if mutated!(GrantFlagsFirst) {
            self.flags.store(flags, Ordering::Release);
        }
        self.domid.store(domid, Ordering::Relaxed);
        self.frame.store(frame, Ordering::Relaxed);
        // Xen sees who and what before it sees that.
        self.flags.store(flags, Ordering::Release);
        Ok(())
    }

    /// Ends the grant. Afterwards nobody maps the page, and nobody can.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] while the peer maps the page: nothing has changed.
    pub fn end_access(&self) -> Result<(), Error> {
        let mut flags = self.flags.load(Ordering::Relaxed);
        // A failed exchange means that the peer mapped or unmapped just now. It could do so for
        // ever, which is no better than keeping the page.
        for _ in 0..8 {
            if flags & (READING | WRITING) != 0 {
                return Err(Error::Busy);
            }
            if mutated!(GrantRevokesBlindly) {
                self.flags.store(0, Ordering::SeqCst);
                return Ok(());
            }
            // Acquire: what the peer wrote is seen by whoever reads the page now.
            match self
                .flags
                .compare_exchange(flags, 0, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return Ok(()),
                Err(now) => flags = now,
            }
        }
        Err(Error::Busy)
    }

    /// Whether the entry grants anything.
    pub fn is_granted(&self) -> bool {
        self.flags.load(Ordering::Relaxed) != 0
    }
}

impl Default for Entry {
    fn default() -> Self {
        Entry::new()
    }
}

impl GrantPage {
    /// A page of entries that grant nothing.
    pub const fn new() -> Self {
        GrantPage {
            entries: [const { Entry::new() }; PAGE_ENTRIES],
        }
    }
}

impl Default for GrantPage {
    fn default() -> Self {
        GrantPage::new()
    }
}

/// The entry of a reference; `None` beyond the table.
pub fn entry<'a>(table: &[&'a GrantPage], reference: u32) -> Option<&'a Entry> {
    let page = table.get(reference as usize / PAGE_ENTRIES)?;
    page.entries.get(reference as usize % PAGE_ENTRIES)
}

#[cfg(test)]
mod tests;

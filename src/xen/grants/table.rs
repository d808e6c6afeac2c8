// SPDX-License-Identifier: ISC
//! The grant table: at the end of the window for foreign pages, one frame at first, growing to what Xen allows.
//!
//! Its frames need guest-physical space without RAM that is mapped. The window is both, on upstream's core too; over RAM
//! they would hide pages for good. XENMEM_add_to_physmap with an index past the end makes Xen grow the table.

use super::{Error, frame};
use crate::xen::platform::{self, PAGE};
use crate::xen::{abi, hypercall};
use core::sync::atomic::{AtomicU32, Ordering};
use spin::Once;
use xen_proto::grant::{self, Entry, GrantPage, PAGE_ENTRIES, RESERVED};

/// The first number that is no domain's (`DOMID_FIRST_RESERVED`).
const FIRST_NO_DOMAIN: u16 = abi::XEN_DOMID_FIRST_RESERVED as u16;

/// Where everything is.
#[derive(Clone, Copy)]
struct Place {
    /// The window, less what the table takes.
    window: (u64, usize),
    /// The table's first frame.
    start: u64,
    /// How many frames Xen allows.
    frames: u32,
}

static PLACE: Once<Place> = Once::new();

/// Entries that are there, a multiple of 512.
static ENTRIES: AtomicU32 = AtomicU32::new(0);

fn place() -> &'static Place {
    PLACE.call_once(|| {
        let (start, size) = platform::window();
        // A quarter of the window at most: 65536 frames, more than Xen was ever told to allow.
        let most = (size / PAGE / 4) as u32;
        let frames = hypercall::grant_table_limit().map_or(0, |frames| frames.min(most));
        let rest = size - frames as usize * PAGE;
        Place {
            window: (start, rest),
            start: start + rest as u64,
            frames,
        }
    })
}

/// The part of the window that foreign pages can be mapped into: its address and its size in bytes.
pub fn window() -> (u64, usize) {
    place().window
}

/// How many references the table can have, the reserved ones included.
pub fn entries() -> u32 {
    place().frames * PAGE_ENTRIES as u32
}

/// The entry of a reference, if the table has it already.
fn entry(reference: u32) -> Option<&'static Entry> {
    if reference >= ENTRIES.load(Ordering::Acquire) {
        return None;
    }
    let index = reference as usize;
    let page = place().start as usize + index / PAGE_ENTRIES * PAGE;
    // SAFETY: the frame was put there and is never taken away; entries are atomics throughout.
    let page = unsafe { &*(page as *const GrantPage) };
    page.entries.get(index % PAGE_ENTRIES)
}

/// The entry of a reference that is not reserved, growing the table up to it.
fn entry_or_grow(reference: u32) -> Result<&'static Entry, Error> {
    if reference < RESERVED {
        return Err(Error::Table(grant::Error::BadReference));
    }
    if let Some(entry) = entry(reference) {
        return Ok(entry);
    }
    if reference >= entries() {
        return Err(Error::Table(grant::Error::BadReference));
    }
    let place = place();
    let mut have = ENTRIES.load(Ordering::Relaxed) / PAGE_ENTRIES as u32;
    while reference >= have * PAGE_ENTRIES as u32 {
        let gfn = place.start / PAGE as u64 + u64::from(have);
        hypercall::add_to_physmap(abi::XENMAPSPACE_grant_table, u64::from(have), gfn)?;
        have += 1;
        ENTRIES.store(have * PAGE_ENTRIES as u32, Ordering::Release);
    }
    entry(reference).ok_or(Error::Table(grant::Error::BadReference))
}

/// Lets `domid` map the page at `address`, for writing too or not.
pub fn grant_access(
    reference: u32,
    address: usize,
    domid: u16,
    writable: bool,
) -> Result<(), Error> {
    if !address.is_multiple_of(PAGE) || domid >= FIRST_NO_DOMAIN {
        return Err(Error::OutOfRange);
    }
    let frame = frame(address)?;
    let entry = entry_or_grow(reference)?;
    if entry.is_granted() {
        return Err(Error::InUse);
    }
    entry.grant(domid, frame, writable).map_err(Error::Table)
}

/// Ends a grant: true when nobody maps the page any more and nobody can; false while the peer still does. A reference
/// that grants nothing has ended already.
pub fn end_access(reference: u32) -> Result<bool, Error> {
    if reference < RESERVED || reference >= entries() {
        return Err(Error::Table(grant::Error::BadReference));
    }
    match entry(reference).map(Entry::end_access) {
        None | Some(Ok(())) => Ok(true),
        Some(Err(_busy)) => Ok(false),
    }
}

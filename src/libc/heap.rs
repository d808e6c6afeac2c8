// SPDX-License-Identifier: ISC
//! The memory under malloc and mmap: regions handed over at start and later, given to the allocator from
//! below in growing steps, so that nothing is touched before it is needed, and to mappings from above (`pages.rs`).

use super::pages::{self, Zone};
use super::platform::Cell;
use dlmalloc::Allocator;

/// How many separate regions are kept apart.
const REGIONS: usize = 16;
pub(super) const PAGE: usize = 4096;
/// The least that the allocator gets at once.
const STEP: usize = 64 * 1024;

#[derive(Clone, Copy)]
pub(super) struct Region {
    pub(super) start: usize,
    /// The allocator has what lies below this.
    pub(super) used: usize,
    /// What lies above this is `zone`'s.
    pub(super) end: usize,
    pub(super) top: usize,
    pub(super) zone: Zone,
}

static TABLE: Cell<[Region; REGIONS]> = Cell::new(
    [Region {
        start: 0,
        used: 0,
        end: 0,
        top: 0,
        zone: Zone::NONE,
    }; REGIONS],
);

pub(super) fn regions() -> &'static mut [Region; REGIONS] {
    // SAFETY: the cell is valid, and no borrow outlives a call in this file.
    unsafe { &mut *TABLE.as_ptr() }
}

/// Adds a region. What is not a whole page at its ends is left out. False if there are too many.
pub fn add(start: usize, size: usize) -> bool {
    let end = start.saturating_add(size) & !(PAGE - 1);
    let start = start.next_multiple_of(PAGE);
    if start >= end {
        return true;
    }
    let Some(free) = regions().iter_mut().find(|r| r.top == 0) else {
        return false;
    };
    *free = Region {
        start,
        used: start,
        end,
        top: end,
        zone: Zone::NONE,
    };
    true
}

/// Bytes of all regions.
pub fn total() -> usize {
    regions().iter().map(|r| r.top - r.start).sum()
}

/// Bytes that the allocator and mappings have, free pages between those of mappings included.
pub fn handed_out() -> usize {
    let parts = regions().iter().map(|r| r.used - r.start + r.top - r.end);
    parts.sum()
}

/// What `holding` found last, as long as it is up to date.
static RECENT: Cell<(usize, usize)> = Cell::new((0, 0));

/// How many bytes from `address` on lie in one part of a region that the allocator may have; None if it has not this one.
#[inline(always)]
pub(super) fn room_after(address: usize) -> Option<usize> {
    let (start, end) = RECENT.get();
    if (start..end).contains(&address) {
        return Some(end - address);
    }
    holding(address).map(|(_, end)| end - address)
}

/// The part of a region that the allocator may have and that holds `address`, as its bounds. Where the next region begins at
/// its end, blocks may lie in both: dlmalloc joins what lies side by side.
#[inline(never)]
fn holding(address: usize) -> Option<(usize, usize)> {
    regions().iter().find_map(|r| {
        if (r.start..r.used).contains(&address) {
            let mut end = r.used;
            while let Some(next) = regions().iter().find(|n| n.start == end && n.used > end) {
                end = next.used;
            }
            RECENT.set((r.start, end));
            Some((r.start, end))
        } else if (r.end..r.top).contains(&address) && pages::are_used(address & !(PAGE - 1), PAGE)
        {
            Some((r.end, r.top))
        } else {
            None
        }
    })
}

/// What the allocator gives back at the end of a region, and perhaps of those right below, becomes untouched memory again;
/// false, and nothing done, where it is no such memory.
fn take_back(new_end: usize, mut end: usize) -> bool {
    let ending_at = |end: usize| {
        regions()
            .iter_mut()
            .find(|r| r.used == end && r.start < end)
    };
    let mut lowest = end;
    while lowest > new_end {
        let Some(region) = ending_at(lowest) else {
            return false;
        };
        lowest = region.start;
    }
    while end > new_end {
        let Some(region) = ending_at(end) else {
            return false;
        };
        end = region.start;
        region.used = end.max(new_end);
    }
    RECENT.set((0, 0));
    true
}

/// The allocator's view of the regions.
pub struct System;

// SAFETY: what `alloc` returns lies in a region that the start code vouched for, and is handed out
// once: `used` only moves back when the allocator gives the top of a region back.
unsafe impl Allocator for System {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let growing = size
            .max(STEP)
            .max((handed_out() / 8).next_multiple_of(PAGE));
        let table = regions();
        // The first region that has all of it, or else the one that has most: dlmalloc joins what
        // it gets to the free memory below it, and that may be enough.
        let fitting = table.iter().position(|r| r.end - r.used >= size);
        if fitting.is_none() {
            // What mappings have given back between those that are left.
            if let Some(start) = pages::take(size.div_ceil(PAGE), PAGE) {
                let size = size.next_multiple_of(PAGE);
                return (core::ptr::with_exposed_provenance_mut(start), size, 0);
            }
        }
        let largest = || (0..REGIONS).max_by_key(|&i| table[i].end - table[i].used);
        let Some(region) = fitting.or_else(largest) else {
            return (core::ptr::null_mut(), 0, 0);
        };
        let region = &mut table[region];
        let size = growing.min(region.end - region.used);
        if size < PAGE {
            return (core::ptr::null_mut(), 0, 0);
        }
        let base = region.used;
        region.used += size;
        RECENT.set((0, 0));
        (core::ptr::with_exposed_provenance_mut(base), size, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        core::ptr::null_mut()
    }

    fn free_part(&self, start: *mut u8, old_size: usize, new_size: usize) -> bool {
        let end = start.addr() + old_size;
        if pages::are_used(start.addr(), old_size) {
            let new_size = new_size.next_multiple_of(PAGE);
            pages::give_back(start.addr() + new_size, old_size - new_size);
            return true;
        }
        take_back(start.addr() + new_size, end)
    }

    fn free(&self, start: *mut u8, size: usize) -> bool {
        self.free_part(start, size, 0)
    }

    fn can_release_part(&self, _: u32) -> bool {
        true
    }

    /// Xen does not clear what a domain gave back and got again.
    fn allocates_zeros(&self) -> bool {
        false
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

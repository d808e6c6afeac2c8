// SPDX-License-Identifier: ISC
//! Whole pages of the heap's regions, taken from their upper ends downwards: what mmap hands out, and what the allocator
//! gets where it finds nothing else.

use super::heap::{PAGE, Region, regions};
use super::memory::memset;
use super::platform::Cell;
use libc_core::pages::PageMap;

/// The part of a region that is handed out by pages. Its uppermost pages hold a bit for each page of the region, made when
/// the first page is asked for.
#[derive(Clone, Copy)]
pub(super) struct Zone {
    /// Words of the map; 0 before there is one.
    words: usize,
    extent: usize,
    lowest: usize,
}

impl Zone {
    pub(super) const NONE: Zone = Zone {
        words: 0,
        extent: 0,
        lowest: 0,
    };
}

/// Bytes of the pages that are in use, maps included.
static IN_USE: Cell<usize> = Cell::new(0);

/// Bytes in use by mappings and by what keeps count of them.
pub(super) fn in_use() -> usize {
    IN_USE.get()
}

/// Changes what counts as in use by mappings: the allocator's own pages do not.
pub(super) fn count(more: usize, less: usize) {
    IN_USE.set(IN_USE.get() + more - less);
}

impl Region {
    fn map(&mut self) -> PageMap<'_> {
        let words = self.zone.words;
        let place = core::ptr::with_exposed_provenance_mut(self.top - map_bytes(words));
        // SAFETY: the region's uppermost pages, which `with_map` set aside for these words.
        let used = unsafe { core::slice::from_raw_parts_mut(place, words) };
        PageMap::new(used, &mut self.zone.extent, &mut self.zone.lowest)
    }

    /// Makes the map if there is none; false where there is no room for it.
    fn with_map(&mut self) -> bool {
        if self.zone.words != 0 {
            return true;
        }
        let words = (self.top - self.start).div_ceil(64 * PAGE);
        let bytes = map_bytes(words);
        if words == 0 || self.end - self.used < bytes {
            return false;
        }
        let place = core::ptr::with_exposed_provenance_mut(self.top - bytes);
        // SAFETY: free memory of the region, from now on the map's.
        unsafe { memset(place, 0, bytes) };
        self.zone.words = words;
        self.map().mark(0, bytes / PAGE);
        self.settle();
        count(bytes, 0);
        true
    }

    /// The region's end follows the zone.
    fn settle(&mut self) {
        self.end = self.top - self.zone.extent * PAGE;
    }

    /// The number, from above, of the first of the pages in this range, if it is the zone's to hand out: the map's are not.
    fn index(&self, start: usize, size: usize) -> Option<usize> {
        let end = start.checked_add(size)?;
        let below_map = end <= self.top - map_bytes(self.zone.words);
        (self.zone.words != 0 && start >= self.start && below_map).then(|| (self.top - end) / PAGE)
    }
}

fn map_bytes(words: usize) -> usize {
    (words * 8).next_multiple_of(PAGE)
}

/// Takes `pages` pages in a row at a multiple of `align` bytes, a power of two of at least a page: their address. What is in
/// them is anything.
pub(super) fn take(pages: usize, align: usize) -> Option<usize> {
    regions().iter_mut().find_map(|region| {
        if region.top == 0 || !region.with_map() {
            return None;
        }
        let limit = (region.top - region.used) / PAGE;
        let top = region.top / PAGE;
        let first = region.map().take(pages, limit, top, align / PAGE)?;
        region.settle();
        Some(region.top - (first + pages) * PAGE)
    })
}

/// Gives pages back that `take` returned; any part of them.
pub(super) fn give_back(start: usize, size: usize) {
    for region in regions() {
        if let Some(first) = region.index(start, size) {
            region.map().clear(first, size / PAGE);
            region.settle();
        }
    }
}

/// Are all pages of this range taken? Page aligned.
pub(super) fn are_used(start: usize, size: usize) -> bool {
    regions().iter_mut().any(|region| {
        region
            .index(start, size)
            .is_some_and(|first| region.map().all_used(first, size / PAGE))
    })
}

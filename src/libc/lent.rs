// SPDX-License-Identifier: ISC
//! Pages out of malloc's free memory, for mappings where the heap has no others left: a small block at malloc's end keeps all
//! that is free below it from being given back. Each lot of pages is a block of malloc's, with what is known of it behind the
//! pages; it is freed when its last page is given back.

use super::heap::PAGE;
use super::malloc::{free, memalign};
use super::platform::Cell;
use core::ops::Range;
use core::ptr::null_mut;

/// What lies behind the pages, before a bit for each page that is in use.
struct Lot {
    next: *mut Lot,
    /// The address of the first page.
    start: usize,
    /// How many pages there are, and how many are in use.
    pages: usize,
    left: usize,
}

/// All lots.
static FIRST: Cell<*mut Lot> = Cell::new(null_mut());

impl Lot {
    fn holds(&self, range: &Range<usize>) -> bool {
        range.start >= self.start && range.end <= self.start + self.pages * PAGE
    }

    /// The bits of the pages, by 64.
    fn bits(&mut self) -> &mut [u64] {
        let words = self.pages.div_ceil(64);
        // SAFETY: `take` made room for so many behind the lot, and wrote them.
        unsafe { core::slice::from_raw_parts_mut((&raw mut *self).add(1).cast(), words) }
    }

    fn numbers(&self, range: &Range<usize>) -> Range<usize> {
        (range.start - self.start) / PAGE..(range.end - self.start) / PAGE
    }
}

/// The lot that holds all of a range, and the place that names it.
fn find(range: &Range<usize>) -> Option<(*mut *mut Lot, &'static mut Lot)> {
    let mut place = FIRST.as_ptr();
    // SAFETY: a list of lots, which live until `give_back` takes them out; no borrow outlives a function of this file.
    unsafe {
        while let Some(lot) = (*place).as_mut() {
            if lot.holds(range) {
                return Some((place, lot));
            }
            place = &raw mut lot.next;
        }
    }
    None
}

/// Takes `pages` pages in a row: their address. What is in them is anything.
pub(super) fn take(pages: usize) -> Option<usize> {
    let size = pages * PAGE;
    let words = pages.div_ceil(64);
    let block = memalign(PAGE, size + size_of::<Lot>() + words * 8);
    if block.is_null() {
        return None;
    }
    let start = block.expose_provenance();
    // SAFETY: the block's own memory behind the pages, aligned to a page.
    unsafe {
        let lot = block.add(size).cast::<Lot>();
        lot.write(Lot {
            next: FIRST.get(),
            start,
            pages,
            left: pages,
        });
        for word in 0..words {
            lot.add(1).cast::<u64>().add(word).write(u64::MAX);
        }
        FIRST.set(lot);
    }
    Some(start)
}

/// Are all pages of this range taken from here? Page aligned.
pub(super) fn are_used(range: &Range<usize>) -> bool {
    find(range).is_some_and(|(_, lot)| {
        let mut numbers = lot.numbers(range);
        let bits = lot.bits();
        numbers.all(|page| bits[page / 64] >> (page % 64) & 1 != 0)
    })
}

/// Gives pages back that `take` returned, which nobody uses any more; any part of them. False for a range that is none of
/// those.
pub(super) fn give_back(range: &Range<usize>) -> bool {
    let Some((place, lot)) = find(range) else {
        return false;
    };
    for page in lot.numbers(range) {
        let (word, bit) = (page / 64, 1 << (page % 64));
        lot.left -= usize::from(lot.bits()[word] & bit != 0);
        lot.bits()[word] &= !bit;
    }
    if lot.left == 0 {
        let start = core::ptr::with_exposed_provenance_mut(lot.start);
        // SAFETY: `take`'s block, which nothing names once the list does not.
        unsafe {
            *place = lot.next;
            free(start);
        }
    }
    true
}

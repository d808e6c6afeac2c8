// SPDX-License-Identifier: ISC
//! Freed blocks of small size, kept for the next request of that size: most are used again at once, and
//! dlmalloc would join and split them each time. To dlmalloc they are in use; they do not count as live.

use super::super::platform::{Cell, Part, crash};
use super::block::{CANARY, LEAST, canary, canary_at, chunk_size, mark_free};
use super::heap;
use core::ptr::null_mut;

pub(super) struct Cache {
    /// By size, each block holding the next one's address.
    first: [*mut u8; CACHED],
    count: [u8; CACHED],
}

/// Chunks of 32, 48, … 528 bytes are kept, and so many of each.
const CACHED: usize = 32;
const MOST_CACHED: u8 = 32;
/// The greatest size of a block whose chunk may be kept.
pub(super) const LARGEST: usize = LEAST + (CACHED - 1) * 16 - 8 - CANARY;

static CACHE: Cell<Cache> = Cell::new(Cache {
    first: [null_mut(); CACHED],
    count: [0; CACHED],
});

#[inline(always)]
pub(super) fn cache() -> &'static mut Cache {
    // SAFETY: the cell is valid, and no borrow outlives a call in this file.
    unsafe { &mut *CACHE.as_ptr() }
}

/// The chunk that dlmalloc makes for a block of `size` bytes and its canary.
#[inline(always)]
pub(super) fn chunk_for(size: usize) -> usize {
    ((size + CANARY + 8 + 15) & !15).max(LEAST)
}

impl Cache {
    /// A block of exactly this chunk size, at most that of [`LARGEST`].
    #[inline(always)]
    pub(super) fn take(&mut self, chunk: usize) -> Option<*mut u8> {
        let class = (chunk - LEAST) / 16;
        let block = self.first[class];
        if block.is_null() {
            return None;
        }
        // SAFETY: a kept block, whose canary says that it is free unless somebody wrote to it since.
        unsafe {
            if canary_at(block, chunk).read() != !canary(block) {
                written_to(block);
            }
            self.first[class] = *block.cast::<*mut u8>();
        }
        self.count[class] -= 1;
        Some(block)
    }

    /// Keeps a block that was checked, if there is room.
    #[inline(always)]
    pub(super) unsafe fn keep(&mut self, block: *mut u8, chunk: usize) -> bool {
        let class = (chunk - LEAST) / 16;
        if class >= CACHED || self.count[class] >= MOST_CACHED {
            return false;
        }
        self.count[class] += 1;
        // SAFETY: free memory of the block.
        unsafe {
            block.cast::<*mut u8>().write(self.first[class]);
            canary_at(block, chunk).write(!canary(block));
        }
        self.first[class] = block;
        true
    }

    /// Gives all kept blocks back.
    pub(super) fn flush(&mut self) {
        for (first, count) in self.first.iter_mut().zip(&mut self.count) {
            while !first.is_null() {
                let block = *first;
                // SAFETY: a kept block, to dlmalloc still in use.
                unsafe {
                    *first = *block.cast::<*mut u8>();
                    mark_free(block, chunk_size(block));
                    heap().c_free(block);
                }
            }
            *count = 0;
        }
    }
}

#[cold]
#[inline(never)]
fn written_to(block: *mut u8) -> ! {
    crash(&[
        Part::Text("malloc(): written to a free block: "),
        Part::Hex(block.addr() as u64),
    ])
}

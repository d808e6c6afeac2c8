// SPDX-License-Identifier: ISC
//! Memory for the core's devices: set aside at boot, below the heap, for as many as the program's manifest names.
//!
//! A program without devices has none of this: what sets memory aside is found through a section that only the device code
//! refers to, and the linker leaves both out together (`link.sh`, `--gc-sections`).

use super::layout::PAGE;
use core::ops::Range;
use spin::Mutex;

/// What is set aside and not taken yet.
static FREE: Mutex<Range<u64>> = Mutex::new(0..0);

/// Sets `pages` pages of the start of `heap` aside, as long as that leaves three quarters of it; the rest of the heap.
pub fn reserve(heap: Range<u64>, pages: u64) -> Range<u64> {
    let most = (heap.end - heap.start) / 4 / PAGE;
    let end = heap.start + pages.min(most) * PAGE;
    *FREE.lock() = heap.start..end;
    end..heap.end
}

/// Takes `pages` pages that follow one another, zeroed; their address. `None` when they are not there: too little memory for
/// the devices that the manifest names. Nothing is ever given back.
pub fn take(pages: usize) -> Option<usize> {
    let mut free = FREE.lock();
    let start = free.start;
    let end = start
        .checked_add(pages as u64 * PAGE)
        .filter(|&end| end <= free.end)?;
    free.start = end;
    // SAFETY: RAM that is mapped and nobody else's.
    unsafe { (start as *mut u8).write_bytes(0, pages * PAGE as usize) }
    Some(start as usize)
}

// SPDX-License-Identifier: ISC
//! Read-only pages in the window for foreign grants. Xen drops writes to a read-only grant of a PVH domain without a
//! word; the page tables make them faults.

use crate::arch::paging::{self, WINDOW_SIZE};
use crate::mm::heap_range;
use crate::mm::layout::PAGE;

/// Makes `size` bytes at `address` in the window read-only, or writable again. Page aligned. Returns 0, or -1 when the
/// range is not in the window or no frame is left for a page table; then part of it may have changed.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_protect_gntmap(address: u64, size: usize, writable: i32) -> i32 {
    let window = heap_range::given().map_or(0, |given| given.window);
    let end = address.saturating_add(size as u64);
    let inside = window != 0 && address >= window && end <= window + WINDOW_SIZE;
    if !inside || !(address | end).is_multiple_of(PAGE) {
        return -1;
    }
    let flags = if writable != 0 {
        paging::WRITE
    } else {
        paging::READ
    };
    let tables = paging::current();
    for page in (address..end).step_by(PAGE as usize) {
        if tables.remap(page, page, flags).is_err() {
            return -1;
        }
    }
    0
}

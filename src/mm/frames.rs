// SPDX-License-Identifier: ISC
//! Frames for page tables: a pool set aside at boot, and where a frame of it can be written. Tables are never given
//! back: what a window needs once it will need again.

use super::layout::PAGE;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use spin::Mutex;
use x86_64::structures::paging::PageTable;

/// The frames not handed out yet.
static POOL: Mutex<Range<u64>> = Mutex::new(0..0);

/// Added to a frame's physical address to reach it: 0 on the boot tables, then the low-memory alias.
static OFFSET: AtomicU64 = AtomicU64::new(0);

/// Sets the pool, page aligned.
pub fn init(pool: Range<u64>) {
    *POOL.lock() = pool;
}

/// Says where the pool is reached from now on.
pub fn set_offset(offset: u64) {
    OFFSET.store(offset, Ordering::Relaxed);
}

/// The table in a frame of the pool.
pub fn table(frame: u64) -> *mut PageTable {
    frame.wrapping_add(OFFSET.load(Ordering::Relaxed)) as *mut PageTable
}

/// An empty table's frame; `None` when the pool is used up.
pub fn allocate() -> Option<u64> {
    let mut pool = POOL.lock();
    let frame = pool.start;
    if frame >= pool.end {
        return None;
    }
    pool.start = frame + PAGE;
    // SAFETY: the frame is mapped at `table` and ours alone. Its bytes are whatever the domain that had it before
    // left: it is not zero unless we zero it.
    unsafe { table(frame).cast::<u8>().write_bytes(0, PAGE as usize) }
    Some(frame)
}

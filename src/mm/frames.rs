// SPDX-License-Identifier: ISC
//! Frames for page tables: a pool set aside at boot, what is given later, and where such a frame can be written. Tables are
//! never given back: what a window needs once it will need again.

use super::layout::PAGE;
use super::memory::LOW_END;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use spin::Mutex;
use x86_64::structures::paging::PageTable;

/// The frames not handed out yet.
static POOL: Mutex<Range<u64>> = Mutex::new(0..0);

/// Added to the physical address of a frame in low memory to reach it: 0 on the boot tables, then the alias. Others are at
/// their own address.
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
    let offset = if frame < LOW_END {
        OFFSET.load(Ordering::Relaxed)
    } else {
        0
    };
    frame.wrapping_add(offset) as *mut PageTable
}

/// Takes page-aligned RAM, mapped writable at its own address, once the pool is used up. False while it is not.
pub fn give(more: Range<u64>) -> bool {
    let mut pool = POOL.lock();
    let empty = pool.start >= pool.end;
    if empty {
        *pool = more;
    }
    empty
}

/// An empty table's frame; `None` when the pool is used up.
pub fn allocate() -> Option<u64> {
    let frame = take()?;
    // SAFETY: the frame is mapped at `table` and ours alone. Its bytes are whatever the domain that had it before
    // left: it is not zero unless we zero it.
    unsafe { table(frame).cast::<u8>().write_bytes(0, PAGE as usize) }
    Some(frame)
}

/// A frame for a table that the caller writes whole; `None` when the pool is used up.
pub fn take() -> Option<u64> {
    let mut pool = POOL.lock();
    let frame = pool.start;
    if frame >= pool.end {
        return None;
    }
    pool.start = frame + PAGE;
    Some(frame)
}

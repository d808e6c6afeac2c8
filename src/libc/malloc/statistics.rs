// SPDX-License-Identifier: ISC
//! What the heap says of itself: ocaml-freestanding's and glibc's functions.

use super::super::heap as memory;
use super::cache::cache;
use super::{LIVE, heap};

/// glibc's `malloc_trim`: gives free memory at the top of the heap back to the untouched part; 1 if
/// there was any.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn malloc_trim(pad: usize) -> i32 {
    cache().flush();
    // SAFETY: no precondition.
    i32::from(unsafe { heap().trim(pad) })
}

/// ocaml-freestanding's `malloc_footprint`: bytes that the allocator has taken from the regions.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn malloc_footprint() -> usize {
    memory::handed_out()
}

/// ocaml-freestanding's `malloc_memory_usage`: bytes of all chunks in use, heads included, and of mappings.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn malloc_memory_usage() -> usize {
    LIVE.get() + super::super::pages::in_use()
}

/// Bytes of the whole heap, used, free or never touched: live + free = this.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn _nolibc_heap_size() -> usize {
    memory::total()
}

/// glibc's `struct mallinfo` (10 × `int`) and `struct mallinfo2` (10 × `size_t`).
#[repr(C)]
pub struct MallInfo<T> {
    /// Bytes that the allocator has.
    pub arena: T,
    /// Always 0: free chunks are not counted.
    pub ordblks: T,
    /// Always 0: there are no fast bins.
    pub smblks: T,
    /// Always 0: no block is mapped by itself.
    pub hblks: T,
    /// Always 0.
    pub hblkhd: T,
    /// Always 0.
    pub usmblks: T,
    /// Always 0.
    pub fsmblks: T,
    /// Bytes in use.
    pub uordblks: T,
    /// Bytes free, those never touched included.
    pub fordblks: T,
    /// Bytes never touched.
    pub keepcost: T,
}

/// glibc's `mallinfo2`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mallinfo2() -> MallInfo<usize> {
    let (total, arena, live) = (memory::total(), memory::handed_out(), malloc_memory_usage());
    MallInfo {
        arena,
        ordblks: 0,
        smblks: 0,
        hblks: 0,
        hblkhd: 0,
        usmblks: 0,
        fsmblks: 0,
        uordblks: live,
        fordblks: total - live,
        keepcost: total - arena,
    }
}

/// glibc's `mallinfo`; what exceeds an `int` wraps, as it does in glibc.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mallinfo() -> MallInfo<i32> {
    let info = mallinfo2();
    MallInfo {
        arena: info.arena as i32,
        ordblks: 0,
        smblks: 0,
        hblks: 0,
        hblkhd: 0,
        usmblks: 0,
        fsmblks: 0,
        uordblks: info.uordblks as i32,
        fordblks: info.fordblks as i32,
        keepcost: info.keepcost as i32,
    }
}

/// glibc's `mallopt`: nothing can be tuned.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mallopt(_: i32, _: i32) -> i32 {
    0
}

// SPDX-License-Identifier: ISC
//! The memory under our heap a second time, for dlmalloc alone: the heap without canaries and kept blocks.
#![allow(dead_code, reason = "the part of it that dlmalloc asks for")]

pub use crate::ours::{crash, memory, weak};

#[path = "../../src/libc/platform.rs"]
pub mod platform;

#[path = "../../src/libc/heap.rs"]
pub mod heap;
#[path = "../../src/libc/pages.rs"]
pub mod pages;

use dlmalloc::Dlmalloc;
use heap::System;

static BARE: platform::Cell<Dlmalloc<System>> = platform::Cell::new({
    let mut heap = Dlmalloc::new_with_allocator(System);
    heap.set_granularity(4096);
    heap
});

fn dlmalloc() -> &'static mut Dlmalloc<System> {
    // SAFETY: one thread uses it, for the length of a call.
    unsafe { &mut *BARE.as_ptr() }
}

pub extern "C" fn get(size: usize) -> *mut u8 {
    // SAFETY: no precondition.
    unsafe { dlmalloc().c_malloc(size) }
}

pub unsafe extern "C" fn change(block: *mut u8, size: usize) -> *mut u8 {
    // SAFETY: a block of this heap.
    unsafe { dlmalloc().c_realloc(block, size) }
}

pub unsafe extern "C" fn put(block: *mut u8) {
    if !block.is_null() {
        // SAFETY: a block of this heap.
        unsafe { dlmalloc().c_free(block) }
    }
}

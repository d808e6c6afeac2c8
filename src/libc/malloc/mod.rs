// SPDX-License-Identifier: ISC
//! The malloc family (C11 7.22.3, POSIX, glibc's malloc.h), on the dlmalloc crate, with canaries: an overflow of one
//! byte, a second free and a wild pointer end in a crash line instead of a corrupted heap (block.rs).
//!
//! `calloc` always clears: the domain hands memory over as it got it, so nothing is known to be zero.

mod block;
mod cache;
mod statistics;

pub use block::set_secret;
pub use statistics::*;

use super::errno::{EINVAL, ENOMEM, set_errno};
use super::heap::{System, room_after};
use super::memory::memset;
use super::platform::Cell;
use block::{CANARY, CINUSE, canary, canary_at, check, chunk_size, mark_free, seal, seal_new};
use cache::{LARGEST, cache, chunk_for};
use core::arch::naked_asm;
use core::ptr::null_mut;
use dlmalloc::Dlmalloc;

static HEAP: Cell<Dlmalloc<System>> = Cell::new({
    let mut heap = Dlmalloc::new_with_allocator(System);
    // Growing steps are heap.rs's; the allocator itself asks for what it needs.
    heap.set_granularity(4096);
    heap
});

/// Sum of the sizes of all chunks in use, their headers included.
static LIVE: Cell<usize> = Cell::new(0);

#[inline(always)]
fn heap() -> &'static mut Dlmalloc<System> {
    // SAFETY: the cell is valid, and no borrow outlives a call in this folder.
    unsafe { &mut *HEAP.as_ptr() }
}

/// The size to ask of the allocator, if the caller's is possible at all.
fn with_canary(size: usize) -> Option<usize> {
    if size > isize::MAX as usize - 4096 {
        set_errno(ENOMEM);
        return None;
    }
    Some(size + CANARY)
}

/// Asks dlmalloc, and once more without the kept blocks if it has nothing.
fn allocate(get: impl Fn() -> *mut u8) -> *mut u8 {
    let block = get();
    if !block.is_null() {
        return block;
    }
    cache().flush();
    let block = get();
    if block.is_null() {
        set_errno(ENOMEM);
    }
    block
}

/// Counts a new block as live and seals it.
unsafe fn made(block: *mut u8, size: usize) -> *mut u8 {
    if !block.is_null() {
        // SAFETY: a block that the allocator made for this size and its canary.
        unsafe {
            let chunk = chunk_size(block);
            LIVE.set(LIVE.get() + chunk);
            seal_new(block, chunk, size);
        }
    }
    block
}

/// C's `malloc`. A block of 0 bytes is a block like any other.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn malloc(size: usize) -> *mut u8 {
    if size <= LARGEST {
        let chunk = chunk_for(size);
        if let Some(block) = cache().take(chunk) {
            LIVE.set(LIVE.get() + chunk);
            // SAFETY: a block with a chunk for this size.
            unsafe { seal_new(block, chunk, size) };
            return block;
        }
    }
    malloc_new(size)
}

#[inline(never)]
fn malloc_new(size: usize) -> *mut u8 {
    let Some(padded) = with_canary(size) else {
        return null_mut();
    };
    // SAFETY: the allocator has no precondition.
    unsafe { made(allocate(|| heap().c_malloc(padded)), size) }
}

/// C's `calloc`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn calloc(count: usize, size: usize) -> *mut u8 {
    let Some(size) = count.checked_mul(size) else {
        set_errno(ENOMEM);
        return null_mut();
    };
    let block = malloc(size);
    if !block.is_null() {
        // SAFETY: the block has this size.
        unsafe { memset(block, 0, size) };
    }
    block
}

/// C's `free`; passes its caller on for the crash line.
///
/// # Safety
/// C's contract, but what can be detected ends in a crash line.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn free(block: *mut u8) {
    naked_asm!("mov rsi, [rsp]", "jmp {inner}", inner = sym free_from)
}

/// Frees a checked block.
#[inline(always)]
unsafe fn release(block: *mut u8, chunk: usize) {
    LIVE.set(LIVE.get() - chunk);
    // SAFETY: the block was checked, and is used no more.
    unsafe {
        if !cache().keep(block, chunk) {
            give_back(block, chunk);
        }
    }
}

#[inline(never)]
unsafe fn give_back(block: *mut u8, chunk: usize) {
    // SAFETY: the block was checked, and is used no more.
    unsafe {
        mark_free(block, chunk);
        heap().c_free(block);
    }
}

unsafe extern "C" fn free_from(block: *mut u8, caller: usize) {
    if block.is_null() {
        return;
    }
    // SAFETY: the block is checked first.
    unsafe {
        let checked = check(block, "free", caller);
        release(block, checked.chunk);
    }
}

/// glibc's `cfree`.
///
/// # Safety
/// As for [`free`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn cfree(block: *mut u8) {
    // SAFETY: the same contract.
    unsafe { free(block) }
}

/// C's `realloc`. As glibc does it, a size of 0 frees the block.
///
/// # Safety
/// C's contract, but what can be detected ends in a crash line.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn realloc(block: *mut u8, size: usize) -> *mut u8 {
    naked_asm!("mov rdx, [rsp]", "jmp {inner}", inner = sym realloc_from)
}

unsafe extern "C" fn realloc_from(block: *mut u8, size: usize, caller: usize) -> *mut u8 {
    if block.is_null() {
        return malloc(size);
    }
    // SAFETY: the block is checked first.
    unsafe {
        let old = check(block, "realloc", caller);
        if size == 0 {
            release(block, old.chunk);
            return null_mut();
        }
        let Some(padded) = with_canary(size) else {
            return null_mut();
        };
        let wanted = chunk_for(size);
        if wanted == old.chunk {
            seal(block, old.chunk, size);
            return block;
        }
        // Until it is known to succeed the old block can be sealed again.
        let at = canary_at(block, old.chunk);
        let sealed = at.read();
        at.write(!canary(block));
        if wanted > old.chunk {
            grow(block, old.chunk, wanted);
        }
        let new = allocate(|| heap().c_realloc(block, padded));
        if new.is_null() {
            at.write(sealed);
            return new;
        }
        let chunk = chunk_size(new);
        LIVE.set(LIVE.get() - old.chunk + chunk);
        seal(new, chunk, size);
        new
    }
}

/// Makes the last chunk of the heap longer where the heap can still grow, which dlmalloc's realloc does not try: what
/// the chunk lacks is taken from the grown top, next to it, and becomes part of it.
unsafe fn grow(block: *mut u8, chunk: usize, wanted: usize) {
    /// More than what dlmalloc keeps for itself behind the top.
    const FOOT: usize = 128;
    // SAFETY: a live block; the next chunk's head follows its own.
    unsafe {
        let head = *block.add(chunk - 8).cast::<usize>();
        let both = chunk + (head & !7);
        let is_last =
            head & CINUSE == 0 && room_after(block.addr()).is_some_and(|room| both + FOOT >= room);
        if !is_last || both > wanted {
            return;
        }
        let more = heap().c_malloc(wanted - chunk);
        if more == block.add(chunk) {
            *block.cast::<usize>().sub(1) += chunk_size(more);
        } else if !more.is_null() {
            heap().c_free(more);
        }
    }
}

/// BSD's `reallocarray`.
///
/// # Safety
/// As for [`realloc`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn reallocarray(block: *mut u8, count: usize, size: usize) -> *mut u8 {
    match count.checked_mul(size) {
        // SAFETY: the same contract.
        Some(size) => unsafe { realloc(block, size) },
        None => {
            set_errno(ENOMEM);
            null_mut()
        }
    }
}

/// A block at a multiple of `align`, a power of two.
fn aligned(align: usize, size: usize) -> *mut u8 {
    let Some(padded) = with_canary(size) else {
        return null_mut();
    };
    if align > isize::MAX as usize / 2 {
        set_errno(ENOMEM);
        return null_mut();
    }
    // SAFETY: the alignment is a power of two.
    unsafe { made(allocate(|| heap().c_memalign(align, padded)), size) }
}

/// glibc's `memalign`: an alignment that is not a power of two is raised to the next one.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn memalign(align: usize, size: usize) -> *mut u8 {
    match align.checked_next_power_of_two() {
        Some(align) => aligned(align, size),
        None => {
            set_errno(EINVAL);
            null_mut()
        }
    }
}

/// C's `aligned_alloc`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut u8 {
    if !align.is_power_of_two() {
        set_errno(EINVAL);
        return null_mut();
    }
    aligned(align, size)
}

/// POSIX's `posix_memalign`, except that it fails with a negative number: mirage-xen and io-page
/// test for that, and would write through NULL after a positive one.
///
/// # Safety
/// `block` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn posix_memalign(block: *mut *mut u8, align: usize, size: usize) -> i32 {
    if !align.is_power_of_two() || !align.is_multiple_of(8) {
        return -EINVAL;
    }
    let found = aligned(align, size);
    if found.is_null() {
        return -ENOMEM;
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *block = found };
    0
}

/// BSD's `valloc`: a block at a page boundary.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn valloc(size: usize) -> *mut u8 {
    aligned(4096, size)
}

/// glibc's `pvalloc`: whole pages.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pvalloc(size: usize) -> *mut u8 {
    match size.checked_next_multiple_of(4096) {
        Some(size) => aligned(4096, size),
        None => {
            set_errno(ENOMEM);
            null_mut()
        }
    }
}

/// glibc's `malloc_usable_size`: exactly what was asked for, since the canary follows it.
///
/// # Safety
/// A block of this heap, or NULL.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn malloc_usable_size(block: *mut u8) -> usize {
    naked_asm!("mov rsi, [rsp]", "jmp {inner}", inner = sym usable_size_from)
}

unsafe extern "C" fn usable_size_from(block: *mut u8, caller: usize) -> usize {
    if block.is_null() {
        return 0;
    }
    // SAFETY: the block is checked.
    unsafe { check(block, "malloc_usable_size", caller) }.size
}

// SPDX-License-Identifier: ISC
//! The malloc family (C11 7.22.3, POSIX, glibc's malloc.h), on the dlmalloc crate, with canaries.
//!
//! Each block ends in one word that mixes a secret with the block's address and tells how many bytes
//! lie unused between the caller's last byte and that word; those hold a pattern. Freeing or growing
//! a block checks all of it, so that an overflow of one byte, a second free and a wild pointer end
//! in a crash line instead of a corrupted heap. The word before a block is dlmalloc's: the chunk's
//! size with the bits PINUSE (1) and CINUSE (2).

use super::errno::{EINVAL, ENOMEM, set_errno};
use super::heap::{self, System};
use super::memory::memset;
use super::platform::{Cell, Part, crash};
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
static SECRET: Cell<u64> = Cell::new(0x5bd1_e995_9e37_79b9);

const CANARY: usize = 8;
const PATTERN: u8 = 0xa7;
const PATTERN_WORD: u64 = u64::from_ne_bytes([PATTERN; 8]);
const CINUSE: usize = 2;
/// A block's natural alignment.
const ALIGN: usize = 16;

/// Sets the canaries' secret, before the first block.
pub(super) fn set_secret(secret: u64) {
    SECRET.set(secret);
}

fn heap() -> &'static mut Dlmalloc<System> {
    // SAFETY: the cell is valid, and no borrow outlives a call in this file.
    unsafe { &mut *HEAP.as_ptr() }
}

/// The canary of a block with `slack` unused bytes.
fn canary(block: *mut u8, slack: usize) -> u64 {
    let mixed = (block.addr() as u64 ^ SECRET.get()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 32) & !0xff | slack as u64
}

/// The size of a block's chunk.
unsafe fn chunk_size(block: *mut u8) -> usize {
    // SAFETY: the word before a block is its chunk's head.
    unsafe { *block.cast::<usize>().sub(1) & !7 }
}

/// Where a block's canary lies: the last word that the chunk has for it.
unsafe fn canary_at(block: *mut u8) -> *mut u64 {
    // SAFETY: a chunk holds its head and then the block; the next chunk's head follows at its end.
    unsafe { block.add(chunk_size(block) - 16).cast() }
}

/// Counts a block as live and seals it; `new` says that its contents do not matter yet.
#[inline]
unsafe fn seal(block: *mut u8, size: usize, new: bool) -> *mut u8 {
    // SAFETY: the chunk was made for `size` bytes and the canary.
    unsafe {
        LIVE.set(LIVE.get() + chunk_size(block));
        let at = canary_at(block);
        let slack = at.addr() - block.addr() - size;
        if new && slack <= 16 {
            // Every chunk has 16 bytes before its canary.
            at.sub(1).write(PATTERN_WORD);
            at.sub(2).write(PATTERN_WORD);
        } else {
            memset(block.add(size), i32::from(PATTERN), slack);
        }
        at.write(canary(block, slack));
    }
    block
}

/// Are the `slack` bytes before a canary as they were left?
#[inline]
unsafe fn is_pattern(at: *mut u64, slack: usize) -> bool {
    // SAFETY: the bytes belong to the block, whose chunk has 16 bytes before its canary.
    unsafe {
        let (high, low) = (
            at.sub(1).read() ^ PATTERN_WORD,
            at.sub(2).read() ^ PATTERN_WORD,
        );
        match slack {
            0 => true,
            1..=8 => high >> (64 - 8 * slack) == 0,
            9..=15 => high == 0 && low >> (128 - 8 * slack) == 0,
            _ => (0..slack).all(|i| *at.cast::<u8>().sub(i + 1) == PATTERN),
        }
    }
}

/// Checks a block and returns the size that was asked for; a bad one ends the domain.
unsafe fn check(block: *mut u8, function: &str, caller: usize) -> usize {
    let address = block.addr();
    let fault = |what: &str| -> ! {
        crash(&[
            Part::Text(function),
            Part::Text(what),
            Part::Hex(address as u64),
            Part::Text(", called from "),
            Part::Hex(caller as u64),
        ])
    };
    let Some((_, end)) = heap::holding(address).filter(|_| address.is_multiple_of(ALIGN)) else {
        fault("(): not a block of the heap: ");
    };
    // SAFETY: the head and, once the size is known to be sane, the canary lie in the heap.
    unsafe {
        let head = *block.cast::<usize>().sub(1);
        let size = head & !7;
        if head & CINUSE == 0 {
            fault("(): block is free already: ");
        }
        if size < 32 || size > end - address + 8 {
            fault("(): not a block of the heap, or its head is overwritten: ");
        }
        let at = canary_at(block);
        let found = at.read();
        let slack = (found & 0xff) as usize;
        if found != canary(block, slack) || slack > size - 16 {
            let freed = !canary(block, 0);
            if found == freed || *block.cast::<u64>() == freed {
                fault("(): block is free already: ");
            }
            fault("(): written past the end of block ");
        }
        if !is_pattern(at, slack) {
            fault("(): written past the end of block ");
        }
        at.addr() - address - slack
    }
}

/// Takes a checked block out of the count and marks it free.
unsafe fn unseal(block: *mut u8) {
    // SAFETY: the block was checked.
    unsafe {
        LIVE.set(LIVE.get() - chunk_size(block));
        // One of them survives: dlmalloc writes its links over the first word and a free chunk's size
        // over the last, but not both where it joins the chunk with the one below.
        block.cast::<u64>().write(!canary(block, 0));
        canary_at(block).write(!canary(block, 0));
    }
}

/// The size to ask of the allocator, if the caller's is possible at all.
fn with_canary(size: usize) -> Option<usize> {
    if size > isize::MAX as usize - 4096 {
        set_errno(ENOMEM);
        return None;
    }
    Some(size + CANARY)
}

/// Freed blocks of small size, kept for the next request of that size: most are used again at once, and
/// dlmalloc would join and split them each time. To dlmalloc they are in use; they do not count as live.
struct Cache {
    /// By size, each block holding the next one's address.
    first: [*mut u8; CACHED],
    count: [u8; CACHED],
}

/// Chunks of 32, 48, … 528 bytes are kept, and so many of each.
const CACHED: usize = 32;
const MOST_CACHED: u8 = 16;

static CACHE: Cell<Cache> = Cell::new(Cache {
    first: [null_mut(); CACHED],
    count: [0; CACHED],
});

fn cache() -> &'static mut Cache {
    // SAFETY: the cell is valid, and no borrow outlives a call in this file.
    unsafe { &mut *CACHE.as_ptr() }
}

impl Cache {
    /// A block of exactly the chunk size that a request needs.
    #[inline]
    fn take(&mut self, padded: usize) -> Option<*mut u8> {
        let class = (padded + 8).next_multiple_of(16).saturating_sub(32) / 16;
        let first = self.first.get_mut(class)?;
        let block = *first;
        if block.is_null() {
            return None;
        }
        // SAFETY: a kept block, whose canary says that it is free unless somebody wrote to it since.
        unsafe {
            if canary_at(block).read() != !canary(block, 0) {
                crash(&[
                    Part::Text("malloc(): written to a free block: "),
                    Part::Hex(block.addr() as u64),
                ]);
            }
            *first = *block.cast::<*mut u8>();
        }
        self.count[class] -= 1;
        Some(block)
    }

    /// Keeps a block that was marked free, if there is room.
    #[inline]
    unsafe fn keep(&mut self, block: *mut u8) -> bool {
        // SAFETY: a block of the heap.
        let class = unsafe { chunk_size(block) - 32 } / 16;
        let Some(count) = self
            .count
            .get_mut(class)
            .filter(|count| **count < MOST_CACHED)
        else {
            return false;
        };
        *count += 1;
        // SAFETY: free memory of the block.
        unsafe { block.cast::<*mut u8>().write(self.first[class]) };
        self.first[class] = block;
        true
    }

    /// Gives all kept blocks back.
    fn flush(&mut self) {
        for (first, count) in self.first.iter_mut().zip(&mut self.count) {
            while !first.is_null() {
                let block = *first;
                // SAFETY: a kept block, to dlmalloc still in use.
                unsafe {
                    *first = *block.cast::<*mut u8>();
                    block.cast::<u64>().write(!canary(block, 0));
                    heap().c_free(block);
                }
            }
            *count = 0;
        }
    }
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

/// C's `malloc`. A block of 0 bytes is a block like any other.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn malloc(size: usize) -> *mut u8 {
    let Some(padded) = with_canary(size) else {
        return null_mut();
    };
    let block = match cache().take(padded) {
        Some(block) => block,
        // SAFETY: the allocator has no precondition.
        None => allocate(|| unsafe { heap().c_malloc(padded) }),
    };
    if block.is_null() {
        return block;
    }
    // SAFETY: the block was made for this size.
    unsafe { seal(block, size, true) }
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
unsafe fn release(block: *mut u8) {
    // SAFETY: the block was checked, and is used no more.
    unsafe {
        unseal(block);
        if !cache().keep(block) {
            heap().c_free(block);
        }
    }
}

unsafe extern "C" fn free_from(block: *mut u8, caller: usize) {
    if block.is_null() {
        return;
    }
    // SAFETY: the block is checked first.
    unsafe {
        check(block, "free", caller);
        release(block);
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
        check(block, "realloc", caller);
        if size == 0 {
            release(block);
            return null_mut();
        }
        let Some(padded) = with_canary(size) else {
            return null_mut();
        };
        let old_chunk = chunk_size(block);
        let old_canary = canary_at(block);
        // Until it is known to succeed the old block can be sealed again.
        let sealed = old_canary.read();
        old_canary.write(!canary(block, 0));
        let new = allocate(|| heap().c_realloc(block, padded));
        if new.is_null() {
            old_canary.write(sealed);
            return new;
        }
        LIVE.set(LIVE.get() - old_chunk);
        seal(new, size, false)
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
    let block = allocate(|| unsafe { heap().c_memalign(align, padded) });
    if block.is_null() {
        return block;
    }
    // SAFETY: the block was made for this size.
    unsafe { seal(block, size, true) }
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
pub unsafe extern "C" fn malloc_usable_size(block: *mut u8) -> usize {
    if block.is_null() {
        return 0;
    }
    // SAFETY: the block is checked.
    unsafe { check(block, "malloc_usable_size", 0) }
}

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
    heap::handed_out()
}

/// ocaml-freestanding's `malloc_memory_usage`: bytes of all chunks in use, heads included, and of mappings.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn malloc_memory_usage() -> usize {
    LIVE.get() + super::pages::in_use()
}

/// Bytes of the whole heap, used, free or never touched: live + free = this.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn _nolibc_heap_size() -> usize {
    heap::total()
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
    let (total, arena, live) = (heap::total(), heap::handed_out(), malloc_memory_usage());
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

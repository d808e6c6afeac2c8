// SPDX-License-Identifier: ISC
//! A block and its canary.
//!
//! Each block ends in one word that mixes a secret with the block's address and tells how many bytes lie unused between
//! the caller's last byte and that word; those hold a pattern. All of it is checked whenever the block is freed or grown.
//! The word before a block is dlmalloc's: the chunk's size with the bits PINUSE (1) and CINUSE (2).

use super::super::heap;
use super::super::memory::memset;
use super::super::platform::{Cell, Part, crash};

static SECRET: Cell<u64> = Cell::new(0x5bd1_e995_9e37_79b9);

pub(super) const CANARY: usize = 8;
const PATTERN: u8 = 0xa7;
const PATTERN_WORD: u64 = u64::from_ne_bytes([PATTERN; 8]);
pub(super) const CINUSE: usize = 2;
/// A block's natural alignment.
const ALIGN: usize = 16;
/// The least chunk: its head and the next one's, and 16 bytes between.
pub(super) const LEAST: usize = 32;

/// Sets the canaries' secret, before the first block.
pub fn set_secret(secret: u64) {
    SECRET.set(secret);
}

/// The canary of a block without unused bytes; how many there are is added.
#[inline(always)]
pub(super) fn canary(block: *mut u8) -> u64 {
    let mixed = (block.addr() as u64 ^ SECRET.get()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 32) & !0xff
}

/// The size of a block's chunk.
#[inline(always)]
pub(super) unsafe fn chunk_size(block: *mut u8) -> usize {
    // SAFETY: the word before a block is its chunk's head.
    unsafe { *block.cast::<usize>().sub(1) & !7 }
}

/// Where the canary of a block lies: the last word that a chunk of this size has for it.
#[inline(always)]
pub(super) unsafe fn canary_at(block: *mut u8, chunk: usize) -> *mut u64 {
    // SAFETY: a chunk holds its head and then the block; the next chunk's head follows at its end.
    unsafe { block.add(chunk - 16).cast() }
}

/// Seals a block of `size` bytes whose contents matter no more or not yet.
#[inline(always)]
pub(super) unsafe fn seal_new(block: *mut u8, chunk: usize, size: usize) {
    // SAFETY: the chunk was made for `size` bytes and the canary; every chunk has 16 bytes before that.
    unsafe {
        let at = canary_at(block, chunk);
        let slack = chunk - 16 - size;
        if slack > 16 {
            return seal(block, chunk, size);
        }
        at.sub(1).write(PATTERN_WORD);
        at.sub(2).write(PATTERN_WORD);
        at.write(canary(block) | slack as u64);
    }
}

/// Seals a block of `size` bytes.
#[inline(never)]
pub(super) unsafe fn seal(block: *mut u8, chunk: usize, size: usize) {
    // SAFETY: the chunk was made for `size` bytes and the canary.
    unsafe {
        let slack = chunk - 16 - size;
        memset(block.add(size), i32::from(PATTERN), slack);
        canary_at(block, chunk).write(canary(block) | slack as u64);
    }
}

/// Marks a block as free where it holds no other mark: one of the two survives, since dlmalloc writes its links over the
/// first word and a free chunk's size over the last, but not both where it joins the chunk with the one below.
#[inline(always)]
pub(super) unsafe fn mark_free(block: *mut u8, chunk: usize) {
    let mark = !canary(block);
    // SAFETY: a block of the heap that was checked and is used no more.
    unsafe {
        block.cast::<u64>().write(mark);
        canary_at(block, chunk).write(mark);
    }
}

/// Are the `slack` bytes before a canary as they were left?
#[inline(always)]
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

/// A block that was found whole.
#[derive(Clone, Copy)]
pub(super) struct Checked {
    /// The size of its chunk.
    pub(super) chunk: usize,
    /// What was asked for.
    pub(super) size: usize,
}

#[inline(always)]
unsafe fn inspect(block: *mut u8) -> Option<Checked> {
    let address = block.addr();
    let room = heap::room_after(address)?;
    if !address.is_multiple_of(ALIGN) {
        return None;
    }
    // SAFETY: the head and, once the size is known to be sane, the canary lie in the heap.
    unsafe {
        let head = *block.cast::<usize>().sub(1);
        let chunk = head & !7;
        if head & CINUSE == 0 || chunk < LEAST || chunk > room + 8 {
            return None;
        }
        let at = canary_at(block, chunk);
        let slack = (at.read() ^ canary(block)) as usize;
        if slack > 0xff || slack > chunk - 16 || !is_pattern(at, slack) {
            return None;
        }
        let size = chunk - 16 - slack;
        Some(Checked { chunk, size })
    }
}

/// Checks a block; a bad one ends the domain with a line that names `function`, the block and `caller`.
#[inline(always)]
pub(super) unsafe fn check(block: *mut u8, function: &str, caller: usize) -> Checked {
    // SAFETY: whatever it is, it is looked at with care.
    unsafe { inspect(block).unwrap_or_else(|| fault(block, function, caller)) }
}

/// Says what is wrong with a block.
#[cold]
#[inline(never)]
unsafe fn fault(block: *mut u8, function: &str, caller: usize) -> ! {
    // SAFETY: as for `inspect`.
    let what = unsafe {
        match heap::room_after(block.addr()).filter(|_| block.addr().is_multiple_of(ALIGN)) {
            None => "(): not a block of the heap: ",
            Some(room) => {
                let head = *block.cast::<usize>().sub(1);
                let chunk = head & !7;
                let mark = !canary(block);
                if head & CINUSE == 0 {
                    "(): block is free already: "
                } else if chunk < LEAST || chunk > room + 8 {
                    "(): not a block of the heap, or its head is overwritten: "
                } else if canary_at(block, chunk).read() == mark || *block.cast::<u64>() == mark {
                    "(): block is free already: "
                } else {
                    "(): written past the end of block "
                }
            }
        }
    };
    crash(&[
        Part::Text(function),
        Part::Text(what),
        Part::Hex(block.addr() as u64),
        Part::Text(", called from "),
        Part::Hex(caller as u64),
    ])
}

// SPDX-License-Identifier: ISC
//! Threads' stacks: pages of the heap above a guard page that nothing may be done with. Over a Solo5 part that cannot
//! protect pages a mark at the end is looked at instead, whenever the thread's turn ends.

use super::super::heap::{self, PAGE};
use super::super::mman::{mprotect, munmap, take};
use core::ops::Range;

/// POSIX's `PTHREAD_STACK_MIN`, in bytes.
pub const LEAST: usize = 16_384;
const MARK: u64 = 0x6465_6e64_206b_6361;

/// A stack's bytes, and how its end is found.
#[derive(Clone, Copy)]
pub struct Stack {
    /// The lowest address, of the guard page where there is one.
    start: usize,
    /// The end, from which it grows down.
    pub(super) top: usize,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// A page that faults.
    Guard,
    /// A word that changes.
    Mark,
    /// The program's own memory, or the first thread's stack, which the core guards.
    Foreign,
}

/// What a stack has where the program asks for nothing: a 256th of memory, 64 KiB to 8 MiB. All of it is memory from the
/// start, because no page comes by itself.
pub fn default_size() -> usize {
    (heap::total() / 256).clamp(64 << 10, 8 << 20) & !(PAGE - 1)
}

impl Stack {
    /// One of `size` bytes; none where memory ends.
    pub(super) fn new(size: usize) -> Option<Stack> {
        let size = size.checked_next_multiple_of(PAGE)?.checked_add(PAGE)?;
        let start = take(size, PAGE)?;
        let end = if mprotect(pointer(start).cast(), PAGE, 0) == 0 {
            End::Guard
        } else {
            // SAFETY: the lowest word of the new pages.
            unsafe { pointer(start).write(MARK) };
            End::Mark
        };
        Some(Stack {
            start,
            top: start + size,
            end,
        })
    }

    /// One in memory of the program's own, which it takes care of.
    pub(super) const fn foreign(range: Range<usize>) -> Stack {
        Stack {
            start: range.start,
            top: range.end & !15,
            end: End::Foreign,
        }
    }

    /// The bytes that a program may use.
    pub(super) fn usable(&self) -> Range<usize> {
        let guard = usize::from(self.end == End::Guard) * PAGE;
        self.start + guard..self.top
    }

    /// Does this address lie in the guard page?
    pub(super) fn guards(&self, address: usize) -> bool {
        self.end == End::Guard && (self.start..self.start + PAGE).contains(&address)
    }

    /// Is what is below the stack as it was?
    pub(super) fn is_whole(&self) -> bool {
        // SAFETY: the lowest word of the stack's own pages.
        self.end != End::Mark || unsafe { pointer(self.start).read_volatile() } == MARK
    }

    /// Gives it back. Nobody runs on it.
    pub(super) fn free(self) {
        if self.end != End::Foreign {
            // SAFETY: the stack's own pages, of a thread that has ended.
            unsafe { munmap(pointer(self.start).cast(), self.top - self.start) };
        }
    }
}

fn pointer(address: usize) -> *mut u64 {
    core::ptr::with_exposed_provenance_mut(address)
}

/// The bytes of a thread's stack, as `pthread_getattr_np` tells them, and whether the thread is detached; the first
/// thread's as far as libc knows them.
pub fn bounds_of(id: u64) -> Option<(Range<usize>, bool)> {
    let thread = super::find(id)?;
    if thread.function.is_none() {
        let (low, high) = super::super::unistd::stack();
        return Some((low..high, thread.detached));
    }
    Some((thread.stack.usable(), thread.detached))
}

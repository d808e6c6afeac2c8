// SPDX-License-Identifier: ISC
//! The stack that handlers run on (POSIX's `sigaltstack`), one for each thread.

use super::super::errno::{EINVAL, ENOMEM, fail};
use super::super::platform::{Cell, Part, crash};

/// glibc's `stack_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Stack {
    start: usize,
    flags: i32,
    size: usize,
}

const SS_DISABLE: i32 = 2;
const LEAST_STACK: usize = 2048;
pub(super) static STACK: Cell<Stack> = Cell::new(Stack::NONE);

impl Stack {
    pub(super) const NONE: Stack = Stack {
        start: 0,
        flags: SS_DISABLE,
        size: 0,
    };

    /// Where it ends, if it is there to be used.
    pub(super) fn end(&self) -> Option<usize> {
        (self.flags & SS_DISABLE == 0 && self.size != 0).then(|| self.start + self.size)
    }

    pub(super) fn contains(&self, address: usize) -> bool {
        (self.start..self.start + self.size).contains(&address)
    }
}

/// Does the thread run on its alternate stack, below which the core holds a fault?
pub(in super::super) fn is_in_handler() -> bool {
    let here = 0u8;
    STACK.get().contains((&raw const here).addr())
}

/// Ends the domain if it does: whoever waits there would have the next fault overwrite this one.
pub(in super::super) fn must_not_be_in_handler(function: &str) {
    if is_in_handler() {
        crash(&[
            Part::Text(function),
            Part::Text(": would wait in the handler of a fault"),
        ]);
    }
}

/// POSIX's `sigaltstack`.
///
/// # Safety
/// Both pointers must be NULL or valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigaltstack(new: *const Stack, old: *mut Stack) -> i32 {
    let before = STACK.get();
    if !new.is_null() {
        // SAFETY: readable, as the caller vouches.
        let new = unsafe { *new };
        if new.flags & !SS_DISABLE != 0 {
            return fail(EINVAL);
        }
        if new.flags == 0 && new.size < LEAST_STACK {
            return fail(ENOMEM);
        }
        STACK.set(new);
    }
    if !old.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe { *old = before };
    }
    0
}

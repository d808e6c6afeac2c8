// SPDX-License-Identifier: ISC
//! errno.h (C11 7.5): one error number, in glibc's place for it.

use super::platform::Cell;
pub use libc_core::errno::*;

static ERRNO: Cell<i32> = Cell::new(0);

/// Where `errno` lies.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __errno_location() -> *mut i32 {
    ERRNO.as_ptr()
}

/// Sets `errno`.
pub fn set_errno(number: i32) {
    ERRNO.set(number);
}

/// Reads `errno`.
pub fn errno() -> i32 {
    ERRNO.get()
}

/// Sets `errno` and returns -1, as a failing function does.
pub fn fail(number: i32) -> i32 {
    ERRNO.set(number);
    -1
}

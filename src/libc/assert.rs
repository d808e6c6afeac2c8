// SPDX-License-Identifier: ISC
//! assert.h (C11 7.2): what a failed assertion calls, under glibc's names.

use super::platform::{Part, crash};
use super::string::bytes;

/// Says which assertion failed where, and crashes the domain.
///
/// # Safety
/// The texts must be terminated; `function` may be NULL.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __assert_fail(
    assertion: *const u8,
    file: *const u8,
    line: u32,
    function: *const u8,
) -> ! {
    // SAFETY: terminated, as the caller vouches.
    let (assertion, file) = unsafe { (bytes(assertion), bytes(file)) };
    let function = if function.is_null() {
        b"?"
    } else {
        // SAFETY: terminated, as the caller vouches.
        unsafe { bytes(function) }
    };
    crash(&[
        Part::Bytes(file),
        Part::Text(":"),
        Part::Decimal(line.into()),
        Part::Text(": "),
        Part::Bytes(function),
        Part::Text(": Assertion `"),
        Part::Bytes(assertion),
        Part::Text("' failed."),
    ])
}

/// As [`__assert_fail`], for glibc's `assert_perror`.
///
/// # Safety
/// As for [`__assert_fail`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __assert_perror_fail(
    error: i32,
    file: *const u8,
    line: u32,
    function: *const u8,
) -> ! {
    // SAFETY: the same contract.
    unsafe { __assert_fail(super::string::strerror(error), file, line, function) }
}

/// BSD's `__assert`.
///
/// # Safety
/// As for [`__assert_fail`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __assert(assertion: *const u8, file: *const u8, line: i32) -> ! {
    // SAFETY: the same contract.
    unsafe { __assert_fail(assertion, file, line as u32, core::ptr::null()) }
}

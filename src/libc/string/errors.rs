// SPDX-License-Identifier: ISC
//! Texts of errors and signals (C11 7.24.6.2, POSIX).

use super::super::errno::{EINVAL, ERANGE, error_text, signal_text};
use super::super::platform::Cell;

/// Room for "Unknown error -2147483648".
static UNKNOWN: Cell<[u8; 40]> = Cell::new([0; 40]);

/// Copies `prefix` and `number` with their NUL into `buffer`, cut to fit; says if they fitted.
fn unknown(prefix: &[u8], number: i32, buffer: &mut [u8]) -> bool {
    let mut digits = [0; 12];
    let mut at = digits.len() - 1;
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    let all = prefix.iter().chain(&digits[at..]);
    let needed = prefix.len() + digits.len() - at;
    let room = buffer.len();
    for (to, from) in buffer.iter_mut().zip(all) {
        *to = *from;
    }
    if let (true, Some(last)) = (needed > room, buffer.last_mut()) {
        *last = 0;
    }
    needed <= room
}

/// The text of an error number with its NUL, also for numbers that mean nothing.
pub(in super::super) fn strerror_text(number: i32) -> &'static [u8] {
    match error_text(number) {
        Some(text) => text.as_bytes(),
        None => unknown_text(b"Unknown error ", number),
    }
}

fn unknown_text(prefix: &[u8], number: i32) -> &'static [u8] {
    // SAFETY: the cell is valid, and the text stays until the next call, as C says of strerror.
    let buffer = unsafe { &mut *UNKNOWN.as_ptr() };
    unknown(prefix, number, buffer);
    buffer
}

/// C's `strerror`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn strerror(number: i32) -> *const u8 {
    strerror_text(number).as_ptr()
}

/// GNU's `strerror_r`, which string.h declares for C code that defines `_GNU_SOURCE`.
///
/// # Safety
/// The buffer must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strerror_r(number: i32, buffer: *mut u8, size: usize) -> *const u8 {
    match error_text(number) {
        Some(text) => text.as_ptr(),
        None => {
            // SAFETY: the buffer is writable.
            unknown(b"Unknown error ", number, unsafe {
                core::slice::from_raw_parts_mut(buffer, size)
            });
            buffer
        }
    }
}

/// POSIX's `strerror_r`, under the name that glibc's headers give it.
///
/// # Safety
/// The buffer must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __xpg_strerror_r(number: i32, buffer: *mut u8, size: usize) -> i32 {
    // SAFETY: the buffer is writable.
    let buffer = unsafe { core::slice::from_raw_parts_mut(buffer, size) };
    let Some(text) = error_text(number) else {
        unknown(b"Unknown error ", number, buffer);
        return EINVAL;
    };
    for (to, from) in buffer.iter_mut().zip(text.as_bytes()) {
        *to = *from;
    }
    if text.len() > size {
        if let Some(last) = buffer.last_mut() {
            *last = 0;
        }
        return ERANGE;
    }
    0
}

/// POSIX's `strsignal`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn strsignal(number: i32) -> *const u8 {
    signal_text(number)
        .map_or_else(|| unknown_text(b"Unknown signal ", number), str::as_bytes)
        .as_ptr()
}

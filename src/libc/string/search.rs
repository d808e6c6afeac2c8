// SPDX-License-Identifier: ISC
//! Searching in strings, and taking them apart (C11 7.24.5, POSIX, GNU).

use super::super::memory::strlen;
use super::super::platform::Cell;
use super::bytes;
use core::ptr::{null, null_mut};

/// C's `strchr`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strchr(text: *const u8, byte: i32) -> *const u8 {
    // SAFETY: C's contract.
    unsafe {
        let found = strchrnul(text, byte);
        if *found == byte as u8 { found } else { null() }
    }
}

/// GNU's `strchrnul`: as `strchr`, and returns the end where there is none.
///
/// # Safety
/// C's contract for `strchr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strchrnul(text: *const u8, byte: i32) -> *const u8 {
    let mut at = text;
    // SAFETY: the same contract: nothing is read past the NUL.
    unsafe {
        while *at != 0 && *at != byte as u8 {
            at = at.add(1);
        }
    }
    at
}

/// C's `strrchr`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strrchr(text: *const u8, byte: i32) -> *const u8 {
    // SAFETY: C's contract; the NUL counts as part of the string.
    unsafe { super::super::memory::memrchr(text, byte, strlen(text) + 1) }
}

/// BSD's `index`.
///
/// # Safety
/// C's contract for `strchr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn index(text: *const u8, byte: i32) -> *const u8 {
    // SAFETY: the same contract.
    unsafe { strchr(text, byte) }
}

/// BSD's `rindex`.
///
/// # Safety
/// C's contract for `strrchr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rindex(text: *const u8, byte: i32) -> *const u8 {
    // SAFETY: the same contract.
    unsafe { strrchr(text, byte) }
}

/// How many leading bytes of `text` are in `set`, or are not.
unsafe fn span(text: *const u8, set: *const u8, wanted: bool) -> usize {
    // SAFETY: C's contract: both are terminated.
    unsafe {
        let set = bytes(set);
        let mut table = [0u32; 8];
        for &byte in set {
            table[usize::from(byte >> 5)] |= 1 << (byte & 31);
        }
        let mut at = 0;
        loop {
            let byte = *text.add(at);
            let found = table[usize::from(byte >> 5)] >> (byte & 31) & 1 != 0;
            if byte == 0 || found != wanted {
                return at;
            }
            at += 1;
        }
    }
}

/// C's `strspn`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strspn(text: *const u8, set: *const u8) -> usize {
    // SAFETY: C's contract.
    unsafe { span(text, set, true) }
}

/// C's `strcspn`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strcspn(text: *const u8, set: *const u8) -> usize {
    // SAFETY: C's contract.
    unsafe { span(text, set, false) }
}

/// C's `strpbrk`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strpbrk(text: *const u8, set: *const u8) -> *const u8 {
    // SAFETY: C's contract.
    unsafe {
        let found = text.add(strcspn(text, set));
        if *found == 0 { null() } else { found }
    }
}

/// C's `strstr`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strstr(text: *const u8, needle: *const u8) -> *const u8 {
    // SAFETY: C's contract.
    unsafe {
        let found = libc_core::find::find(bytes(text), bytes(needle));
        found.map_or(null(), |at| text.add(at))
    }
}

/// GNU's `strcasestr`.
///
/// # Safety
/// C's contract for `strstr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strcasestr(text: *const u8, needle: *const u8) -> *const u8 {
    // SAFETY: the same contract.
    unsafe {
        let (text_bytes, needle) = (bytes(text), bytes(needle));
        if needle.is_empty() {
            return text;
        }
        let found = text_bytes
            .windows(needle.len())
            .position(|w| w.eq_ignore_ascii_case(needle));
        found.map_or(null(), |at| text.add(at))
    }
}

/// POSIX's `strtok_r`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strtok_r(text: *mut u8, set: *const u8, rest: *mut *mut u8) -> *mut u8 {
    // SAFETY: POSIX's contract.
    unsafe {
        let start = if text.is_null() { *rest } else { text };
        if start.is_null() {
            return null_mut();
        }
        let start = start.add(strspn(start, set));
        let end = start.add(strcspn(start, set));
        if start == end {
            *rest = end;
            return null_mut();
        }
        if *end == 0 {
            *rest = end;
        } else {
            *end = 0;
            *rest = end.add(1);
        }
        start
    }
}

/// glibc's internal name of [`strtok_r`].
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __strtok_r(text: *mut u8, set: *const u8, rest: *mut *mut u8) -> *mut u8 {
    // SAFETY: POSIX's contract.
    unsafe { strtok_r(text, set, rest) }
}

/// C's `strtok`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strtok(text: *mut u8, set: *const u8) -> *mut u8 {
    static REST: Cell<*mut u8> = Cell::new(null_mut());
    // SAFETY: C's contract; the cell is valid.
    unsafe { strtok_r(text, set, REST.as_ptr()) }
}

/// BSD's `strsep`.
///
/// # Safety
/// BSD's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strsep(rest: *mut *mut u8, set: *const u8) -> *mut u8 {
    // SAFETY: BSD's contract.
    unsafe {
        let start = *rest;
        if start.is_null() {
            return null_mut();
        }
        let end = start.add(strcspn(start, set));
        if *end == 0 {
            *rest = null_mut();
        } else {
            *end = 0;
            *rest = end.add(1);
        }
        start
    }
}

// SPDX-License-Identifier: ISC
//! string.h and strings.h (C11 7.24, POSIX, GNU) without the `mem*` functions, in the "C" locale.

mod errors;
mod search;

pub use errors::*;
#[cfg_attr(not(test), expect(unused_imports, reason = "for C alone"))]
pub use search::*;

use super::malloc::malloc;
use super::memory::{length, memcpy, memset, strlen};
use core::cmp::Ordering;
use core::slice::from_raw_parts;

/// The bytes of a C string without its NUL.
///
/// # Safety
/// `text` must be a terminated string that outlives the slice.
pub(super) unsafe fn bytes<'a>(text: *const u8) -> &'a [u8] {
    // SAFETY: the string is readable up to its NUL.
    unsafe { from_raw_parts(text, strlen(text)) }
}

fn sign(order: Ordering) -> i32 {
    order as i32
}

/// Compares two strings over at most `most` bytes, each byte passed through `map`.
unsafe fn compare(a: *const u8, b: *const u8, most: usize, map: fn(u8) -> u8) -> i32 {
    // SAFETY: C's contract: both are readable up to their NUL or `most`, whichever comes first.
    unsafe {
        for at in 0..most {
            let (x, y) = (map(*a.add(at)), map(*b.add(at)));
            if x != y || x == 0 {
                return i32::from(x) - i32::from(y);
            }
        }
    }
    0
}

fn same(byte: u8) -> u8 {
    byte
}

fn lower(byte: u8) -> u8 {
    byte.to_ascii_lowercase()
}

/// C's `strcmp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strcmp(a: *const u8, b: *const u8) -> i32 {
    let mut at = 0;
    // SAFETY: C's contract: both are terminated.
    unsafe {
        loop {
            let (x, y) = (*a.add(at), *b.add(at));
            if x != y || x == 0 {
                return i32::from(x) - i32::from(y);
            }
            at += 1;
        }
    }
}

/// C's `strncmp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strncmp(a: *const u8, b: *const u8, most: usize) -> i32 {
    // SAFETY: C's contract.
    unsafe { compare(a, b, most, same) }
}

/// POSIX's `strcasecmp`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strcasecmp(a: *const u8, b: *const u8) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { compare(a, b, usize::MAX, lower) }
}

/// POSIX's `strncasecmp`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strncasecmp(a: *const u8, b: *const u8, most: usize) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { compare(a, b, most, lower) }
}

/// C's `strcoll`: in the "C" locale the order of bytes.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strcoll(a: *const u8, b: *const u8) -> i32 {
    // SAFETY: C's contract.
    unsafe { strcmp(a, b) }
}

/// C's `strxfrm`: in the "C" locale a copy.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strxfrm(to: *mut u8, from: *const u8, size: usize) -> usize {
    // SAFETY: C's contract.
    unsafe {
        let all = strlen(from);
        if size > 0 {
            memcpy(to, from, (all + 1).min(size));
        }
        all
    }
}

/// POSIX's `strnlen`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strnlen(text: *const u8, most: usize) -> usize {
    // SAFETY: POSIX's contract.
    unsafe { length(text, most) }
}

/// C's `strcpy`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strcpy(to: *mut u8, from: *const u8) -> *mut u8 {
    // SAFETY: C's contract.
    unsafe { memcpy(to, from, strlen(from) + 1) }
}

/// POSIX's `stpcpy`: as `strcpy`, and returns where the NUL lies.
///
/// # Safety
/// C's contract for `strcpy`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn stpcpy(to: *mut u8, from: *const u8) -> *mut u8 {
    // SAFETY: the same contract.
    unsafe {
        let size = strlen(from);
        memcpy(to, from, size + 1).add(size)
    }
}

/// POSIX's `stpncpy`.
///
/// # Safety
/// C's contract for `strncpy`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn stpncpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    // SAFETY: the same contract.
    unsafe {
        let used = length(from, size);
        memcpy(to, from, used);
        memset(to.add(used), 0, size - used)
    }
}

/// C's `strncpy`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strncpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    // SAFETY: C's contract.
    unsafe { stpncpy(to, from, size) };
    to
}

/// BSD's `strlcpy`: always terminates, and returns the length it wanted.
///
/// # Safety
/// `from` must be terminated, and `to` have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strlcpy(to: *mut u8, from: *const u8, size: usize) -> usize {
    // SAFETY: the contract above.
    unsafe {
        let all = strlen(from);
        if size > 0 {
            let used = all.min(size - 1);
            memcpy(to, from, used);
            *to.add(used) = 0;
        }
        all
    }
}

/// BSD's `strlcat`.
///
/// # Safety
/// `from` must be terminated, and `to` have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strlcat(to: *mut u8, from: *const u8, size: usize) -> usize {
    // SAFETY: the contract above.
    unsafe {
        let used = length(to, size);
        used + strlcpy(to.add(used), from, size - used)
    }
}

/// C's `strcat`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strcat(to: *mut u8, from: *const u8) -> *mut u8 {
    // SAFETY: C's contract.
    unsafe { strcpy(to.add(strlen(to)), from) };
    to
}

/// C's `strncat`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strncat(to: *mut u8, from: *const u8, most: usize) -> *mut u8 {
    // SAFETY: C's contract.
    unsafe {
        let end = to.add(strlen(to));
        let used = length(from, most);
        memcpy(end, from, used);
        *end.add(used) = 0;
    }
    to
}

/// POSIX's `strndup`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strndup(text: *const u8, most: usize) -> *mut u8 {
    // SAFETY: POSIX's contract; the block is one longer than the text.
    unsafe {
        let size = length(text, most);
        let copy = malloc(size + 1);
        if !copy.is_null() {
            memcpy(copy, text, size);
            *copy.add(size) = 0;
        }
        copy
    }
}

/// POSIX's `strdup`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strdup(text: *const u8) -> *mut u8 {
    // SAFETY: POSIX's contract.
    unsafe { strndup(text, usize::MAX - 1) }
}

/// glibc's internal name of [`strdup`].
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __strdup(text: *const u8) -> *mut u8 {
    // SAFETY: POSIX's contract.
    unsafe { strdup(text) }
}

/// glibc's internal name of [`strndup`].
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __strndup(text: *const u8, most: usize) -> *mut u8 {
    // SAFETY: POSIX's contract.
    unsafe { strndup(text, most) }
}

/// GNU's `strverscmp`: runs of digits compare as numbers, those with leading zeros as fractions.
///
/// # Safety
/// Both must be terminated.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strverscmp(a: *const u8, b: *const u8) -> i32 {
    /// What of a run of digits lies before the first difference.
    #[derive(PartialEq)]
    enum Run {
        None,
        Zeros,
        Fraction,
        Number,
    }
    // SAFETY: both are terminated.
    let (a, b) = unsafe { (bytes(a), bytes(b)) };
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (common, a, b) = (&a[..same], &a[same..], &b[same..]);
    let mut run = Run::None;
    for &byte in common {
        run = match (byte, run) {
            (b'0', Run::None | Run::Zeros) => Run::Zeros,
            (b'0'..=b'9', Run::Zeros | Run::Fraction) => Run::Fraction,
            (b'0'..=b'9', _) => Run::Number,
            _ => Run::None,
        };
    }
    let (x, y) = (
        a.first().copied().unwrap_or(0),
        b.first().copied().unwrap_or(0),
    );
    let order = i32::from(x) - i32::from(y);
    let (digit_x, digit_y) = (x.is_ascii_digit(), y.is_ascii_digit());
    match run {
        // More zeros after the point are less, as more zeros in front are.
        Run::Zeros if digit_x != digit_y => sign(digit_y.cmp(&digit_x)),
        Run::Zeros | Run::Fraction => order,
        Run::None if !digit_x || !digit_y || x == b'0' || y == b'0' => order,
        Run::Number if !digit_x && !digit_y => order,
        // The number with more digits is greater.
        _ => {
            let length = |s: &[u8]| s.iter().take_while(|c| c.is_ascii_digit()).count();
            match length(a).cmp(&length(b)) {
                Ordering::Equal => order,
                longer => sign(longer),
            }
        }
    }
}

/// POSIX's `ffs`: the lowest bit set, counted from 1.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ffs(value: i32) -> i32 {
    if value == 0 {
        0
    } else {
        value.trailing_zeros() as i32 + 1
    }
}

/// GNU's `ffsl`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ffsl(value: i64) -> i32 {
    if value == 0 {
        0
    } else {
        value.trailing_zeros() as i32 + 1
    }
}

/// GNU's `ffsll`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ffsll(value: i64) -> i32 {
    ffsl(value)
}

/// POSIX's `swab`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn swab(from: *const u8, to: *mut u8, size: isize) {
    for pair in 0..size.max(0) as usize / 2 {
        // SAFETY: POSIX's contract: both have `size` bytes and do not overlap.
        unsafe {
            *to.add(2 * pair) = *from.add(2 * pair + 1);
            *to.add(2 * pair + 1) = *from.add(2 * pair);
        }
    }
}

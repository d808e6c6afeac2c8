// SPDX-License-Identifier: ISC
//! string.h and strings.h (C11 7.24, POSIX, GNU) without the `mem*` functions, in the "C" locale.

use super::errno::{EINVAL, ERANGE, error_text, signal_text};
use super::malloc::malloc;
use super::memory::{length, memcpy, memset, strlen};
use super::platform::Cell;
use core::cmp::Ordering;
use core::ptr::{null, null_mut};
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
    unsafe { super::memory::memrchr(text, byte, strlen(text) + 1) }
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
pub(super) fn strerror_text(number: i32) -> &'static [u8] {
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

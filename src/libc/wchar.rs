// SPDX-License-Identifier: ISC
//! wchar.h (C11 7.29) as far as strings and conversion go. In the "C" locale a character is a byte, and
//! only ASCII has wide characters.

use super::errno::{EILSEQ, set_errno};
use super::memory::{memcpy, memmove};
use core::ptr::null_mut;

const ILLEGAL: usize = usize::MAX;
const INCOMPLETE: usize = usize::MAX - 1;

fn illegal() -> usize {
    set_errno(EILSEQ);
    ILLEGAL
}

/// C's `mbrtowc`; there are no states.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mbrtowc(
    to: *mut u32,
    text: *const u8,
    size: usize,
    _state: *mut u64,
) -> usize {
    if text.is_null() {
        return 0;
    }
    if size == 0 {
        return INCOMPLETE;
    }
    // SAFETY: C's contract: a readable byte.
    let byte = unsafe { *text };
    if !byte.is_ascii() {
        return illegal();
    }
    if !to.is_null() {
        // SAFETY: C's contract.
        unsafe { *to = byte.into() };
    }
    usize::from(byte != 0)
}

/// C's `mbtowc`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mbtowc(to: *mut u32, text: *const u8, size: usize) -> i32 {
    // SAFETY: C's contract. An incomplete character is an error here.
    unsafe { mbrtowc(to, text, size, null_mut()) as i32 }.max(-1)
}

/// C's `mbrlen`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mbrlen(text: *const u8, size: usize, state: *mut u64) -> usize {
    // SAFETY: C's contract.
    unsafe { mbrtowc(null_mut(), text, size, state) }
}

/// C's `mbsinit`: always in the initial state.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mbsinit(_state: *const u64) -> i32 {
    1
}

/// C's `wcrtomb`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcrtomb(to: *mut u8, wide: u32, _state: *mut u64) -> usize {
    if to.is_null() {
        return 1;
    }
    if wide >= 128 {
        return illegal();
    }
    // SAFETY: C's contract.
    unsafe { *to = wide as u8 };
    1
}

/// C's `wctomb`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wctomb(to: *mut u8, wide: u32) -> i32 {
    if to.is_null() {
        return 0;
    }
    // SAFETY: C's contract.
    unsafe { wcrtomb(to, wide, null_mut()) as i32 }
}

/// C's `btowc`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn btowc(byte: i32) -> u32 {
    if (0..128).contains(&byte) {
        byte as u32
    } else {
        u32::MAX
    }
}

/// C's `wctob`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn wctob(wide: u32) -> i32 {
    if wide < 128 { wide as i32 } else { -1 }
}

/// Converts a text, or counts its characters where `to` is null: how many, without the NUL, which ends it before `most` do.
/// `from` is moved to what is left, null where nothing is.
///
/// # Safety
/// A terminated text, and `most` writable characters, unless null.
#[inline(never)]
unsafe fn convert<From: Copy + Into<u32>, To: core::convert::From<u8>>(
    to: *mut To,
    from: *mut *const From,
    most: usize,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let mut count = 0;
        while to.is_null() || count < most {
            let at = (*from).add(count);
            let Some(byte) = u8::try_from((*at).into()).ok().filter(u8::is_ascii) else {
                if !to.is_null() {
                    *from = at;
                }
                return illegal();
            };
            if !to.is_null() {
                to.add(count).write(byte.into());
            }
            if byte == 0 {
                if !to.is_null() {
                    *from = core::ptr::null();
                }
                return count;
            }
            count += 1;
        }
        *from = (*from).add(count);
        count
    }
}

/// C's `mbsrtowcs`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mbsrtowcs(
    to: *mut u32,
    from: *mut *const u8,
    most: usize,
    _state: *mut u64,
) -> usize {
    // SAFETY: C's contract: a terminated text and `most` wide characters.
    unsafe { convert(to, from, most) }
}

/// C's `mbstowcs`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mbstowcs(to: *mut u32, from: *const u8, most: usize) -> usize {
    let mut from = from;
    // SAFETY: C's contract.
    unsafe { mbsrtowcs(to, &raw mut from, most, null_mut()) }
}

/// C's `wcsrtombs`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcsrtombs(
    to: *mut u8,
    from: *mut *const u32,
    most: usize,
    _state: *mut u64,
) -> usize {
    // SAFETY: C's contract: a terminated text and `most` bytes.
    unsafe { convert(to, from, most) }
}

/// C's `wcstombs`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcstombs(to: *mut u8, from: *const u32, most: usize) -> usize {
    let mut from = from;
    // SAFETY: C's contract.
    unsafe { wcsrtombs(to, &raw mut from, most, null_mut()) }
}

/// POSIX's `wcsnlen`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcsnlen(text: *const u32, most: usize) -> usize {
    let mut count = 0;
    // SAFETY: POSIX's contract: readable up to its NUL or `most`.
    while count < most && unsafe { *text.add(count) } != 0 {
        count += 1;
    }
    count
}

/// C's `wcslen`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcslen(text: *const u32) -> usize {
    // SAFETY: C's contract.
    unsafe { wcsnlen(text, usize::MAX) }
}

/// C's `wcscpy`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcscpy(to: *mut u32, from: *const u32) -> *mut u32 {
    // SAFETY: C's contract.
    unsafe { wmemcpy(to, from, wcslen(from) + 1) }
}

unsafe fn compare(a: *const u32, b: *const u32, most: usize, ends: bool) -> i32 {
    for at in 0..most {
        // SAFETY: C's contract: both are readable up to their NUL or `most`.
        let (x, y) = unsafe { (*a.add(at), *b.add(at)) };
        if x != y {
            // wchar_t is signed.
            return if (x as i32) < (y as i32) { -1 } else { 1 };
        }
        if ends && x == 0 {
            return 0;
        }
    }
    0
}

/// C's `wcscmp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcscmp(a: *const u32, b: *const u32) -> i32 {
    // SAFETY: C's contract.
    unsafe { compare(a, b, usize::MAX, true) }
}

/// C's `wcsncmp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcsncmp(a: *const u32, b: *const u32, most: usize) -> i32 {
    // SAFETY: C's contract.
    unsafe { compare(a, b, most, true) }
}

/// C's `wmemcmp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wmemcmp(a: *const u32, b: *const u32, size: usize) -> i32 {
    // SAFETY: C's contract.
    unsafe { compare(a, b, size, false) }
}

/// C's `wmemchr`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wmemchr(text: *const u32, wide: u32, size: usize) -> *const u32 {
    for at in 0..size {
        // SAFETY: C's contract; nothing is read past a match.
        unsafe {
            if *text.add(at) == wide {
                return text.add(at);
            }
        }
    }
    core::ptr::null()
}

/// C's `wcschr`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wcschr(text: *const u32, wide: u32) -> *const u32 {
    // SAFETY: C's contract; the NUL counts as part of the text.
    unsafe { wmemchr(text, wide, wcslen(text) + 1) }
}

/// C's `wmemcpy`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wmemcpy(to: *mut u32, from: *const u32, size: usize) -> *mut u32 {
    // SAFETY: C's contract.
    unsafe { memcpy(to.cast(), from.cast(), 4 * size).cast() }
}

/// C's `wmemmove`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wmemmove(to: *mut u32, from: *const u32, size: usize) -> *mut u32 {
    // SAFETY: C's contract.
    unsafe { memmove(to.cast(), from.cast(), 4 * size).cast() }
}

/// C's `wmemset`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn wmemset(to: *mut u32, wide: u32, size: usize) -> *mut u32 {
    for at in 0..size {
        // SAFETY: C's contract.
        unsafe { *to.add(at) = wide };
    }
    to
}

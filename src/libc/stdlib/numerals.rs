// SPDX-License-Identifier: ISC
//! Reading numbers: the strtol and strtod families (C11 7.22.1, 7.8.2).

use super::super::errno::{EINVAL, ERANGE, set_errno};
use super::super::stdio::scanf::CString;
use core::ptr::null_mut;
use libc_core::number::{self, Float, Integer, Kind, Source};
use libc_core::quick;
use libc_core::real::X87;

/// Skips white space and returns where the number begins.
unsafe fn skip_space(text: *const u8) -> *const u8 {
    let mut at = CString(text);
    while at.peek().is_some_and(|b| matches!(b, b' ' | b'\t'..=b'\r')) {
        at.advance();
    }
    at.0
}

/// Tells C where a number ended.
unsafe fn tell(end: *mut *const u8, text: *const u8, start: *const u8, valid: usize) {
    if !end.is_null() {
        // SAFETY: C's contract: `end` is writable; `valid` bytes were read from `start`.
        unsafe { *end = if valid == 0 { text } else { start.add(valid) } };
    }
}

/// The beginning of a text with its NUL, as much of it as lies in the page: enough for nearly every numeral.
unsafe fn window<'a>(text: *const u8) -> &'a [u8] {
    // SAFETY: a text begins here, so its page is readable to the end; who looks stops at the NUL.
    unsafe { core::slice::from_raw_parts(text, 4096 - (text.addr() & 4095)) }
}

unsafe fn integer(text: *const u8, end: *mut *const u8, base: i32, binary: bool) -> Integer {
    // SAFETY: C's contract: a terminated text.
    unsafe {
        if base < 0 || base == 1 || base > 36 {
            set_errno(EINVAL);
            tell(end, text, text, 0);
            return Integer {
                magnitude: 0,
                overflow: false,
                negative: false,
                valid: 0,
                taken: 0,
            };
        }
        let start = skip_space(text);
        if base == 10
            && let Some(found) = quick::integer(window(start))
        {
            tell(end, text, start, found.length);
            return Integer {
                magnitude: found.value,
                overflow: false,
                negative: *start == b'-',
                valid: found.length,
                taken: found.length,
            };
        }
        let number = number::integer(&mut CString(start), base as u32, binary);
        tell(end, text, start, number.valid);
        number
    }
}

unsafe fn signed(text: *const u8, end: *mut *const u8, base: i32, binary: bool) -> i64 {
    // SAFETY: C's contract.
    let (value, range) = unsafe { integer(text, end, base, binary) }.signed();
    if range {
        set_errno(ERANGE);
    }
    value
}

unsafe fn unsigned(text: *const u8, end: *mut *const u8, base: i32, binary: bool) -> u64 {
    // SAFETY: C's contract.
    let (value, range) = unsafe { integer(text, end, base, binary) }.unsigned();
    if range {
        set_errno(ERANGE);
    }
    value
}

macro_rules! integers {
    ($($name:ident -> $type:ty = $reader:ident, $binary:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: `long` and `long long` are the same here.")]
            ///
            /// # Safety
            /// C's contract.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub unsafe extern "C" fn $name(text: *const u8, end: *mut *const u8, base: i32) -> $type {
                // SAFETY: C's contract.
                unsafe { $reader(text, end, base, $binary) }
            }
        )*
    };
}

integers! {
    strtol -> i64 = signed, false;
    strtoll -> i64 = signed, false;
    strtoimax -> i64 = signed, false;
    strtoq -> i64 = signed, false;
    strtoul -> u64 = unsigned, false;
    strtoull -> u64 = unsigned, false;
    strtoumax -> u64 = unsigned, false;
    strtouq -> u64 = unsigned, false;
    __isoc23_strtol -> i64 = signed, true;
    __isoc23_strtoll -> i64 = signed, true;
    __isoc23_strtoimax -> i64 = signed, true;
    __isoc23_strtoul -> u64 = unsigned, true;
    __isoc23_strtoull -> u64 = unsigned, true;
    __isoc23_strtoumax -> u64 = unsigned, true;
}

/// glibc's `__strtol_internal`, which old inlined code calls.
///
/// # Safety
/// C's contract for `strtol`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __strtol_internal(
    text: *const u8,
    end: *mut *const u8,
    base: i32,
    _group: i32,
) -> i64 {
    // SAFETY: the same contract.
    unsafe { strtol(text, end, base) }
}

/// C's `atoi`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atoi(text: *const u8) -> i32 {
    // SAFETY: C's contract.
    unsafe { strtol(text, null_mut(), 10) as i32 }
}

/// C's `atol`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atol(text: *const u8) -> i64 {
    // SAFETY: C's contract.
    unsafe { strtol(text, null_mut(), 10) }
}

/// C's `atoll`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atoll(text: *const u8) -> i64 {
    // SAFETY: C's contract.
    unsafe { strtol(text, null_mut(), 10) }
}

unsafe fn float(text: *const u8, end: *mut *const u8, kind: Kind) -> Float {
    // SAFETY: C's contract: a terminated text.
    unsafe {
        let start = skip_space(text);
        let number = number::float(&mut CString(start), kind);
        tell(end, text, start, number.valid);
        if number.value.range {
            set_errno(ERANGE);
        }
        number
    }
}

/// C's `strtod`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strtod(text: *const u8, end: *mut *const u8) -> f64 {
    // SAFETY: C's contract: a terminated text.
    unsafe {
        let start = skip_space(text);
        if let Some(found) = quick::double(window(start)) {
            tell(end, text, start, found.length);
            if found.value.range {
                set_errno(ERANGE);
            }
            return f64::from_bits(found.value.to_f64(*start == b'-'));
        }
    }
    // SAFETY: C's contract.
    let number = unsafe { float(text, end, Kind::Double) };
    f64::from_bits(number.value.to_f64(number.negative && number.valid != 0))
}

/// C's `strtof`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strtof(text: *const u8, end: *mut *const u8) -> f32 {
    // SAFETY: C's contract.
    let number = unsafe { float(text, end, Kind::Single) };
    f32::from_bits(number.value.to_f32(number.negative && number.valid != 0))
}

/// What `strtold` computes, before x87.rs puts it into a register of the right kind.
pub(in super::super) unsafe extern "C" fn strtold_fields(
    to: *mut X87,
    text: *const u8,
    end: *mut *const u8,
) {
    // SAFETY: C's contract; `to` is x87.rs's.
    unsafe {
        let number = float(text, end, Kind::Extended);
        *to = number.value.to_x87(number.negative && number.valid != 0);
    }
}

/// C's `atof`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atof(text: *const u8) -> f64 {
    // SAFETY: C's contract.
    unsafe { strtod(text, null_mut()) }
}

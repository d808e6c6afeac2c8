// SPDX-License-Identifier: ISC
//! locale.h (C11 7.11) and langinfo.h: there is the "C" locale, also under the name "POSIX".

use super::errno::{EINVAL, ENOENT, set_errno};
use super::platform::Cell;
use super::string::bytes;
use core::ptr::{null, null_mut};

static NAME: [u8; 2] = *b"C\0";
static EMPTY: [u8; 1] = [0];

fn is_c(name: &[u8]) -> bool {
    matches!(name, b"" | b"C" | b"POSIX")
}

/// C's `setlocale`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn setlocale(category: i32, name: *const u8) -> *const u8 {
    // SAFETY: C's contract: NULL or a terminated name.
    let known = name.is_null() || is_c(unsafe { bytes(name) });
    if (0..=12).contains(&category) && known {
        NAME.as_ptr()
    } else {
        null()
    }
}

/// C's `struct lconv`.
#[repr(C)]
pub struct Conventions {
    texts: [*const u8; 10],
    numbers: [u8; 14],
}

// SAFETY: never changed.
unsafe impl Sync for Conventions {}

static POINT: [u8; 2] = *b".\0";
static CONVENTIONS: Conventions = Conventions {
    texts: {
        let mut texts = [EMPTY.as_ptr(); 10];
        texts[0] = POINT.as_ptr();
        texts
    },
    // CHAR_MAX: not available.
    numbers: [i8::MAX as u8; 14],
};

/// C's `localeconv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn localeconv() -> *const Conventions {
    &raw const CONVENTIONS
}

/// POSIX's `nl_langinfo`: the character set, the decimal point, the names of days and months.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn nl_langinfo(item: i32) -> *const u8 {
    // glibc numbers items by category (upper half) and place in it.
    match item {
        14 => c"ANSI_X3.4-1968".as_ptr().cast(),
        0x10000 => POINT.as_ptr(),
        0x50000 => c"^[yY]".as_ptr().cast(),
        0x50001 => c"^[nN]".as_ptr().cast(),
        0x4000f => c"-".as_ptr().cast(),
        0x20026 => c"AM".as_ptr().cast(),
        0x20027 => c"PM".as_ptr().cast(),
        0x20028 => c"%a %b %e %H:%M:%S %Y".as_ptr().cast(),
        0x20029 => c"%m/%d/%y".as_ptr().cast(),
        0x2002a => c"%H:%M:%S".as_ptr().cast(),
        0x2002b => c"%I:%M:%S %p".as_ptr().cast(),
        0x20000..=0x20025 => name_of_time(item - 0x20000),
        _ => EMPTY.as_ptr(),
    }
}

static TIME_NAME: Cell<[u8; 12]> = Cell::new([0; 12]);

/// Days short (0 to 6) and long (7 to 13), months short (14 to 25) and long (26 to 37).
fn name_of_time(index: i32) -> *const u8 {
    use libc_core::time::{long_day, long_month, short_day, short_month};
    let name = match index {
        0..=6 => short_day(index),
        7..=13 => long_day(index - 7),
        14..=25 => short_month(index - 14),
        _ => long_month(index - 26),
    };
    let mut text = [0; 12];
    for (to, from) in text.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    TIME_NAME.set(text);
    TIME_NAME.as_ptr().cast_const().cast()
}

/// What a `locale_t` points at: glibc's macros read the class tables from it.
#[repr(C)]
pub struct Locale {
    data: [*const u8; 13],
    classes: *const u16,
    lower: *const i32,
    upper: *const i32,
    names: [*const u8; 13],
}

// SAFETY: never changed.
unsafe impl Sync for Locale {}

static LOCALE: Locale = Locale {
    data: [null(); 13],
    classes: &raw const libc_core::ctype::CLASSES[128],
    lower: &raw const libc_core::ctype::LOWER_CASE[128],
    upper: &raw const libc_core::ctype::UPPER_CASE[128],
    names: [NAME.as_ptr(); 13],
};

/// POSIX's `newlocale`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn newlocale(mask: i32, name: *const u8, _base: *mut Locale) -> *mut Locale {
    // SAFETY: POSIX's contract: a terminated name.
    if name.is_null() || mask & !0x1fff != 0 {
        set_errno(EINVAL);
        return null_mut();
    }
    // SAFETY: as above.
    if !is_c(unsafe { bytes(name) }) {
        set_errno(ENOENT);
        return null_mut();
    }
    (&raw const LOCALE).cast_mut()
}

/// POSIX's `duplocale`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn duplocale(_locale: *mut Locale) -> *mut Locale {
    (&raw const LOCALE).cast_mut()
}

/// POSIX's `uselocale`: the one in use is always "C".
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn uselocale(_locale: *mut Locale) -> *mut Locale {
    // LC_GLOBAL_LOCALE
    core::ptr::without_provenance_mut(usize::MAX)
}

/// POSIX's `freelocale`: it was never allocated.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn freelocale(_locale: *mut Locale) {}

macro_rules! with_locale {
    ($($name:ident = $target:path, ($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(
            #[doc = concat!("POSIX's `", stringify!($name), "`: the locale is \"C\".")]
            ///
            /// # Safety
            /// The contract of the function without a locale.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub unsafe extern "C" fn $name($($argument: $type,)* _locale: *mut Locale) -> $result {
                // SAFETY: the same contract.
                #[allow(unused_unsafe, reason = "some of them have no contract")]
                unsafe { $target($($argument),*) }
            }
        )*
    };
}

with_locale! {
    strtod_l = super::stdlib::strtod, (text: *const u8, end: *mut *const u8) -> f64;
    strtof_l = super::stdlib::strtof, (text: *const u8, end: *mut *const u8) -> f32;
    strtol_l = super::stdlib::strtol, (text: *const u8, end: *mut *const u8, base: i32) -> i64;
    strtoul_l = super::stdlib::strtoul, (text: *const u8, end: *mut *const u8, base: i32) -> u64;
    strcoll_l = super::string::strcoll, (a: *const u8, b: *const u8) -> i32;
    strcasecmp_l = super::string::strcasecmp, (a: *const u8, b: *const u8) -> i32;
    strncasecmp_l = super::string::strncasecmp, (a: *const u8, b: *const u8, most: usize) -> i32;
    strxfrm_l = super::string::strxfrm, (to: *mut u8, from: *const u8, size: usize) -> usize;
    strerror_l = super::string::strerror, (number: i32) -> *const u8;
    toupper_l = super::ctype::toupper, (character: i32) -> i32;
    tolower_l = super::ctype::tolower, (character: i32) -> i32;
    nl_langinfo_l = nl_langinfo, (item: i32) -> *const u8;
    strftime_l = super::time::strftime,
        (to: *mut u8, size: usize, format: *const u8, tm: *const super::time::Tm) -> usize;
}

// SPDX-License-Identifier: ISC
//! stdlib.h (C11 7.22) and inttypes.h (7.8) without memory, which malloc has.

mod end;
mod environment;
mod numerals;
mod sort;

pub use end::*;
#[cfg_attr(not(test), expect(unused_imports, reason = "for C alone"))]
pub use environment::*;
pub use numerals::*;
#[cfg_attr(not(test), expect(unused_imports, reason = "for C alone"))]
pub use sort::*;

use super::errno::{ENOENT, fail, set_errno};
use super::platform::Cell;
use core::ptr::null_mut;

/// C's `abs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn abs(value: i32) -> i32 {
    value.wrapping_abs()
}

/// C's `labs`, `llabs` and `imaxabs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn labs(value: i64) -> i64 {
    value.wrapping_abs()
}

/// C's `llabs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn llabs(value: i64) -> i64 {
    value.wrapping_abs()
}

/// C's `imaxabs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn imaxabs(value: i64) -> i64 {
    value.wrapping_abs()
}

/// C's `div_t`.
#[repr(C)]
#[derive(Debug, PartialEq, Eq)]
pub struct Division<T> {
    /// The quotient, rounded towards zero.
    pub quot: T,
    /// The remainder, with the sign of the dividend.
    pub rem: T,
}

/// C's `div`. Dividing by zero traps, as everywhere in C on this processor.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn div(a: i32, b: i32) -> Division<i32> {
    Division {
        quot: a.wrapping_div(b),
        rem: a.wrapping_rem(b),
    }
}

/// C's `ldiv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ldiv(a: i64, b: i64) -> Division<i64> {
    Division {
        quot: a.wrapping_div(b),
        rem: a.wrapping_rem(b),
    }
}

/// C's `lldiv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lldiv(a: i64, b: i64) -> Division<i64> {
    ldiv(a, b)
}

/// C's `imaxdiv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn imaxdiv(a: i64, b: i64) -> Division<i64> {
    ldiv(a, b)
}

/// C's `rand`, by Knuth's linear congruence; not for secrets.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn rand() -> i32 {
    let next = RAND
        .get()
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    RAND.set(next);
    (next >> 33) as i32
}

static RAND: Cell<u64> = Cell::new(1);

/// C's `srand`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn srand(seed: u32) {
    RAND.set(seed.into());
}

/// POSIX's `rand_r`.
///
/// # Safety
/// The seed must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rand_r(seed: *mut u32) -> i32 {
    // SAFETY: writable, as the caller vouches.
    unsafe {
        *seed = (*seed).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // Of a power-of-two congruence only the upper bits are any good; this spreads them.
        let mixed = (*seed ^ *seed >> 15).wrapping_mul(0x2c1b_3c6d);
        ((mixed ^ mixed >> 12) >> 1) as i32
    }
}

/// POSIX's `random`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn random() -> i64 {
    rand().into()
}

/// POSIX's `srandom`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn srandom(seed: u32) {
    srand(seed);
}

/// C's `mblen`: in the "C" locale a character is a byte.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mblen(text: *const u8, size: usize) -> i32 {
    // SAFETY: C's contract.
    unsafe { super::wchar::mbtowc(null_mut(), text, size) }
}

/// POSIX's `getloadavg`: not known.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getloadavg(_to: *mut f64, _count: i32) -> i32 {
    -1
}

/// POSIX's `mkstemp`: there is nowhere to create a file.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mkstemp(_name: *mut u8) -> i32 {
    fail(ENOENT)
}

/// GNU's `mkostemp`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mkostemp(_name: *mut u8, _flags: i32) -> i32 {
    fail(ENOENT)
}

/// POSIX's `mkdtemp`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mkdtemp(_name: *mut u8) -> *mut u8 {
    set_errno(ENOENT);
    null_mut()
}

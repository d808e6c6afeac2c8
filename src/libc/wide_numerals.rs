// SPDX-License-Identifier: ISC
//! Numbers in wide text (C11 7.8.2.4).

use super::errno::{EINVAL, ERANGE, set_errno};
use libc_core::number::{self, Integer, Source};

/// A wide text; what no byte can be is read as one that no numeral has.
struct WideString(*const u32);

impl WideString {
    fn wide(&self) -> u32 {
        // SAFETY: who makes one promises a terminated text, and nobody goes past the terminator.
        unsafe { *self.0 }
    }
}

impl Source for WideString {
    fn peek(&mut self) -> Option<u8> {
        match self.wide() {
            0 => None,
            wide => Some(u8::try_from(wide).unwrap_or(u8::MAX)),
        }
    }

    fn advance(&mut self) {
        if self.wide() != 0 {
            // SAFETY: the terminator follows at the latest.
            self.0 = unsafe { self.0.add(1) };
        }
    }
}

unsafe fn integer(text: *const u32, end: *mut *const u32, base: i32, binary: bool) -> Integer {
    let mut at = WideString(text);
    let valid_base = base == 0 || (2..=36).contains(&base);
    let number = if valid_base {
        while at.peek().is_some_and(|b| matches!(b, b' ' | b'\t'..=b'\r')) {
            at.advance();
        }
        number::integer(&mut WideString(at.0), base as u32, binary)
    } else {
        set_errno(EINVAL);
        Integer {
            magnitude: 0,
            overflow: false,
            negative: false,
            valid: 0,
            taken: 0,
        }
    };
    if !end.is_null() {
        // SAFETY: C's contract: `end` is writable; `valid` characters were read.
        unsafe {
            *end = if number.valid == 0 {
                text
            } else {
                at.0.add(number.valid)
            };
        }
    }
    number
}

macro_rules! integers {
    ($($name:ident -> $type:ty = $reader:ident, $binary:literal;)*) => {
        $(
            #[doc = concat!("C's `", stringify!($name), "`.")]
            ///
            /// # Safety
            /// C's contract.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub unsafe extern "C" fn $name(text: *const u32, end: *mut *const u32, base: i32) -> $type {
                // SAFETY: C's contract.
                let (value, range) = unsafe { integer(text, end, base, $binary) }.$reader();
                if range {
                    set_errno(ERANGE);
                }
                value
            }
        )*
    };
}

integers! {
    wcstoimax -> i64 = signed, false;
    wcstoumax -> u64 = unsigned, false;
    __isoc23_wcstoimax -> i64 = signed, true;
    __isoc23_wcstoumax -> u64 = unsigned, true;
}

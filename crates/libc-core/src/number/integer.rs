// SPDX-License-Identifier: ISC
//! The `strtol` family (C11 7.22.1.4).

use super::{Reader, Source};

/// An integer as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Its magnitude, `u64::MAX` when it is greater.
    pub magnitude: u64,
    /// Was the magnitude greater than 64 bits hold?
    pub overflow: bool,
    /// Was there a minus sign?
    pub negative: bool,
    /// Bytes of the longest prefix that is a number; 0 if none is.
    pub valid: usize,
    /// Bytes taken from the source.
    pub taken: usize,
}

impl Integer {
    /// The value as `strtoll` returns it, and whether it was out of range.
    #[must_use]
    pub fn signed(&self) -> (i64, bool) {
        let limit = i64::MAX as u64 + u64::from(self.negative);
        if self.magnitude > limit {
            return (if self.negative { i64::MIN } else { i64::MAX }, true);
        }
        (
            if self.negative {
                self.magnitude.wrapping_neg()
            } else {
                self.magnitude
            } as i64,
            false,
        )
    }

    /// The value as `strtoull` returns it, and whether it was out of range.
    #[must_use]
    pub fn unsigned(&self) -> (u64, bool) {
        if self.overflow {
            return (u64::MAX, true);
        }
        (
            if self.negative {
                self.magnitude.wrapping_neg()
            } else {
                self.magnitude
            },
            false,
        )
    }
}

/// Reads an integer after white space was skipped. `base` is 0 or 2 to 36; `binary` allows C23's
/// prefix `0b` with base 0 and 2.
pub fn integer(source: &mut dyn Source, base: u32, binary: bool) -> Integer {
    let mut reader = Reader::new(source);
    let negative = reader.sign();
    let mut base = base;
    let mut valid = 0;
    if reader.next == Some(b'0') {
        reader.advance();
        valid = reader.taken;
        if (base == 0 || base == 16) && reader.accept(b'x') {
            base = 16;
        } else if binary && (base == 0 || base == 2) && reader.accept(b'b') {
            base = 2;
        } else if base == 0 {
            base = 8;
        }
    } else if base == 0 {
        base = 10;
    }
    let mut magnitude = 0u64;
    let mut overflow = false;
    while let Some(digit) = reader.digit(base) {
        match magnitude
            .checked_mul(u64::from(base))
            .and_then(|m| m.checked_add(u64::from(digit)))
        {
            Some(sum) if !overflow => magnitude = sum,
            _ => {
                overflow = true;
                magnitude = u64::MAX;
            }
        }
        reader.advance();
        valid = reader.taken;
    }
    Integer {
        magnitude,
        overflow,
        negative,
        valid,
        taken: reader.taken,
    }
}

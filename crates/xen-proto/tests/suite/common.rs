// SPDX-License-Identifier: ISC
//! A small random driver for the property tests: repeatable, and long on request.

#[path = "../../../../tests/support/long.rs"]
mod long;

use long::{long, wanted};
use std::ffi::OsStr;

/// A xorshift64* generator (Marsaglia 2003, Vigna 2016).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}

/// How many cases to run: `ordinary`, or a hundred times that when MIRAGE_XEN_LONG is set.
pub fn cases(ordinary: u64) -> u64 {
    ordinary * if long() { 100 } else { 1 }
}

#[test]
fn a_variable_that_is_set_to_nothing_is_unset() {
    let values = [None, Some(""), Some("1"), Some("0")];
    let counts = values.map(|value| wanted(value.map(OsStr::new)));
    assert_eq!(counts, [false, false, true, true]);
}

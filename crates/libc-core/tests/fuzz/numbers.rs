// SPDX-License-Identifier: ISC
//! Any text as a number: parsing ends without a panic within the text, and a double that was read is read
//! again from the 17 digits that it prints as.

use crate::numbers_support::print;
use libc_core::number::{Kind, float, integer};

pub fn run(text: &[u8]) {
    for kind in [Kind::Single, Kind::Double, Kind::Extended] {
        let number = float(&mut { text }, kind);
        assert!(number.valid <= number.taken && number.taken <= text.len());
    }
    for base in [0, 2, 8, 10, 16, 36] {
        for binary in [false, true] {
            let number = integer(&mut { text }, base, binary);
            assert!(number.valid <= number.taken && number.taken <= text.len());
            let (signed, _) = number.signed();
            assert!(number.negative || signed >= 0);
        }
    }
    let number = float(&mut { text }, Kind::Double);
    let bits = number.value.to_f64(number.negative);
    if f64::from_bits(bits).is_finite() {
        let printed = print(bits);
        let again = float(&mut printed.as_slice(), Kind::Double);
        assert_eq!(again.value.to_f64(again.negative), bits);
        assert_eq!(again.valid, printed.len());
    }
}

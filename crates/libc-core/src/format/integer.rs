// SPDX-License-Identifier: ISC
//! Integer conversions: d i u o x X b B, and p.

use super::spec::Spec;
use super::{Arguments, Output};
use crate::length::Length;

/// "00" to "99".
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut at = 0;
    while at < 200 {
        pairs[at] = b'0' + (at / 20) as u8;
        pairs[at + 1] = b'0' + (at / 2 % 10) as u8;
        at += 2;
    }
    pairs
};

/// Writes `value` in decimal so that it ends at `end`, and returns where it begins; nothing for zero.
pub(super) fn decimal(mut value: u64, buffer: &mut [u8], end: usize) -> usize {
    let mut at = end;
    while value >= 10 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        at -= 2;
        buffer[at] = PAIRS[pair];
        buffer[at + 1] = PAIRS[pair + 1];
    }
    if value != 0 {
        at -= 1;
        buffer[at] = b'0' + value as u8;
    }
    at
}

/// Digits of `value` in `base`, right-aligned in `buffer`; none for zero.
fn digits(mut value: u64, base: u64, upper: bool, buffer: &mut [u8; 64]) -> &[u8] {
    let mut at = buffer.len();
    if base == 10 {
        at = decimal(value, buffer, at);
        return &buffer[at..];
    }
    let alphabet = if upper {
        b"0123456789ABCDEF"
    } else {
        b"0123456789abcdef"
    };
    // The other bases are powers of two.
    let (shift, mask) = (base.trailing_zeros(), (base as usize - 1) & 15);
    while value != 0 {
        at -= 1;
        buffer[at] = alphabet[value as usize & mask];
        value >>= shift;
    }
    &buffer[at..]
}

/// Writes a number in decimal.
pub(super) fn plain(output: &mut Output<'_>, value: u64) {
    signed(output, value, false);
}

/// Writes a number in decimal, with a minus sign if it has one.
pub(super) fn signed(output: &mut Output<'_>, magnitude: u64, negative: bool) {
    let mut buffer = [b'0'; 21];
    let mut at = decimal(magnitude, &mut buffer, 21).min(20);
    if negative {
        at -= 1;
        buffer[at] = b'-';
    }
    output.write(&buffer[at..]);
}

/// Converts the next argument as the specification says.
pub(super) fn convert(spec: &mut Spec, output: &mut Output<'_>, arguments: &mut Arguments<'_>) {
    let raw = arguments.integer(spec.position);
    let signed = matches!(spec.conversion, b'd' | b'i');
    let value = match (spec.length, signed) {
        (Length::Char, true) => raw as i8 as u64,
        (Length::Char, false) => u64::from(raw as u8),
        (Length::Short, true) => raw as i16 as u64,
        (Length::Short, false) => u64::from(raw as u16),
        (Length::Int, true) => raw as i32 as u64,
        (Length::Int, false) => u64::from(raw as u32),
        (Length::Long | Length::LongDouble, _) => raw,
    };
    let negative = signed && (value as i64) < 0;
    let value = if negative {
        value.wrapping_neg()
    } else {
        value
    };
    let sign: &[u8] = match signed {
        true if negative => b"-",
        true if spec.plus => b"+",
        true if spec.space => b" ",
        _ => b"",
    };
    number(spec, output, value, sign);
}

/// Converts a pointer: as `%#lx`, or a word for NULL.
pub(super) fn pointer(spec: &mut Spec, output: &mut Output<'_>, arguments: &mut Arguments<'_>) {
    let value = arguments.integer(spec.position);
    if value == 0 {
        spec.zero = false;
        output.field(spec, b"", 0, b"(nil)");
        return;
    }
    let sign: &[u8] = match spec.plus {
        true => b"+",
        false if spec.space => b" ",
        false => b"",
    };
    spec.conversion = b'x';
    spec.alternative = true;
    number(spec, output, value, sign);
}

fn number(spec: &mut Spec, output: &mut Output<'_>, value: u64, sign: &[u8]) {
    let (base, prefix): (u64, &[u8]) = match spec.conversion {
        b'o' => (8, b""),
        b'x' => (16, b"0x"),
        b'X' => (16, b"0X"),
        b'b' => (2, b"0b"),
        b'B' => (2, b"0B"),
        _ => (10, b""),
    };
    let mut buffer = [0; 64];
    let text = digits(value, base, spec.conversion == b'X', &mut buffer);
    let mut least = spec.precision.unwrap_or(1);
    if base == 8 && spec.alternative {
        least = least.max(text.len() + 1);
    }
    let zeros = least.saturating_sub(text.len());
    // C ignores the zero flag when a precision is given.
    spec.zero &= spec.precision.is_none();
    if spec.alternative && value != 0 && !prefix.is_empty() {
        let mut both = [0; 3];
        both[..sign.len()].copy_from_slice(sign);
        both[sign.len()..sign.len() + 2].copy_from_slice(prefix);
        output.field(spec, &both[..sign.len() + 2], zeros, text);
    } else {
        output.field(spec, sign, zeros, text);
    }
}

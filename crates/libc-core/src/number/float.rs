// SPDX-License-Identifier: ISC
//! The `strtod` family (C11 7.22.1.3), correctly rounded.

use super::{Reader, Source, integer};
use crate::decimal::{BASE, Decimal};
use crate::quick;
use crate::real::{F32, F64, F80, Format, Rounded};

/// A floating-point number as it was written, rounded to a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float {
    /// The value without its sign; zero if there was no number.
    pub value: Rounded,
    /// Was there a minus sign?
    pub negative: bool,
    /// Bytes of the longest prefix that is a number; 0 if none is.
    pub valid: usize,
    /// Bytes taken from the source.
    pub taken: usize,
}

/// Which of C's three types to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `float`
    Single,
    /// `double`
    Double,
    /// `long double`
    Extended,
}

/// Limbs before the first digit: room for what scaling puts in front.
const FRONT: usize = 44;
const FRONT_EXTENDED: usize = 560;
/// A number halfway between two `double`s has at most 767 digits, one between two 80-bit numbers
/// at most 11514; what follows these limbs only matters as being zero or not.
const LIMBS: usize = FRONT + 88;
const LIMBS_EXTENDED: usize = FRONT_EXTENDED + 1284;

/// Reads a floating-point number after white space was skipped.
pub fn float(source: &mut dyn Source, kind: Kind) -> Float {
    match kind {
        Kind::Single => read(source, F32, &mut [0; LIMBS], FRONT, &mut [0; 40]),
        Kind::Double => read(source, F64, &mut [0; LIMBS], FRONT, &mut [0; 40]),
        Kind::Extended => extended(source),
    }
}

#[inline(never)]
fn extended(source: &mut dyn Source) -> Float {
    read(
        source,
        F80,
        &mut [0; LIMBS_EXTENDED],
        FRONT_EXTENDED,
        &mut [0; 520],
    )
}

#[inline(never)]
fn read(
    source: &mut dyn Source,
    format: Format,
    limbs: &mut [u32],
    front: usize,
    words: &mut [u32],
) -> Float {
    let mut reader = Reader::new(source);
    let negative = reader.sign();
    let (value, valid) = match reader.next {
        Some(b'i' | b'I') => infinity(&mut reader, format),
        Some(b'n' | b'N') => nan(&mut reader, format),
        _ => {
            let zero = reader.next == Some(b'0');
            if zero {
                reader.advance();
            }
            if zero && reader.accept(b'x') {
                hexadecimal(&mut reader, format)
            } else {
                decimal(&mut reader, zero, format, limbs, front, words)
            }
        }
    };
    Float {
        value,
        negative,
        valid,
        taken: reader.taken,
    }
}

fn infinity(reader: &mut Reader<'_>, format: Format) -> (Rounded, usize) {
    let mut valid = 0;
    for (index, &letter) in b"infinity".iter().enumerate() {
        if !reader.accept(letter) {
            break;
        }
        if index == 2 || index == 7 {
            valid = reader.taken;
        }
    }
    (
        if valid == 0 {
            format.zero(false)
        } else {
            format.infinity(false)
        },
        valid,
    )
}

fn nan(reader: &mut Reader<'_>, format: Format) -> (Rounded, usize) {
    if !b"nan".iter().all(|&letter| reader.accept(letter)) {
        return (format.zero(false), 0);
    }
    let plain = reader.taken;
    if reader.next != Some(b'(') {
        return (format.nan(0), plain);
    }
    reader.advance();
    // The payload is an unsigned integer constant, or else counts as zero.
    let mut payload = 0;
    if reader.digit(10).is_some() {
        let number = integer(reader.source, 0, false);
        reader.taken += number.taken;
        reader.next = reader.source.peek();
        payload = if number.valid == number.taken {
            number.unsigned().0
        } else {
            0
        };
    }
    while reader
        .next
        .is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        payload = 0;
        reader.advance();
    }
    if reader.next != Some(b')') {
        return (format.nan(0), plain);
    }
    reader.advance();
    (format.nan(payload), reader.taken)
}

/// Reads an exponent after its letter; none without digits.
fn exponent(reader: &mut Reader<'_>) -> Option<i64> {
    let negative = reader.sign();
    let mut value = None;
    while let Some(digit) = reader.digit(10) {
        value = Some((value.unwrap_or(0) * 10 + i64::from(digit)).min(1 << 50));
        reader.advance();
    }
    value.map(|v: i64| if negative { -v } else { v })
}

fn hexadecimal(reader: &mut Reader<'_>, format: Format) -> (Rounded, usize) {
    // Of "0x" followed by nothing, the zero is a number.
    let mut valid = reader.taken - 1;
    let mut bits = 0u128;
    let mut sticky = false;
    let mut scale = 0i64;
    let mut digits = false;
    let mut point = false;
    loop {
        if let Some(digit) = reader.digit(16) {
            digits = true;
            scale -= i64::from(point) * 4;
            if bits >> 124 == 0 {
                bits = bits << 4 | u128::from(digit);
            } else {
                sticky |= digit != 0;
                scale += 4;
            }
        } else if reader.next == Some(b'.') && !point {
            point = true;
        } else {
            break;
        }
        reader.advance();
        if digits {
            valid = reader.taken;
        }
    }
    if digits
        && reader.accept(b'p')
        && let Some(exponent) = exponent(reader)
    {
        scale += exponent;
        valid = reader.taken;
    }
    if bits == 0 {
        return (format.zero(false), valid);
    }
    let zeros = bits.leading_zeros();
    bits <<= zeros;
    let exponent = (scale + 127 - i64::from(zeros)).clamp(-100_000, 100_000) as i32;
    let (top, rest) = ((bits >> 64) as u64, bits as u64);
    (
        format.round(top, rest >> 63 != 0, exponent, sticky || rest << 1 != 0),
        valid,
    )
}

/// Digits on their way into limbs.
struct Digits<'a> {
    limbs: &'a mut [u32],
    at: usize,
    partial: u32,
    filled: u32,
    /// The first 19 significant digits, and how many digits there were.
    head: u64,
    count: usize,
    sticky: bool,
}

impl Digits<'_> {
    fn push(&mut self, digit: u32) {
        if self.count < 19 {
            self.head = self.head * 10 + u64::from(digit);
        }
        self.count += 1;
        if self.at == self.limbs.len() {
            self.sticky |= digit != 0;
            return;
        }
        self.partial = self.partial * 10 + digit;
        self.filled += 1;
        if self.filled == 9 {
            self.limbs[self.at] = self.partial;
            self.at += 1;
            (self.partial, self.filled) = (0, 0);
        }
    }

    fn flush(&mut self) {
        while self.filled != 0 {
            self.push(0);
        }
    }
}

/// Reads a decimal number whose first zero, if any, was taken.
fn decimal(
    reader: &mut Reader<'_>,
    zero: bool,
    format: Format,
    limbs: &mut [u32],
    front: usize,
    words: &mut [u32],
) -> (Rounded, usize) {
    let mut valid = if zero { reader.taken } else { 0 };
    let mut seen = zero;
    let mut point = false;
    // The value is 0.d₁d₂d₃… × 10^scale.
    let mut scale = 0i64;
    let mut digits = Digits {
        limbs,
        at: front,
        partial: 0,
        filled: 0,
        head: 0,
        count: 0,
        sticky: false,
    };
    loop {
        if let Some(digit) = reader.digit(10) {
            seen = true;
            if digit != 0 || digits.count != 0 {
                digits.push(digit);
                scale += i64::from(!point);
            } else {
                scale -= i64::from(point);
            }
        } else if reader.next == Some(b'.') && !point {
            point = true;
        } else {
            break;
        }
        reader.advance();
        if seen {
            valid = reader.taken;
        }
    }
    if seen
        && reader.accept(b'e')
        && let Some(exponent) = exponent(reader)
    {
        scale += exponent;
        valid = reader.taken;
    }
    if digits.count == 0 {
        return (format.zero(false), valid);
    }
    if scale > 5_000 {
        return (format.infinity(true), valid);
    }
    if scale < -5_000 {
        return (format.zero(true), valid);
    }
    let scale = scale as i32;
    let power = scale - digits.count.min(19) as i32;
    if format.precision == 53
        && digits.count <= 19
        && let Some(value) = quick::exact(digits.head, power)
    {
        return (value, valid);
    }
    if let Some(value) = quick::likely(digits.head, power, digits.count > 19, format) {
        return (value, valid);
    }
    digits.flush();
    let Digits {
        limbs, at, sticky, ..
    } = digits;
    (
        to_binary(format, limbs, front, at, scale, sticky, words),
        valid,
    )
}

fn to_binary(
    format: Format,
    limbs: &mut [u32],
    front: usize,
    end: usize,
    scale: i32,
    sticky: bool,
    words: &mut [u32],
) -> Rounded {
    // 2^max is 10^(0.30103 max); a margin of two or three digits on each side.
    let greatest = format.max_exponent * 30_103 / 100_000 + 3;
    let least = -(format.max_exponent + format.precision as i32) * 30_103 / 100_000 - 3;
    if scale > greatest {
        return format.infinity(true);
    }
    if scale < least {
        return format.zero(true);
    }
    let mut number = Decimal::from_digits(limbs, front, end, scale);
    let mut shift = 0;
    // Double until the integer part holds 65 bits and more: 10^20 is over 2^66.
    while number.integer_limbs() < 3
        || (number.integer_limbs() == 3 && number.integer_limb(0) < 100)
    {
        number.multiply(1 << 34);
        shift += 34;
    }
    let mut used = 0;
    for nth in 0..number.integer_limbs() {
        let mut carry = u64::from(number.integer_limb(nth));
        for word in &mut words[..used] {
            let sum = u64::from(*word) * u64::from(BASE) + carry;
            *word = sum as u32;
            carry = sum >> 32;
        }
        if carry != 0 {
            words[used] = carry as u32;
            used += 1;
        }
    }
    let words = &words[..used];
    let word = |back: usize| words.get(used.wrapping_sub(back)).copied().unwrap_or(0);
    let zeros = word(1).leading_zeros();
    let high = u128::from(word(1)) << 96
        | u128::from(word(2)) << 64
        | u128::from(word(3)) << 32
        | u128::from(word(4));
    let high = high << zeros;
    let below = used > 4 && words[..used - 4].iter().any(|&w| w != 0);
    let exponent = used as i32 * 32 - 1 - zeros as i32 - shift;
    let rest = high as u64;
    let sticky = sticky || below || rest << 1 != 0 || number.has_fraction();
    format.round((high >> 64) as u64, rest >> 63 != 0, exponent, sticky)
}

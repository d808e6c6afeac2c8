// SPDX-License-Identifier: ISC
//! The numerals that most texts have, read without looking at each byte through a source, and rounded without exact
//! arithmetic (C11 7.22.1.3). What it leaves open, `number` decides.

use crate::power;
use crate::real::{F64, Format, Rounded};

/// A numeral as [`double`] and [`integer`] found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeral<T> {
    /// Its value.
    pub value: T,
    /// How many bytes it has.
    pub length: usize,
}

fn digit(text: &[u8], at: usize) -> Option<u64> {
    let value = text.get(at)?.wrapping_sub(b'0');
    (value < 10).then_some(value.into())
}

/// Takes digits up to the first byte that is none.
#[inline]
fn digits(text: &[u8], at: &mut usize, head: &mut u64) {
    while let Some(digit) = digit(text, *at) {
        *head = head.wrapping_mul(10).wrapping_add(digit);
        *at += 1;
    }
}

fn sign(text: &[u8], at: &mut usize) -> bool {
    let found = text.get(*at);
    *at += usize::from(matches!(found, Some(b'+' | b'-')));
    found == Some(&b'-')
}

/// The finite decimal numeral at the beginning of `text`, rounded to a `double`; its value is the bits.
///
/// None if there is none, if it is hexadecimal, has more than 19 digits or is out of range, and if it ends with the
/// text, which may be a piece of a longer one.
#[must_use]
pub fn double(text: &[u8]) -> Option<Numeral<Rounded>> {
    let mut at = 0;
    sign(text, &mut at);
    while text.get(at) == Some(&b'0') && digit(text, at + 1).is_some() {
        at += 1;
    }
    let (mut head, start) = (0, at);
    digits(text, &mut at, &mut head);
    let (mut count, mut power) = (at - start, 0);
    if count > 19 {
        return None;
    }
    if text.get(at) == Some(&b'.') {
        at += 1;
        let start = at;
        if head == 0 {
            // Zeros that are no significant digits.
            count = count.min(1);
            while text.get(at) == Some(&b'0') {
                at += 1;
            }
        }
        let first = at;
        digits(text, &mut at, &mut head);
        count += at - first;
        power = -((at - start) as i32);
        if count == 0 && at == start {
            return None;
        }
    } else if count == 0 {
        return None;
    }
    match text.get(at)? {
        b'e' | b'E' => {
            let mut end = at + 1;
            let negative = sign(text, &mut end);
            let (mut exponent, start) = (0, end);
            digits(text, &mut end, &mut exponent);
            match end - start {
                0 => {}
                1..=4 => {
                    at = end;
                    power += if negative {
                        -(exponent as i32)
                    } else {
                        exponent as i32
                    };
                }
                _ => return None,
            }
            // The end of the text may cut off digits or a sign.
            text.get(end)?;
        }
        b'x' | b'X' => return None,
        _ => {}
    }
    if count > 19 {
        return None;
    }
    let value = if head == 0 {
        F64.zero(false)
    } else {
        exact(head, power).or_else(|| likely(head, power, false, F64))?
    };
    Some(Numeral { value, length: at })
}

/// The decimal integer at the beginning of `text`: its magnitude. None if there is none, if it has more than 18 digits,
/// and if it ends with the text.
#[must_use]
pub fn integer(text: &[u8]) -> Option<Numeral<u64>> {
    let mut at = 0;
    sign(text, &mut at);
    let (mut value, start) = (0, at);
    digits(text, &mut at, &mut value);
    text.get(at)?;
    (1..=18)
        .contains(&(at - start))
        .then_some(Numeral { value, length: at })
}

/// The product or quotient of two numbers that a `double` holds exactly needs one rounding, which
/// the processor does (Clinger 1990).
pub(crate) fn exact(head: u64, power: i32) -> Option<Rounded> {
    const POWERS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    let scale = *POWERS.get(power.unsigned_abs() as usize)?;
    if head >> 53 != 0 {
        return None;
    }
    let value = if power < 0 {
        head as f64 / scale
    } else {
        head as f64 * scale
    };
    let bits = value.to_bits();
    Some(Rounded {
        mantissa: bits & ((1 << 52) - 1) | 1 << 52,
        biased: (bits >> 52) as u32,
        range: false,
    })
}

/// `head` × 10^`power` by a power of ten of 128 bits, unless that leaves it open which number of the format is next.
/// `more` says that digits follow after the 19 of `head`.
pub(crate) fn likely(head: u64, power: i32, more: bool, format: Format) -> Option<Rounded> {
    let (product, exponent) = power::scaled(head, power)?;
    let exponent = exponent + 127;
    if exponent > format.max_exponent {
        return None;
    }
    // A subnormal number keeps fewer bits. That it is not exact, which counts there, needs no look: one that is has
    // more than a hundred digits.
    let lost = (1 - format.max_exponent - exponent).max(0) as u32;
    if lost >= format.precision || (lost != 0 && more) {
        return None;
    }
    // What digits after the 19th add is less than a 2^59th part.
    let doubt = if more { 1 << 69 } else { 0 };
    if !power::is_clear(product, 128 - format.precision + lost, doubt) {
        return None;
    }
    Some(format.round(
        (product >> 64) as u64,
        product >> 63 & 1 != 0,
        exponent,
        true,
    ))
}

// SPDX-License-Identifier: ISC
//! Floating-point conversions: e E f F g G from an exact decimal expansion, a A from the bits.

use super::spec::Spec;
use super::{Arguments, Output, integer};
use crate::decimal::{Decimal, Run};
use crate::length::Length;
use crate::power::{self, Wanted};
use crate::real::{Class, Real};

/// Converts the next argument as the specification says.
pub(super) fn convert(spec: &mut Spec, output: &mut Output<'_>, arguments: &mut Arguments<'_>) {
    if spec.length == Length::LongDouble {
        let value = Real::from_x87(arguments.long_double(spec.position));
        if is_plain(spec, &value) {
            if !short(spec, output, &value) {
                // 7 KiB of limbs: kept out of the ordinary path's stack frame.
                long_decimal(spec, output, &value);
            }
        } else {
            special(spec, output, &value, 60);
        }
    } else {
        let value = Real::from_f64(arguments.double(spec.position));
        if is_plain(spec, &value) {
            if !short(spec, output, &value) {
                double_decimal(spec, output, &value);
            }
        } else {
            special(spec, output, &value, 52);
        }
    }
}

#[inline(never)]
fn double_decimal(spec: &Spec, output: &mut Output<'_>, value: &Real) {
    let mut limbs = [0; 128];
    decimal(spec, output, value, &mut limbs);
}

#[inline(never)]
fn long_decimal(spec: &Spec, output: &mut Output<'_>, value: &Real) {
    let mut limbs = [0; 1840];
    decimal(spec, output, value, &mut limbs);
}

/// Is it a finite number in decimal?
fn is_plain(spec: &Spec, value: &Real) -> bool {
    value.class == Class::Finite && spec.conversion | 0x20 != b'a'
}

fn sign(spec: &Spec, value: &Real) -> &'static [u8] {
    match value.negative {
        true => b"-",
        false if spec.plus => b"+",
        false if spec.space => b" ",
        false => b"",
    }
}

/// What surrounds a numeral of `length` bytes: sign before, fill on the side the flags say.
fn framed(
    spec: &Spec,
    output: &mut Output<'_>,
    prefix: &[u8],
    length: usize,
    body: impl FnOnce(&mut Output<'_>),
) {
    let fill = spec
        .width
        .saturating_sub(prefix.len().saturating_add(length));
    if !spec.left && !spec.zero {
        output.pad(b' ', fill);
    }
    output.write(prefix);
    if !spec.left && spec.zero {
        output.pad(b'0', fill);
    }
    body(output);
    if spec.left {
        output.pad(b' ', fill);
    }
}

/// The exponent part, `e+05` or `p-3`, with at least `least` digits.
fn exponent_text(letter: u8, exponent: i32, least: usize, buffer: &mut [u8; 8]) -> &[u8] {
    let mut at = buffer.len();
    let mut rest = exponent.unsigned_abs();
    while rest != 0 || buffer.len() - at < least {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    buffer[at - 1] = if exponent < 0 { b'-' } else { b'+' };
    buffer[at - 2] = letter;
    &buffer[at - 2..]
}

fn write_digits(output: &mut Output<'_>, number: &Decimal<'_>, high: i32, count: usize) {
    number.digits(high, count, |run| match run {
        Run::Text(text) => output.write(text),
        Run::Zeros(count) => output.pad(b'0', count),
    });
}

/// How many digits a specification wants.
fn wanted(spec: &Spec, precision: usize) -> Wanted {
    match spec.conversion | 0x20 {
        b'g' => Wanted::Significant(precision.max(1)),
        b'e' => Wanted::Significant(precision.saturating_add(1)),
        _ => Wanted::Places(precision),
    }
}

/// Converts what has few digits and is clear without exact arithmetic; false for others.
fn short(spec: &Spec, output: &mut Output<'_>, value: &Real) -> bool {
    let mut precision = spec.precision.unwrap_or(6);
    if precision > 17 {
        return false;
    }
    let (digits, places) = match value.mantissa {
        0 => (0, 0),
        mantissa => match power::digits(mantissa, value.exponent, wanted(spec, precision)) {
            Some(found) => found,
            None => return false,
        },
    };
    // The digits end at 40; zeros in front of them are there already, and behind them so are 20.
    const END: usize = 40;
    let mut numeral = [b'0'; 60];
    let first = integer::decimal(digits, &mut numeral, END).min(END - 1);
    let exponent = if digits == 0 {
        0
    } else {
        (END - 1 - first) as i32 - places
    };
    let style = spec.conversion | 0x20;
    let mut scientific = style == b'e';
    if style == b'g' {
        let significant = precision.max(1);
        scientific = exponent < -4 || exponent >= significant as i32;
        // Digits after the first one.
        let mut used = significant - 1;
        if !spec.alternative {
            while used > 0 && numeral[first + used] == b'0' {
                used -= 1;
            }
        }
        precision = if scientific {
            used
        } else {
            (used as i32 - exponent).max(0) as usize
        };
    }
    // Sign, digits, point, digits, exponent: at most 1 + 18 + 1 + 21 + 5 bytes.
    let mut text = [0; 64];
    let mut length = 0;
    let mut put = |bytes: &[u8]| {
        text[length..length + bytes.len()].copy_from_slice(bytes);
        length += bytes.len();
    };
    // Where the digit before the point lies.
    let unit = if scientific {
        first
    } else {
        (first as i32 + exponent) as usize
    };
    let whole = first.min(unit);
    put(&numeral[whole..=unit]);
    if precision != 0 || spec.alternative {
        put(b".");
        put(&numeral[unit + 1..unit + 1 + precision]);
    }
    if scientific {
        let mut buffer = [0; 8];
        let letter = spec.conversion & 0x20 | b'E';
        put(exponent_text(letter, exponent, 2, &mut buffer));
    }
    framed(spec, output, sign(spec, value), length, |output| {
        output.write(&text[..length]);
    });
    true
}

/// The number in decimal, rounded to the digits that are wanted.
fn rounded<'a>(value: &Real, wanted: Wanted, limbs: &'a mut [u32]) -> Decimal<'a> {
    let mut number = Decimal::from_binary(value.mantissa, value.exponent, limbs);
    // Digits beyond this are zeros whatever the number: rounding there changes nothing.
    let bounded = |precision: usize| precision.min(20_000) as i32;
    match wanted {
        Wanted::Significant(count) => number.round(bounded(count) - 1 - number.exponent()),
        Wanted::Places(count) => number.round(bounded(count)),
    }
    number
}

fn decimal(spec: &Spec, output: &mut Output<'_>, value: &Real, limbs: &mut [u32]) {
    let mut precision = spec.precision.unwrap_or(6);
    let style = spec.conversion | 0x20;
    let general = style == b'g';
    let mut scientific = style == b'e';
    let number = rounded(value, wanted(spec, precision), limbs);
    if general {
        let significant = precision.max(1);
        let exponent = number.exponent();
        scientific = exponent < -4 || exponent >= i32::try_from(significant).unwrap_or(i32::MAX);
        precision = if scientific {
            significant - 1
        } else {
            (significant as i64 - 1 - i64::from(exponent)) as usize
        };
        if !spec.alternative {
            let last = number.last_digit();
            let needed = if scientific { exponent - last } else { -last };
            precision = precision.min(needed.max(0) as usize);
        }
    }
    let exponent = number.exponent();
    let mut buffer = [0; 8];
    let (high, tail): (i32, &[u8]) = if scientific {
        (
            exponent,
            exponent_text(spec.conversion & 0x20 | b'E', exponent, 2, &mut buffer),
        )
    } else {
        (exponent.max(0), b"")
    };
    let whole = if scientific { 1 } else { high as usize + 1 };
    let point = precision != 0 || spec.alternative;
    let length = (whole + usize::from(point) + tail.len()).saturating_add(precision);
    framed(spec, output, sign(spec, value), length, |output| {
        write_digits(output, &number, high, whole);
        if point {
            output.write(b".");
        }
        write_digits(output, &number, high - whole as i32, precision);
        output.write(tail);
    });
}

/// Infinities, NaNs, and every finite value in hexadecimal; `fraction` bits follow the first digit.
fn special(spec: &mut Spec, output: &mut Output<'_>, value: &Real, fraction: u32) {
    let upper = spec.conversion & 0x20 == 0;
    if value.class != Class::Finite {
        spec.zero = false;
        let text = match (value.class, upper) {
            (Class::Infinite, false) => b"inf",
            (Class::Infinite, true) => b"INF",
            (_, false) => b"nan",
            (_, true) => b"NAN",
        };
        output.field(spec, sign(spec, value), 0, text);
        return;
    }
    let mut mantissa = u128::from(value.mantissa);
    let mut exponent = if mantissa == 0 {
        0
    } else {
        value.exponent + fraction as i32
    };
    let most = fraction / 4;
    let mut places = most;
    match spec.precision {
        Some(precision) if precision < most as usize => {
            let cut = fraction - 4 * precision as u32;
            let (rest, half) = (mantissa & ((1 << cut) - 1), 1 << (cut - 1));
            mantissa >>= cut;
            if rest > half || (rest == half && mantissa & 1 == 1) {
                mantissa += 1;
            }
            mantissa <<= cut;
            if mantissa >> (fraction + 4) != 0 {
                mantissa >>= 4;
                exponent += 4;
            }
            places = precision as u32;
        }
        Some(_) => {}
        None => {
            while places > 0 && mantissa >> (fraction - 4 * places) & 15 == 0 {
                places -= 1;
            }
        }
    }
    let alphabet = if upper {
        b"0123456789ABCDEF"
    } else {
        b"0123456789abcdef"
    };
    let digit = |place: u32| alphabet[(mantissa >> (fraction - 4 * place) & 15) as usize];
    let zeros = spec.precision.unwrap_or(0).saturating_sub(most as usize);
    let mut buffer = [0; 8];
    let tail = exponent_text(spec.conversion & 0x20 | b'P', exponent, 1, &mut buffer);
    let point = places != 0 || zeros != 0 || spec.alternative;
    let length = (1 + usize::from(point) + places as usize + tail.len()).saturating_add(zeros);
    let sign = sign(spec, value);
    let mut prefix = [0; 3];
    prefix[..sign.len()].copy_from_slice(sign);
    prefix[sign.len()..sign.len() + 2].copy_from_slice(if upper { b"0X" } else { b"0x" });
    framed(spec, output, &prefix[..sign.len() + 2], length, |output| {
        let mut text = [b'.'; 17];
        text[0] = digit(0);
        for place in 1..=places {
            text[place as usize + 1] = digit(place);
        }
        output.write(&text[..1 + usize::from(point) + places as usize]);
        output.pad(b'0', zeros);
        output.write(tail);
    });
}

// SPDX-License-Identifier: ISC
//! The gamma function (C11 7.12.8.3, 7.12.8.4), in pairs of doubles with some 30 digits.
//!
//! With n the integer next to x and y = x - n, exactly, gamma(x) is gamma(1 + y) times or divided by a
//! product of factors x - k, each of which a double holds exactly. 1/gamma(1 + y) is an entire function,
//! whose Taylor series at 0 (Wrench 1968) converges fast for |y| up to a half.

use super::pair::{Pair, sum};

/// 1/gamma(1 + y) = sum of the n-th coefficient × y^n.
const COEFFICIENTS: [(f64, f64); 27] = [
    (1.0, 0.0),
    (0.5772156649015329, -4.942915152430645e-18),
    (-0.6558780715202539, 2.137185197068536e-17),
    (-0.04200263503409524, 1.4920306285650505e-18),
    (0.16653861138229148, 1.0189144546842026e-17),
    (-0.04219773455554433, -3.3579992682480134e-18),
    (-0.009621971527876973, -5.300031368830263e-19),
    (0.0072189432466631, -3.6006537063394283e-19),
    (-0.0011651675918590652, 5.659947853880981e-20),
    (-0.00021524167411495098, 2.3758686180729364e-21),
    (0.0001280502823881162, -9.359124499198967e-21),
    (-2.013485478078824e-05, 3.0488773972037385e-23),
    (-1.2504934821426706e-06, -2.66214092271898e-23),
    (1.133027231981696e-06, -4.622235212104869e-23),
    (-2.056338416977607e-07, -3.0061601618645134e-24),
    (6.116095104481416e-09, -2.693458298171306e-25),
    (5.002007644469223e-09, -1.538123614056751e-26),
    (-1.18127457048702e-09, -1.0052356155716208e-25),
    (1.0434267116911005e-10, 0.0),
    (7.782263439905071e-12, 0.0),
    (-3.696805618642206e-12, 0.0),
    (5.100370287454476e-13, 0.0),
    (-2.0583260535665066e-14, 0.0),
    (-5.348122539423018e-15, 0.0),
    (1.2267786282382608e-15, 0.0),
    (-1.1812593016974588e-16, 0.0),
    (1.1866922547516004e-18, 0.0),
];

/// gamma(x) as a pair × 2^exponent, for |x| below 200 that is no pole.
fn gamma(x: f64) -> (Pair, i32) {
    let n = libm::rint(x);
    let y = x - n;
    let mut inverse = Pair(0.0, 0.0);
    for &coefficient in COEFFICIENTS.iter().rev() {
        inverse = inverse.times(y).plus(coefficient);
    }
    // Above: (1 + y)(2 + y)…(x - 1). Below: x (x + 1)…y, which divides.
    let whole = n as i32;
    let (steps, mut product) = if whole >= 1 {
        (1..whole, Pair(1.0, 0.0))
    } else {
        (whole..1, inverse)
    };
    let mut exponent = 0;
    for step in steps {
        product = product.times(x - f64::from(if whole >= 1 { step } else { whole - step }));
        // Kept far from the end of the range; powers of two are exact.
        if product.0.abs() > 1e100 {
            product = Pair(product.0 * SMALL, product.1 * SMALL);
            exponent += SHIFT;
        }
    }
    if whole < 1 {
        return (product.inverse(), -exponent);
    }
    let inverse = inverse.inverse();
    let value = product.times(inverse.0);
    (sum(value.0, value.1 + product.0 * inverse.1), exponent)
}

const SHIFT: i32 = 300;
/// 2^-300
const SMALL: f64 = f64::from_bits((1023 - SHIFT as u64) << 52);

/// Is it a negative integer?
fn is_pole(x: f64) -> bool {
    x < 0.0 && x == libm::floor(x)
}

/// C's `tgamma`.
pub fn tgamma(x: f64) -> f64 {
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x == 0.0 {
        return 1.0 / x;
    }
    if is_pole(x) || x == f64::NEG_INFINITY {
        return 0.0 / (x - libm::floor(x));
    }
    if x > 172.0 {
        return f64::MAX * x;
    }
    if x < -190.0 {
        // Too small for any double, with the sign of every other interval.
        let odd = libm::floor(x) / 2.0 != libm::floor(libm::floor(x) / 2.0);
        return f64::MIN_POSITIVE
            * if odd {
                -f64::MIN_POSITIVE
            } else {
                f64::MIN_POSITIVE
            };
    }
    if x.abs() < 1e-300 {
        return 1.0 / x;
    }
    let (value, exponent) = gamma(x);
    libm::scalbn(value.0, exponent)
}

/// The logarithm of gamma's magnitude, and gamma's sign.
pub fn lgamma(x: f64) -> (f64, i32) {
    // What is not near a zero of the logarithm, the libm crate does as well as any.
    if !(-180.0..30.0).contains(&x) || is_pole(x) || x.abs() < 1e-100 {
        return libm::lgamma_r(x);
    }
    let (value, exponent) = gamma(x);
    let sign = if value.0 < 0.0 { -1 } else { 1 };
    let Pair(high, low) = if sign < 0 {
        Pair(-value.0, -value.1)
    } else {
        value
    };
    let logarithm = if exponent == 0 && (0.5..2.0).contains(&high) {
        // high - 1 is exact, and small where gamma's magnitude is almost 1.
        let excess = sum(high - 1.0, low);
        libm::log1p(excess.0) + excess.1 / (1.0 + excess.0)
    } else {
        let shift = f64::from(exponent) * core::f64::consts::LN_2;
        libm::log(high) + low / high + shift
    };
    (logarithm, sign)
}

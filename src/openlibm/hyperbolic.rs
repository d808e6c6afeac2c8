// SPDX-License-Identifier: ISC
//! Hyperbolic functions and their inverses (C11 7.12.5) where the libm crate is more than 1.5 units of the
//! last place off: each is a term known exactly plus a smaller one, or goes through log1p with the rest of
//! its argument made up for.

use super::pair::{Pair, product, sum};

/// log(1 + s) of a pair.
fn log1p(s: Pair) -> f64 {
    libm::log1p(s.0) + s.1 / (1.0 + s.0)
}

/// C's `tanh`.
pub fn tanh(x: f64) -> f64 {
    let magnitude = x.abs();
    let result = if magnitude < 0.625 {
        // x / (1 + z/(3 + z/(5 + z/(7 + …)))), whose first step leaves x less a small part of it.
        let z = x * x;
        let w = z / (3.0 + z / (5.0 + z / (7.0 + z / (9.0 + z / (11.0 + z / (13.0 + z / 15.0))))));
        magnitude - magnitude * (w / (1.0 + w))
    } else if magnitude < 22.0 {
        1.0 - 2.0 / (libm::exp(2.0 * magnitude) + 1.0)
    } else if x.is_nan() {
        x
    } else {
        1.0
    };
    libm::copysign(result, x)
}

/// C's `sinh`.
pub fn sinh(x: f64) -> f64 {
    if !(-1.0..1.0).contains(&x) {
        return libm::sinh(x);
    }
    // x + x³/3! + x⁵/5! + …
    let z = x * x;
    let mut tail = 0.0;
    for n in (1..10).rev() {
        let n = f64::from(2 * n);
        tail = (tail + 1.0) * (z / (n * (n + 1.0)));
    }
    x + x * tail
}

/// C's `acosh`.
pub fn acosh(x: f64) -> f64 {
    if x < 1.0 {
        return f64::NAN;
    }
    if !(1.0..2.0).contains(&x) {
        return libm::acosh(x);
    }
    // log(1 + t + sqrt(t (t + 2))) with t = x - 1.
    let t = x - 1.0;
    let square = product(t, t).plus((2.0 * t, 0.0));
    let root = libm::sqrt(square.0);
    if root == 0.0 {
        return 0.0;
    }
    let check = product(root, root);
    let rest = ((square.0 - check.0) - check.1 + square.1) / (2.0 * root);
    let s = sum(root, t);
    log1p(Pair(s.0, s.1 + rest))
}

/// C's `asinh`.
pub fn asinh(x: f64) -> f64 {
    let magnitude = x.abs();
    if !(1e-4..2.0).contains(&magnitude) {
        return libm::asinh(x);
    }
    // log(1 + x + x²/(1 + sqrt(x² + 1)))
    let square = product(magnitude, magnitude);
    let s = sum(magnitude, square.0 / (1.0 + libm::sqrt(square.0 + 1.0)));
    libm::copysign(log1p(s), x)
}

/// C's `atanh`.
pub fn atanh(x: f64) -> f64 {
    let magnitude = x.abs();
    if !(1e-4..1.0).contains(&magnitude) {
        return libm::atanh(x);
    }
    // Half of log(1 + 2x/(1 - x)).
    let below = sum(1.0, -magnitude);
    let quotient = 2.0 * magnitude / below.0;
    let check = product(quotient, below.0);
    let rest = ((2.0 * magnitude - check.0) - check.1 - quotient * below.1) / below.0;
    libm::copysign(0.5 * log1p(Pair(quotient, rest)), x)
}

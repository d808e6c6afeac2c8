// SPDX-License-Identifier: ISC
//! Multiplication and addition with one rounding (C11 7.12.13.1) to the x87's 80-bit format.

use crate::real::{F80, Real, Rounded};

/// A number of 256 bits.
#[derive(Clone, Copy)]
struct Wide {
    high: u128,
    low: u128,
}

impl Wide {
    /// Shifts right, and tells whether bits that were set fell out.
    fn shifted(self, count: u32) -> (Wide, bool) {
        let Wide { high, low } = self;
        match count {
            0 => (self, false),
            1..=127 => (
                Wide {
                    high: high >> count,
                    low: low >> count | high << (128 - count),
                },
                low << (128 - count) != 0,
            ),
            128 => (Wide { high: 0, low: high }, low != 0),
            129..=255 => (
                Wide {
                    high: 0,
                    low: high >> (count - 128),
                },
                low != 0 || high << (256 - count) != 0,
            ),
            _ => (Wide { high: 0, low: 0 }, high != 0 || low != 0),
        }
    }

    fn plus(self, other: Wide) -> Wide {
        let (low, carry) = self.low.overflowing_add(other.low);
        Wide {
            high: self.high + other.high + u128::from(carry),
            low,
        }
    }

    fn minus(self, other: Wide) -> Wide {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Wide {
            high: self.high - other.high - u128::from(borrow),
            low,
        }
    }
}

/// A sign, a significand whose first bit is set, and that bit's power of two.
#[derive(Clone, Copy)]
struct Term {
    negative: bool,
    significand: u128,
    exponent: i32,
}

impl Term {
    fn new(negative: bool, mantissa: u128, exponent: i32) -> Term {
        let zeros = mantissa.leading_zeros().min(127);
        Term {
            negative,
            significand: mantissa << zeros,
            exponent: exponent + 127 - zeros as i32,
        }
    }

    /// One bit below the top, so that a sum has room.
    fn wide(self) -> Wide {
        Wide {
            high: self.significand >> 1,
            low: self.significand << 127,
        }
    }
}

/// `x` × `y` + `z` of finite numbers, of which only `z` may be zero: the sign and what is next to the sum, or None if that is zero.
#[must_use]
pub fn multiply_add(x: &Real, y: &Real, z: &Real) -> Option<(bool, Rounded)> {
    let product = Term::new(
        x.negative != y.negative,
        u128::from(x.mantissa) * u128::from(y.mantissa),
        x.exponent + y.exponent,
    );
    let addend = Term::new(z.negative, u128::from(z.mantissa), z.exponent);
    let larger = (product.exponent, product.significand) >= (addend.exponent, addend.significand);
    let (a, b) = if larger || z.mantissa == 0 {
        (product, addend)
    } else {
        (addend, product)
    };
    let (small, mut sticky) = b.wide().shifted((a.exponent - b.exponent).unsigned_abs());
    let sum = if a.negative == b.negative {
        a.wide().plus(small)
    } else {
        // What fell out makes the difference smaller by less than one.
        let one = Wide {
            high: 0,
            low: u128::from(sticky),
        };
        a.wide().minus(small).minus(one)
    };
    let zeros = match sum.high {
        0 if sum.low == 0 => return None,
        0 => 128 + sum.low.leading_zeros(),
        high => high.leading_zeros(),
    };
    let (high, low) = match zeros {
        0 => (sum.high, sum.low),
        1..=127 => (
            sum.high << zeros | sum.low >> (128 - zeros),
            sum.low << zeros,
        ),
        _ => (sum.low << (zeros - 128), 0),
    };
    sticky |= low != 0 || high << 65 != 0;
    let rounded = F80.round(
        (high >> 64) as u64,
        high >> 63 & 1 != 0,
        a.exponent + 1 - zeros as i32,
        sticky,
    );
    Some((a.negative, rounded))
}

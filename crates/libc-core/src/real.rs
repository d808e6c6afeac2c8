// SPDX-License-Identifier: ISC
//! Binary floating-point numbers taken apart and put together: IEEE 754 binary32 and binary64, and
//! the x87's 80-bit format (Intel SDM volume 1, section 4.2), which stable Rust has no type for.

/// A format: how many bits the significand has and what exponents there are.
#[derive(Clone, Copy)]
pub struct Format {
    /// Bits of the significand, the leading one included.
    pub precision: u32,
    /// Greatest exponent `e` of a finite number 1.f × 2^e.
    pub max_exponent: i32,
}

/// IEEE binary32, C's `float`.
pub const F32: Format = Format {
    precision: 24,
    max_exponent: 127,
};
/// IEEE binary64, C's `double`.
pub const F64: Format = Format {
    precision: 53,
    max_exponent: 1023,
};
/// The x87's 80-bit format, C's `long double` on x86.
pub const F80: Format = Format {
    precision: 64,
    max_exponent: 16383,
};

/// An 80-bit number as its two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct X87 {
    /// The significand, with its explicit leading bit.
    pub mantissa: u64,
    /// The sign in bit 15, the biased exponent below it.
    pub sign_exponent: u16,
}

/// What kind of value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Zero or a number: mantissa × 2^exponent.
    Finite,
    /// Infinity.
    Infinite,
    /// Not a number.
    Nan,
}

/// A floating-point value of any format, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Real {
    /// Is the sign bit set?
    pub negative: bool,
    /// What kind of value it is.
    pub class: Class,
    /// For a finite value the integer significand; for a NaN its payload.
    pub mantissa: u64,
    /// For a finite value the power of two that the significand's lowest bit counts.
    pub exponent: i32,
}

impl Real {
    /// Takes a `double` apart.
    #[must_use]
    pub fn from_f64(bits: u64) -> Real {
        let negative = bits >> 63 != 0;
        let biased = (bits >> 52) as i32 & 0x7ff;
        let fraction = bits & ((1 << 52) - 1);
        let (class, mantissa) = match biased {
            0x7ff if fraction == 0 => (Class::Infinite, 0),
            0x7ff => (Class::Nan, fraction),
            0 => (Class::Finite, fraction),
            _ => (Class::Finite, fraction | 1 << 52),
        };
        Real {
            negative,
            class,
            mantissa,
            exponent: biased.max(1) - 1075,
        }
    }

    /// Takes an 80-bit number apart; encodings that the processor refuses count as NaN.
    #[must_use]
    pub fn from_x87(x: X87) -> Real {
        let negative = x.sign_exponent >> 15 != 0;
        let biased = i32::from(x.sign_exponent & 0x7fff);
        let integer_bit = x.mantissa >> 63 != 0;
        let class = match biased {
            0x7fff if x.mantissa << 1 == 0 => Class::Infinite,
            0x7fff => Class::Nan,
            0 => Class::Finite,
            _ if integer_bit => Class::Finite,
            _ => Class::Nan,
        };
        Real {
            negative,
            class,
            mantissa: x.mantissa,
            exponent: biased.max(1) - 16383 - 63,
        }
    }
}

/// A result of rounding: the fields of the target format and what happened on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounded {
    /// The significand as the format stores it, leading bit included where there is one.
    pub mantissa: u64,
    /// The biased exponent; 0 for zero and subnormal numbers.
    pub biased: u32,
    /// The value was too large and became infinity, or too small and inexact: C's ERANGE.
    pub range: bool,
}

impl Format {
    fn infinity_exponent(self) -> u32 {
        2 * self.max_exponent as u32 + 1
    }

    /// Infinity, as overflow gives it or as a numeral spells it.
    #[must_use]
    pub fn infinity(self, range: bool) -> Rounded {
        Rounded {
            mantissa: 1 << (self.precision - 1),
            biased: self.infinity_exponent(),
            range,
        }
    }

    /// A quiet NaN with as much of `payload` as fits.
    #[must_use]
    pub fn nan(self, payload: u64) -> Rounded {
        let quiet = 1 << (self.precision - 2);
        let mantissa = 1 << (self.precision - 1) | quiet | (payload & (quiet - 1));
        Rounded {
            mantissa,
            biased: self.infinity_exponent(),
            range: false,
        }
    }

    /// Zero.
    #[must_use]
    pub fn zero(self, range: bool) -> Rounded {
        Rounded {
            mantissa: 0,
            biased: 0,
            range,
        }
    }

    /// Rounds to nearest, ties to even.
    ///
    /// The value is `top` × 2^(`exponent` - 63), its leading bit being bit 63 of `top`; `next` is
    /// the bit below, and `sticky` says that something not zero follows after that.
    #[must_use]
    pub fn round(self, top: u64, next: bool, exponent: i32, sticky: bool) -> Rounded {
        let min_exponent = 1 - self.max_exponent;
        if exponent > self.max_exponent {
            return self.infinity(true);
        }
        // A subnormal number keeps fewer bits.
        let lost = (min_exponent - exponent).max(0) as u32;
        if lost > self.precision {
            return self.zero(true);
        }
        let kept = self.precision - lost;
        let wide = u128::from(top) << 64 | u128::from(next) << 63 | u128::from(sticky);
        let rest = wide << kept;
        let mut mantissa = if kept == 0 {
            0
        } else {
            (wide >> (128 - kept)) as u64
        };
        let mut exponent = exponent.max(min_exponent);
        const HALF: u128 = 1 << 127;
        if rest > HALF || (rest == HALF && mantissa & 1 == 1) {
            mantissa = mantissa.wrapping_add(1);
            // 1.11…1 rounds up to 10.0…0, whose bits may not fit.
            if mantissa == 0 || (self.precision < 64 && mantissa >> self.precision != 0) {
                mantissa = 1 << (self.precision - 1);
                exponent += 1;
                if exponent > self.max_exponent {
                    return self.infinity(true);
                }
            }
        }
        // Tiny is judged after rounding as if the exponent had no lower end, as the processor does:
        // just below the least normal number, a value may round up to it with all its bits.
        let tiny = lost != 0 && !(lost == 1 && wide.leading_ones() > self.precision);
        let normal = mantissa >> (self.precision - 1) != 0;
        let biased = if normal {
            (exponent + self.max_exponent) as u32
        } else {
            0
        };
        Rounded {
            mantissa,
            biased,
            range: tiny && rest != 0,
        }
    }
}

impl Rounded {
    /// The bits of a `double`.
    #[must_use]
    pub fn to_f64(self, negative: bool) -> u64 {
        u64::from(negative) << 63 | u64::from(self.biased) << 52 | (self.mantissa & ((1 << 52) - 1))
    }

    /// The bits of a `float`.
    #[must_use]
    pub fn to_f32(self, negative: bool) -> u32 {
        u32::from(negative) << 31 | self.biased << 23 | (self.mantissa as u32 & ((1 << 23) - 1))
    }

    /// The fields of an 80-bit number.
    #[must_use]
    pub fn to_x87(self, negative: bool) -> X87 {
        X87 {
            mantissa: self.mantissa,
            sign_exponent: u16::from(negative) << 15 | self.biased as u16,
        }
    }
}

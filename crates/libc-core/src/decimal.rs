// SPDX-License-Identifier: ISC
//! An exact decimal number in limbs of nine digits, the bridge between binary and decimal.
//!
//! Every binary floating-point number is a finite decimal fraction, and every decimal numeral can
//! be scaled until its integer part holds all the bits that a format keeps. Both directions need
//! one operation only: multiplication by a small integer. Used by `printf` (C11 7.21.6.1) and
//! `strtod` (C11 7.22.1.3); nothing here rounds except [`Decimal::round`], half to even.

/// One limb holds nine decimal digits.
pub(crate) const BASE: u32 = 1_000_000_000;
const DIGITS: i32 = 9;

/// Powers of ten below [`BASE`], and [`BASE`] itself.
pub(crate) const POW10: [u32; 10] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    BASE,
];

/// A non-negative number: limb `i` counts `BASE` to the power `point - 1 - i`.
///
/// Limbs outside `first..end` are zero. `point` may lie outside the buffer.
pub(crate) struct Decimal<'a> {
    limbs: &'a mut [u32],
    first: usize,
    end: usize,
    point: i32,
}

impl<'a> Decimal<'a> {
    /// The exact value of `mantissa` × 2^`exponent`, in a zeroed buffer.
    ///
    /// The buffer needs 128 limbs for every `f64`, 1840 for every 80-bit number.
    pub(crate) fn from_binary(mut mantissa: u64, mut exponent: i32, limbs: &'a mut [u32]) -> Self {
        let end = limbs.len();
        let mut number = Decimal {
            limbs,
            first: end,
            end,
            point: end as i32,
        };
        if mantissa == 0 {
            return number;
        }
        let zeros = mantissa.trailing_zeros();
        mantissa >>= zeros;
        exponent += zeros as i32;
        number.push_front(mantissa);
        if exponent >= 0 {
            number.scale(1 << 34, 34, exponent as u32, 2);
        } else {
            // m / 2^k = m × 5^k / 10^k, and 10^k is a limb boundary after at most eight more tens.
            let k = exponent.unsigned_abs();
            number.scale(6_103_515_625, 14, k, 5);
            let fraction = k.div_ceil(DIGITS as u32);
            number.multiply(u64::from(POW10[(fraction * DIGITS as u32 - k) as usize]));
            number.point -= fraction as i32;
        }
        number.trim();
        number
    }

    /// A number from limbs already in place: `0.d₁d₂d₃… × 10^exponent`, digits from limb `first` on.
    pub(crate) fn from_digits(
        limbs: &'a mut [u32],
        first: usize,
        end: usize,
        exponent: i32,
    ) -> Self {
        let mut number = Decimal {
            limbs,
            first,
            end,
            point: 0,
        };
        number.point = first as i32 + exponent.div_euclid(DIGITS);
        number.multiply(u64::from(POW10[exponent.rem_euclid(DIGITS) as usize]));
        number.trim();
        number
    }

    /// Multiplies by `small`^`count`, `step` factors at a time through their product `big`.
    fn scale(&mut self, big: u64, step: u32, count: u32, small: u64) {
        for _ in 0..count / step {
            self.multiply(big);
        }
        self.multiply(small.pow(count % step));
    }

    fn push_front(&mut self, mut carry: u64) {
        while carry != 0 {
            self.first -= 1;
            self.limbs[self.first] = (carry % u64::from(BASE)) as u32;
            carry /= u64::from(BASE);
        }
    }

    /// Multiplies by `factor`, at most 2^34, so that a product and its carry fit in 64 bits.
    pub(crate) fn multiply(&mut self, factor: u64) {
        if factor == 1 {
            return;
        }
        let mut carry = 0;
        for limb in self.limbs[self.first..self.end].iter_mut().rev() {
            let product = u64::from(*limb) * factor + carry;
            carry = product / u64::from(BASE);
            *limb = (product % u64::from(BASE)) as u32;
        }
        self.push_front(carry);
        // Trailing zeros appear when a fraction is doubled: dropping them keeps the work short.
        while self.end > self.first && self.limbs[self.end - 1] == 0 {
            self.end -= 1;
        }
    }

    fn trim(&mut self) {
        while self.first < self.end && self.limbs[self.first] == 0 {
            self.first += 1;
        }
        while self.end > self.first && self.limbs[self.end - 1] == 0 {
            self.end -= 1;
        }
    }

    /// Is it zero?
    pub(crate) fn is_zero(&self) -> bool {
        self.first == self.end
    }

    fn limb(&self, index: i32) -> u32 {
        if index >= self.first as i32 && index < self.end as i32 {
            self.limbs[index as usize]
        } else {
            0
        }
    }

    /// How many limbs the integer part has, zero or less when the number is below one.
    pub(crate) fn integer_limbs(&self) -> i32 {
        self.point - self.first as i32
    }

    /// Does it have a fraction?
    pub(crate) fn has_fraction(&self) -> bool {
        self.end as i32 > self.point
    }

    /// Limb of the integer part, counted from the most significant.
    pub(crate) fn integer_limb(&self, nth: i32) -> u32 {
        self.limb(self.first as i32 + nth)
    }

    /// The power of ten of its first digit; 0 for zero.
    pub(crate) fn exponent(&self) -> i32 {
        if self.is_zero() {
            return 0;
        }
        let digits = POW10
            .iter()
            .take_while(|&&p| p <= self.limbs[self.first])
            .count();
        (self.integer_limbs() - 1) * DIGITS + digits as i32 - 1
    }

    /// The power of ten of its last digit that is not zero; 0 for zero.
    pub(crate) fn last_digit(&self) -> i32 {
        if self.is_zero() {
            return 0;
        }
        let last = self.limbs[self.end - 1];
        let zeros = POW10
            .iter()
            .skip(1)
            .take_while(|&&p| last.is_multiple_of(p))
            .count();
        (self.point - self.end as i32) * DIGITS + zeros as i32
    }

    /// Rounds half to even so that no digit below 10^-`places` is left.
    pub(crate) fn round(&mut self, places: i32) {
        let index = self.point + places.div_euclid(DIGITS);
        if index >= self.end as i32 {
            return;
        }
        if index < self.first as i32 {
            // All of it is less than half a unit of the last place.
            self.end = self.first;
            return;
        }
        let unit = POW10[(DIGITS - places.rem_euclid(DIGITS)) as usize];
        let limb = self.limb(index);
        let rest = limb % unit;
        let odd = if unit == BASE {
            self.limb(index - 1)
        } else {
            limb / unit
        } & 1
            == 1;
        let half = unit / 2;
        let up = rest > half || (rest == half && (odd || self.end as i32 > index + 1));
        let mut at = index as usize;
        self.end = at + 1;
        self.limbs[at] = limb - rest;
        if up {
            self.limbs[at] += unit;
            while self.limbs[at] >= BASE {
                self.limbs[at] -= BASE;
                at -= 1;
                if at < self.first {
                    self.first = at;
                    self.limbs[at] = 0;
                }
                self.limbs[at] += 1;
            }
        }
        self.trim();
    }

    /// Hands out `count` digits as ASCII, from the one that counts 10^`high` on, in runs.
    pub(crate) fn digits(&self, high: i32, count: usize, mut run: impl FnMut(Run<'_>)) {
        let mut high = high;
        let mut left = count;
        while left > 0 {
            // The limb whose lowest digit counts 10^(9·n) has the index point - 1 - n.
            let index = self.point - 1 - high.div_euclid(DIGITS);
            if index >= self.end as i32 {
                run(Run::Zeros(left));
                return;
            }
            let mut text = [0; DIGITS as usize];
            let mut value = self.limb(index);
            for digit in text.iter_mut().rev() {
                *digit = b'0' + (value % 10) as u8;
                value /= 10;
            }
            let skip = (DIGITS - 1 - high.rem_euclid(DIGITS)) as usize;
            let chunk = &text[skip..];
            let chunk = &chunk[..chunk.len().min(left)];
            run(Run::Text(chunk));
            left -= chunk.len();
            high -= chunk.len() as i32;
        }
    }
}

/// A piece of a numeral.
pub(crate) enum Run<'a> {
    /// These digits.
    Text(&'a [u8]),
    /// So many zeros.
    Zeros(usize),
}

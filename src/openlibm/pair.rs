// SPDX-License-Identifier: ISC
//! Numbers of some 30 digits, each the sum of two doubles (Dekker 1971): for what one double's rounding
//! would spoil.

/// An unevaluated sum, the second part being at most half a unit of the first one's last place.
#[derive(Clone, Copy)]
pub struct Pair(pub f64, pub f64);

/// The exact sum of two doubles.
pub fn sum(a: f64, b: f64) -> Pair {
    let s = a + b;
    let t = s - a;
    Pair(s, (a - (s - t)) + (b - t))
}

/// The exact product of two doubles that are not near the ends of the range (Dekker 1971).
pub fn product(a: f64, b: f64) -> Pair {
    let split = |x: f64| {
        let t = 134_217_729.0 * x;
        let high = t - (t - x);
        (high, x - high)
    };
    let p = a * b;
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    Pair(p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

impl Pair {
    /// Multiplied by a double.
    pub fn times(self, factor: f64) -> Pair {
        let p = product(self.0, factor);
        sum(p.0, p.1 + self.1 * factor)
    }

    /// Plus another pair.
    pub fn plus(self, other: (f64, f64)) -> Pair {
        let s = sum(self.0, other.0);
        sum(s.0, s.1 + self.1 + other.1)
    }

    /// One divided by it.
    pub fn inverse(self) -> Pair {
        let q = 1.0 / self.0;
        let p = self.times(q);
        // One step of Newton's: 1 - self × q is small.
        sum(q, q * ((1.0 - p.0) - p.1))
    }
}

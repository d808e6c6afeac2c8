// SPDX-License-Identifier: ISC
//! As much of MPFR (Debian package libmpfr-dev) as judging a result needs: its numbers have any precision,
//! and its functions round correctly.

use std::ffi::{c_int, c_long};

/// A number: MPFR's `mpfr_t`.
#[repr(C)]
pub struct Number {
    precision: c_long,
    sign: c_int,
    exponent: c_long,
    limbs: *mut u64,
}

/// A function of one argument.
pub type Unary = unsafe extern "C" fn(*mut Number, *const Number, c_int) -> c_int;
/// A function of two arguments.
pub type Binary = unsafe extern "C" fn(*mut Number, *const Number, *const Number, c_int) -> c_int;

const NEAREST: c_int = 0;
/// Far more than twice a double's, so that the reference's own rounding does not show.
const PRECISION: c_long = 240;

#[link(name = "mpfr")]
unsafe extern "C" {
    fn mpfr_init2(x: *mut Number, precision: c_long);
    fn mpfr_clear(x: *mut Number);
    fn mpfr_set_d(x: *mut Number, value: f64, mode: c_int) -> c_int;
    fn mpfr_get_d(x: *const Number, mode: c_int) -> f64;
    fn mpfr_sub_d(to: *mut Number, x: *const Number, value: f64, mode: c_int) -> c_int;
    fn mpfr_mul_2si(to: *mut Number, x: *const Number, power: c_long, mode: c_int) -> c_int;
    fn mpfr_lgamma(to: *mut Number, sign: *mut c_int, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_acos(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_acosh(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_asin(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_asinh(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_atan(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_atanh(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_cbrt(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_cos(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_cosh(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_erf(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_erfc(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_exp(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_exp2(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_exp10(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_expm1(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_gamma(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_log(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_log10(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_log1p(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_log2(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_sin(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_sinh(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_sqrt(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_tan(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_tanh(to: *mut Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_atan2(to: *mut Number, y: *const Number, x: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_fmod(to: *mut Number, x: *const Number, y: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_hypot(to: *mut Number, x: *const Number, y: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_pow(to: *mut Number, x: *const Number, y: *const Number, mode: c_int) -> c_int;
    pub fn mpfr_remainder(
        to: *mut Number,
        x: *const Number,
        y: *const Number,
        mode: c_int,
    ) -> c_int;
}

/// The logarithm of gamma's magnitude, as a function of one argument.
pub unsafe extern "C" fn log_gamma(to: *mut Number, x: *const Number, mode: c_int) -> c_int {
    let mut sign = 0;
    // SAFETY: the caller's numbers.
    unsafe { mpfr_lgamma(to, &raw mut sign, x, mode) }
}

impl Number {
    fn new(value: f64) -> Number {
        let mut number = Number {
            precision: 0,
            sign: 0,
            exponent: 0,
            limbs: std::ptr::null_mut(),
        };
        // SAFETY: an initialised number.
        unsafe {
            mpfr_init2(&raw mut number, PRECISION);
            mpfr_set_d(&raw mut number, value, NEAREST);
        }
        number
    }

    /// The exact value of a function, but for an error far below a double's.
    pub fn unary(function: Unary, x: f64) -> Number {
        let (mut to, x) = (Number::new(0.0), Number::new(x));
        // SAFETY: initialised numbers.
        unsafe { function(&raw mut to, &raw const x, NEAREST) };
        to
    }

    /// As [`Number::unary`].
    pub fn binary(function: Binary, x: f64, y: f64) -> Number {
        let (mut to, x, y) = (Number::new(0.0), Number::new(x), Number::new(y));
        // SAFETY: initialised numbers.
        unsafe { function(&raw mut to, &raw const x, &raw const y, NEAREST) };
        to
    }

    /// Rounded to a double.
    pub fn value(&self) -> f64 {
        // SAFETY: an initialised number.
        unsafe { mpfr_get_d(self, NEAREST) }
    }

    /// How far a double is from it, in units of the last place that a double of its size has.
    pub fn distance(&self, found: f64) -> f64 {
        let rounded = self.value();
        if rounded.is_nan() || found.is_nan() || rounded.is_infinite() || found.is_infinite() {
            let overflows = |x: f64| x.is_infinite() || x.abs() == f64::MAX;
            let same = rounded.is_nan() && found.is_nan()
                || overflows(rounded) && overflows(found) && rounded.signum() == found.signum();
            return if same { 0.0 } else { f64::INFINITY };
        }
        let exponent = if rounded == 0.0 {
            -1074
        } else {
            (libm::ilogb(rounded) - 52).max(-1074)
        };
        let mut difference = Number::new(0.0);
        // SAFETY: initialised numbers.
        unsafe {
            mpfr_sub_d(&raw mut difference, self, found, NEAREST);
            mpfr_mul_2si(
                &raw mut difference,
                &raw const difference,
                -c_long::from(exponent),
                NEAREST,
            );
        }
        difference.value().abs()
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: an initialised number, cleared once.
        unsafe { mpfr_clear(self) };
    }
}

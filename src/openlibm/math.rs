// SPDX-License-Identifier: ISC
//! math.h (C11 7.12) for `double` and `float`, over the libm crate. Errors show in the result and the
//! exception flags (`math_errhandling` is MATH_ERREXCEPT); errno is not set. The file is as long as math.h: a line or two a function.

use core::sync::atomic::{AtomicI32, Ordering};

macro_rules! functions {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $body:expr;)*) => {
        $(
            #[doc = concat!("C's `", stringify!($name), "`.")]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name($($argument: $type),*) -> $result {
                $body
            }
        )*
    };
}

functions! {
    acos(x: f64) -> f64 = libm::acos(x);
    acosf(x: f32) -> f32 = libm::acosf(x);
    acosh(x: f64) -> f64 = super::hyperbolic::acosh(x);
    acoshf(x: f32) -> f32 = if x < 1.0 { f32::NAN } else { libm::acoshf(x) };
    asin(x: f64) -> f64 = libm::asin(x);
    asinf(x: f32) -> f32 = libm::asinf(x);
    asinh(x: f64) -> f64 = super::hyperbolic::asinh(x);
    asinhf(x: f32) -> f32 = libm::asinhf(x);
    atan(x: f64) -> f64 = libm::atan(x);
    atanf(x: f32) -> f32 = libm::atanf(x);
    atanh(x: f64) -> f64 = super::hyperbolic::atanh(x);
    atanhf(x: f32) -> f32 = libm::atanhf(x);
    cbrt(x: f64) -> f64 = libm::cbrt(x);
    cbrtf(x: f32) -> f32 = libm::cbrtf(x);
    ceil(x: f64) -> f64 = libm::ceil(x);
    ceilf(x: f32) -> f32 = libm::ceilf(x);
    cos(x: f64) -> f64 = libm::cos(x);
    cosf(x: f32) -> f32 = libm::cosf(x);
    cosh(x: f64) -> f64 = libm::cosh(x);
    coshf(x: f32) -> f32 = libm::coshf(x);
    erf(x: f64) -> f64 = libm::erf(x);
    erff(x: f32) -> f32 = libm::erff(x);
    erfc(x: f64) -> f64 = libm::erfc(x);
    erfcf(x: f32) -> f32 = libm::erfcf(x);
    exp(x: f64) -> f64 = libm::exp(x);
    expf(x: f32) -> f32 = libm::expf(x);
    exp2(x: f64) -> f64 = libm::exp2(x);
    exp2f(x: f32) -> f32 = libm::exp2f(x);
    exp10(x: f64) -> f64 = power_of_ten(x);
    exp10f(x: f32) -> f32 = power_of_ten(x.into()) as f32;
    expm1(x: f64) -> f64 = libm::expm1(x);
    expm1f(x: f32) -> f32 = libm::expm1f(x);
    fabs(x: f64) -> f64 = libm::fabs(x);
    fabsf(x: f32) -> f32 = libm::fabsf(x);
    floor(x: f64) -> f64 = libm::floor(x);
    floorf(x: f32) -> f32 = libm::floorf(x);
    j0(x: f64) -> f64 = libm::j0(x);
    j0f(x: f32) -> f32 = libm::j0f(x);
    j1(x: f64) -> f64 = libm::j1(x);
    j1f(x: f32) -> f32 = libm::j1f(x);
    log(x: f64) -> f64 = libm::log(x);
    logf(x: f32) -> f32 = libm::logf(x);
    log10(x: f64) -> f64 = libm::log10(x);
    log10f(x: f32) -> f32 = libm::log10f(x);
    log1p(x: f64) -> f64 = libm::log1p(x);
    log1pf(x: f32) -> f32 = libm::log1pf(x);
    log2(x: f64) -> f64 = libm::log2(x);
    log2f(x: f32) -> f32 = libm::log2f(x);
    rint(x: f64) -> f64 = libm::rint(x);
    rintf(x: f32) -> f32 = libm::rintf(x);
    round(x: f64) -> f64 = libm::round(x);
    roundf(x: f32) -> f32 = libm::roundf(x);
    roundeven(x: f64) -> f64 = libm::roundeven(x);
    roundevenf(x: f32) -> f32 = libm::roundevenf(x);
    sin(x: f64) -> f64 = libm::sin(x);
    sinf(x: f32) -> f32 = libm::sinf(x);
    sinh(x: f64) -> f64 = super::hyperbolic::sinh(x);
    sinhf(x: f32) -> f32 = libm::sinhf(x);
    sqrt(x: f64) -> f64 = libm::sqrt(x);
    sqrtf(x: f32) -> f32 = libm::sqrtf(x);
    tan(x: f64) -> f64 = libm::tan(x);
    tanf(x: f32) -> f32 = libm::tanf(x);
    tanh(x: f64) -> f64 = super::hyperbolic::tanh(x);
    tanhf(x: f32) -> f32 = libm::tanhf(x);
    tgamma(x: f64) -> f64 = super::gamma::tgamma(x);
    tgammaf(x: f32) -> f32 = super::gamma::tgamma(x.into()) as f32;
    trunc(x: f64) -> f64 = libm::trunc(x);
    truncf(x: f32) -> f32 = libm::truncf(x);
    y0(x: f64) -> f64 = libm::y0(x);
    y0f(x: f32) -> f32 = libm::y0f(x);
    y1(x: f64) -> f64 = libm::y1(x);
    y1f(x: f32) -> f32 = libm::y1f(x);
    atan2(x: f64, y: f64) -> f64 = libm::atan2(x, y);
    atan2f(x: f32, y: f32) -> f32 = libm::atan2f(x, y);
    copysign(x: f64, y: f64) -> f64 = libm::copysign(x, y);
    copysignf(x: f32, y: f32) -> f32 = libm::copysignf(x, y);
    fdim(x: f64, y: f64) -> f64 = libm::fdim(x, y);
    fdimf(x: f32, y: f32) -> f32 = libm::fdimf(x, y);
    fmax(x: f64, y: f64) -> f64 = libm::fmax(x, y);
    fmaxf(x: f32, y: f32) -> f32 = libm::fmaxf(x, y);
    fmin(x: f64, y: f64) -> f64 = libm::fmin(x, y);
    fminf(x: f32, y: f32) -> f32 = libm::fminf(x, y);
    fmod(x: f64, y: f64) -> f64 = libm::fmod(x, y);
    fmodf(x: f32, y: f32) -> f32 = libm::fmodf(x, y);
    hypot(x: f64, y: f64) -> f64 = libm::hypot(x, y);
    hypotf(x: f32, y: f32) -> f32 = libm::hypotf(x, y);
    nextafter(x: f64, y: f64) -> f64 = libm::nextafter(x, y);
    nextafterf(x: f32, y: f32) -> f32 = libm::nextafterf(x, y);
    pow(x: f64, y: f64) -> f64 = libm::pow(x, y);
    powf(x: f32, y: f32) -> f32 = libm::powf(x, y);
    remainder(x: f64, y: f64) -> f64 = libm::remainder(x, y);
    remainderf(x: f32, y: f32) -> f32 = libm::remainderf(x, y);
    fma(x: f64, y: f64, z: f64) -> f64 = libm::fma(x, y, z);
    jn(n: i32, x: f64) -> f64 = libm::jn(n, x);
    yn(n: i32, x: f64) -> f64 = libm::yn(n, x);
    ldexp(x: f64, n: i32) -> f64 = libm::ldexp(x, n);
    scalbn(x: f64, n: i32) -> f64 = libm::scalbn(x, n);
    scalbln(x: f64, n: i64) -> f64 = libm::scalbn(x, n.clamp(-100_000, 100_000) as i32);
    ilogb(x: f64) -> i32 = if x.is_infinite() { i32::MAX } else if x == 0.0 || x.is_nan() { i32::MIN } else { libm::ilogb(x) };
    drem(x: f64, y: f64) -> f64 = libm::remainder(x, y);
    pow10(x: f64) -> f64 = power_of_ten(x);
    gamma(x: f64) -> f64 = lgamma(x);
    nearbyint(x: f64) -> f64 = super::fenv::quietly(|| libm::rint(x));
    lrint(x: f64) -> i64 = libm::rint(x) as i64;
    llrint(x: f64) -> i64 = libm::rint(x) as i64;
    lround(x: f64) -> i64 = libm::round(x) as i64;
    llround(x: f64) -> i64 = libm::round(x) as i64;
    logb(x: f64) -> f64 = match ilogb(x) {
        _ if x == 0.0 => -1.0 / libm::fabs(x),
        _ if !x.is_finite() => x * x,
        exponent => exponent as f64,
    };
    significand(x: f64) -> f64 = if x == 0.0 || !x.is_finite() { x } else { libm::scalbn(x, -libm::ilogb(x)) };
    fmaf(x: f32, y: f32, z: f32) -> f32 = libm::fmaf(x, y, z);
    jnf(n: i32, x: f32) -> f32 = libm::jnf(n, x);
    ynf(n: i32, x: f32) -> f32 = libm::ynf(n, x);
    ldexpf(x: f32, n: i32) -> f32 = libm::ldexpf(x, n);
    scalbnf(x: f32, n: i32) -> f32 = libm::scalbnf(x, n);
    scalblnf(x: f32, n: i64) -> f32 = libm::scalbnf(x, n.clamp(-100_000, 100_000) as i32);
    ilogbf(x: f32) -> i32 = if x.is_infinite() { i32::MAX } else if x == 0.0 || x.is_nan() { i32::MIN } else { libm::ilogbf(x) };
    dremf(x: f32, y: f32) -> f32 = libm::remainderf(x, y);
    pow10f(x: f32) -> f32 = power_of_ten(x.into()) as f32;
    gammaf(x: f32) -> f32 = lgammaf(x);
    nearbyintf(x: f32) -> f32 = super::fenv::quietly(|| libm::rintf(x));
    lrintf(x: f32) -> i64 = libm::rintf(x) as i64;
    llrintf(x: f32) -> i64 = libm::rintf(x) as i64;
    lroundf(x: f32) -> i64 = libm::roundf(x) as i64;
    llroundf(x: f32) -> i64 = libm::roundf(x) as i64;
    logbf(x: f32) -> f32 = match ilogbf(x) {
        _ if x == 0.0 => -1.0 / libm::fabsf(x),
        _ if !x.is_finite() => x * x,
        exponent => exponent as f32,
    };
    significandf(x: f32) -> f32 = if x == 0.0 || !x.is_finite() { x } else { libm::scalbnf(x, -libm::ilogbf(x)) };
    __fpclassify(x: f64) -> i32 = match x.classify() {
        core::num::FpCategory::Nan => 0,
        core::num::FpCategory::Infinite => 1,
        core::num::FpCategory::Zero => 2,
        core::num::FpCategory::Subnormal => 3,
        core::num::FpCategory::Normal => 4,
    };
    __signbit(x: f64) -> i32 = i32::from(x.is_sign_negative());
    __isnan(x: f64) -> i32 = i32::from(x.is_nan());
    isnan(x: f64) -> i32 = i32::from(x.is_nan());
    __isinf(x: f64) -> i32 = if x.is_infinite() { if x > 0.0 { 1 } else { -1 } } else { 0 };
    isinf(x: f64) -> i32 = __isinf(x);
    __finite(x: f64) -> i32 = i32::from(x.is_finite());
    finite(x: f64) -> i32 = i32::from(x.is_finite());
    __fpclassifyf(x: f32) -> i32 = match x.classify() {
        core::num::FpCategory::Nan => 0,
        core::num::FpCategory::Infinite => 1,
        core::num::FpCategory::Zero => 2,
        core::num::FpCategory::Subnormal => 3,
        core::num::FpCategory::Normal => 4,
    };
    __signbitf(x: f32) -> i32 = i32::from(x.is_sign_negative());
    __isnanf(x: f32) -> i32 = i32::from(x.is_nan());
    isnanf(x: f32) -> i32 = i32::from(x.is_nan());
    __isinff(x: f32) -> i32 = if x.is_infinite() { if x > 0.0 { 1 } else { -1 } } else { 0 };
    isinff(x: f32) -> i32 = __isinff(x);
    __finitef(x: f32) -> i32 = i32::from(x.is_finite());
    finitef(x: f32) -> i32 = i32::from(x.is_finite());
}

/// The sign of the last `lgamma`'s gamma.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static signgam: AtomicI32 = AtomicI32::new(0);

/// C's `lgamma`; the sign of gamma goes to `signgam`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lgamma(x: f64) -> f64 {
    let (value, sign) = super::gamma::lgamma(x);
    signgam.store(sign, Ordering::Relaxed);
    value
}

/// BSD's `lgamma_r`.
///
/// # Safety
/// `sign` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn lgamma_r(x: f64, sign: *mut i32) -> f64 {
    let (value, found) = super::gamma::lgamma(x);
    // SAFETY: writable, as the caller vouches.
    unsafe { *sign = found };
    value
}

/// C's `frexp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn frexp(x: f64, exponent: *mut i32) -> f64 {
    let (value, found) = if x == 0.0 || !x.is_finite() {
        (x, 0)
    } else {
        libm::frexp(x)
    };
    // SAFETY: C's contract.
    unsafe { *exponent = found };
    value
}

/// C's `modf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn modf(x: f64, whole: *mut f64) -> f64 {
    let found = libm::trunc(x);
    // SAFETY: C's contract.
    unsafe { *whole = found };
    let fraction = if x.is_infinite() { 0.0 } else { x - found };
    libm::copysign(fraction, x)
}

/// C's `remquo`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn remquo(x: f64, y: f64, quotient: *mut i32) -> f64 {
    let (value, found) = libm::remquo(x, y);
    // SAFETY: C's contract.
    unsafe { *quotient = found };
    value
}

/// GNU's `sincos`.
///
/// # Safety
/// Both pointers must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sincos(x: f64, sine: *mut f64, cosine: *mut f64) {
    let (s, c) = libm::sincos(x);
    // SAFETY: writable, as the caller vouches.
    unsafe {
        *sine = s;
        *cosine = c;
    }
}

/// C's `nan`, with the payload that the text says.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn nan(payload: *const u8) -> f64 {
    // SAFETY: C's contract: a terminated text.
    let value = unsafe { payload_of(payload) };
    f64::from_bits(f64::NAN.to_bits() | value & ((1 << 51) - 1))
}

/// The neighbour of `x`: upwards for 1, downwards for -1, itself for 0, NaN for 2.
pub(super) extern "C" fn step(direction: i32, x: f64) -> f64 {
    match direction {
        1 => libm::nextafter(x, f64::INFINITY),
        -1 => libm::nextafter(x, f64::NEG_INFINITY),
        0 => x,
        _ => f64::NAN,
    }
}

/// C's `lgammaf`; the sign of gamma goes to `signgam`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lgammaf(x: f32) -> f32 {
    let (value, sign) = super::gamma::lgamma(x.into());
    let value = value as f32;
    signgam.store(sign, Ordering::Relaxed);
    value
}

/// BSD's `lgammaf_r`.
///
/// # Safety
/// `sign` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn lgammaf_r(x: f32, sign: *mut i32) -> f32 {
    let (value, found) = super::gamma::lgamma(x.into());
    let value = value as f32;
    // SAFETY: writable, as the caller vouches.
    unsafe { *sign = found };
    value
}

/// C's `frexpf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn frexpf(x: f32, exponent: *mut i32) -> f32 {
    let (value, found) = if x == 0.0 || !x.is_finite() {
        (x, 0)
    } else {
        libm::frexpf(x)
    };
    // SAFETY: C's contract.
    unsafe { *exponent = found };
    value
}

/// C's `modff`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn modff(x: f32, whole: *mut f32) -> f32 {
    let found = libm::truncf(x);
    // SAFETY: C's contract.
    unsafe { *whole = found };
    let fraction = if x.is_infinite() { 0.0 } else { x - found };
    libm::copysignf(fraction, x)
}

/// C's `remquof`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn remquof(x: f32, y: f32, quotient: *mut i32) -> f32 {
    let (value, found) = libm::remquof(x, y);
    // SAFETY: C's contract.
    unsafe { *quotient = found };
    value
}

/// GNU's `sincosf`.
///
/// # Safety
/// Both pointers must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sincosf(x: f32, sine: *mut f32, cosine: *mut f32) {
    let (s, c) = libm::sincosf(x);
    // SAFETY: writable, as the caller vouches.
    unsafe {
        *sine = s;
        *cosine = c;
    }
}

/// C's `nanf`, with the payload that the text says.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn nanf(payload: *const u8) -> f32 {
    // SAFETY: C's contract: a terminated text.
    let value = unsafe { payload_of(payload) };
    f32::from_bits(f32::NAN.to_bits() | value as u32 & ((1 << 22) - 1))
}

/// The neighbour of `x`: upwards for 1, downwards for -1, itself for 0, NaN for 2.
pub(super) extern "C" fn stepf(direction: i32, x: f32) -> f32 {
    match direction {
        1 => libm::nextafterf(x, f32::INFINITY),
        -1 => libm::nextafterf(x, f32::NEG_INFINITY),
        0 => x,
        _ => f32::NAN,
    }
}

/// C's `__flt_rounds`: how addition rounds, in float.h's numbering.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __flt_rounds() -> i32 {
    // Of MXCSR's modes nearest, down, up, zero.
    [1, 3, 2, 0][super::fenv::fegetround() as usize >> 10 & 3]
}

/// The payload that the text of a NaN says, 0 if it is not a number.
unsafe fn payload_of(text: *const u8) -> u64 {
    // SAFETY: the caller passes a terminated text.
    let bytes = unsafe { core::ffi::CStr::from_ptr(text.cast()) }.to_bytes();
    let number = libc_core::number::integer(&mut { bytes }, 0, false);
    if number.valid == bytes.len() {
        number.unsigned().0
    } else {
        0
    }
}

/// 10^x: 2^(x log₂ 10), the product's rounding error making up for itself.
fn power_of_ten(x: f64) -> f64 {
    /// log₂ 10, its first 26 bits apart.
    const HIGH: f64 = 3.321_928_083_896_637;
    const LOW: f64 = 1.099_072_538_497_969_5e-8;
    if !(-400.0..400.0).contains(&x) || (x == libm::rint(x) && x.abs() < 16.0) {
        return libm::exp10(x);
    }
    let x_high = f64::from_bits(x.to_bits() & !0x7ff_ffff);
    let x_low = x - x_high;
    let product = x * core::f64::consts::LOG2_10;
    let error = ((x_high * HIGH - product) + x_high * LOW + x_low * HIGH) + x_low * LOW;
    let power = libm::exp2(product);
    if power == f64::INFINITY {
        return power;
    }
    power + power * (error * core::f64::consts::LN_2)
}

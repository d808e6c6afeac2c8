// SPDX-License-Identifier: ISC
//! ISO C's elementary functions are within 1.5 units of the last place; the others are no worse than the
//! host's, or within a stated bound. The file is long because of its table, one entry for each function.

use crate::mpfr::*;
use crate::ours::math;
use crate::support::{Random, cases};

/// A host function of C's mathematics.
type Host = unsafe extern "C" fn(f64) -> f64;
type Host2 = unsafe extern "C" fn(f64, f64) -> f64;

unsafe extern "C" {
    fn exp10(x: f64) -> f64;
}

/// Where a function's interesting arguments lie.
#[derive(Clone, Copy)]
enum Range {
    /// All of them.
    All,
    /// Between these.
    Between(f64, f64),
}

fn argument(random: &mut Random, range: Range) -> f64 {
    if let (Range::Between(low, high), false) = (range, random.one_in(4)) {
        let unit = random.below(1 << 53) as f64 / (1u64 << 53) as f64;
        return low + (high - low) * unit;
    }
    match random.below(4) {
        0 => random.double(),
        1 => f64::from_bits(random.next()),
        // Of moderate size, either sign.
        _ => f64::from_bits(
            (1023 - 40 + random.below(60)) << 52 | random.next() >> 12 | (random.next() & 1) << 63,
        ),
    }
}

struct Worst {
    error: f64,
    at: (f64, f64),
}

impl Worst {
    fn new() -> Worst {
        Worst {
            error: 0.0,
            at: (0.0, 0.0),
        }
    }

    fn see(&mut self, error: f64, at: (f64, f64)) {
        if error > self.error {
            *self = Worst { error, at };
        }
    }
}

#[test]
fn one_argument() {
    use Range::{All, Between};
    type Row = (
        &'static str,
        extern "C" fn(f64) -> f64,
        Host,
        Unary,
        Range,
        f64,
    );
    let rows: &[Row] = &[
        (
            "acos",
            math::acos,
            libc_acos,
            mpfr_acos,
            Between(-1.0, 1.0),
            1.5,
        ),
        (
            "acosh",
            math::acosh,
            libc_acosh,
            mpfr_acosh,
            Between(1.0, 40.0),
            1.5,
        ),
        (
            "asin",
            math::asin,
            libc_asin,
            mpfr_asin,
            Between(-1.0, 1.0),
            1.5,
        ),
        ("asinh", math::asinh, libc_asinh, mpfr_asinh, All, 1.5),
        ("atan", math::atan, libc_atan, mpfr_atan, All, 1.5),
        (
            "atanh",
            math::atanh,
            libc_atanh,
            mpfr_atanh,
            Between(-1.0, 1.0),
            1.5,
        ),
        ("cbrt", math::cbrt, libc_cbrt, mpfr_cbrt, All, 1.5),
        (
            "cos",
            math::cos,
            libc_cos,
            mpfr_cos,
            Between(-1000.0, 1000.0),
            1.5,
        ),
        (
            "cosh",
            math::cosh,
            libc_cosh,
            mpfr_cosh,
            Between(-711.0, 711.0),
            1.5,
        ),
        (
            "exp",
            math::exp,
            libc_exp,
            mpfr_exp,
            Between(-746.0, 710.0),
            1.5,
        ),
        (
            "exp2",
            math::exp2,
            libc_exp2,
            mpfr_exp2,
            Between(-1076.0, 1025.0),
            1.5,
        ),
        (
            "exp10",
            math::exp10,
            exp10,
            mpfr_exp10,
            Between(-325.0, 309.0),
            1.5,
        ),
        (
            "expm1",
            math::expm1,
            libc_expm1,
            mpfr_expm1,
            Between(-60.0, 710.0),
            1.5,
        ),
        ("log", math::log, libc_log, mpfr_log, Between(0.0, 3.0), 1.5),
        (
            "log10",
            math::log10,
            libc_log10,
            mpfr_log10,
            Between(0.0, 3.0),
            1.5,
        ),
        (
            "log1p",
            math::log1p,
            libc_log1p,
            mpfr_log1p,
            Between(-1.0, 3.0),
            1.5,
        ),
        (
            "log2",
            math::log2,
            libc_log2,
            mpfr_log2,
            Between(0.0, 3.0),
            1.5,
        ),
        (
            "sin",
            math::sin,
            libc_sin,
            mpfr_sin,
            Between(-1000.0, 1000.0),
            1.5,
        ),
        (
            "sinh",
            math::sinh,
            libc_sinh,
            mpfr_sinh,
            Between(-711.0, 711.0),
            1.5,
        ),
        ("sqrt", math::sqrt, libc_sqrt, mpfr_sqrt, All, 0.5),
        (
            "tan",
            math::tan,
            libc_tan,
            mpfr_tan,
            Between(-1000.0, 1000.0),
            1.5,
        ),
        (
            "tanh",
            math::tanh,
            libc_tanh,
            mpfr_tanh,
            Between(-22.0, 22.0),
            1.5,
        ),
        (
            "erf",
            math::erf,
            libc_erf,
            mpfr_erf,
            Between(-6.5, 6.5),
            1.5,
        ),
        (
            "erfc",
            math::erfc,
            libc_erfc,
            mpfr_erfc,
            Between(-6.0, 27.5),
            0.0,
        ),
        (
            "tgamma",
            math::tgamma,
            libc_tgamma,
            mpfr_gamma,
            Between(-184.0, 172.0),
            0.0,
        ),
        (
            "lgamma",
            math::lgamma,
            libc_lgamma,
            log_gamma,
            Between(-30.0, 60.0),
            0.0,
        ),
    ];
    let mut failures = String::new();
    for &(name, ours, host, exact, range, bound) in rows {
        let mut random = Random(name.bytes().map(u64::from).sum());
        let (mut worst, mut host_worst) = (Worst::new(), Worst::new());
        for _ in 0..cases() / 2 {
            let x = argument(&mut random, range);
            // Reducing an argument of a gamma function's size takes MPFR for ever.
            if matches!(name, "tgamma" | "lgamma") && x.abs() > 1e6 {
                continue;
            }
            let exact = Number::unary(exact, x);
            worst.see(exact.distance(ours(x)), (x, 0.0));
            // SAFETY: a function of one double.
            host_worst.see(exact.distance(unsafe { host(x) }), (x, 0.0));
        }
        println!(
            "{name}: {:.3} at {:e}; host {:.3}",
            worst.error, worst.at.0, host_worst.error
        );
        if worst.error
            > if bound == 0.0 {
                host_worst.error
            } else {
                bound
            }
        {
            failures += &format!(
                "{name}: {} at {:e}, host {}\n",
                worst.error, worst.at.0, host_worst.error
            );
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn two_arguments() {
    type Row = (
        &'static str,
        extern "C" fn(f64, f64) -> f64,
        Host2,
        Binary,
        f64,
    );
    let rows: &[Row] = &[
        ("atan2", math::atan2, libc_atan2, mpfr_atan2, 1.5),
        ("hypot", math::hypot, libc_hypot, mpfr_hypot, 1.5),
        ("pow", math::pow, libc_pow, mpfr_pow, 1.5),
        ("fmod", math::fmod, libc_fmod, mpfr_fmod, 0.0),
        (
            "remainder",
            math::remainder,
            libc_remainder,
            mpfr_remainder,
            0.0,
        ),
    ];
    let mut failures = String::new();
    for &(name, ours, host, exact, bound) in rows {
        let mut random = Random(name.bytes().map(u64::from).sum());
        let (mut worst, mut host_worst) = (Worst::new(), Worst::new());
        for _ in 0..cases() {
            let (mut x, mut y) = (
                argument(&mut random, Range::All),
                argument(&mut random, Range::Between(-300.0, 300.0)),
            );
            if name == "pow" && random.one_in(2) {
                // Results that neither overflow nor vanish.
                x = x.abs();
                y = 1000.0 * (random.below(1 << 53) as f64 / (1u64 << 53) as f64 - 0.5)
                    / x.log2().abs().max(1e-6);
            }
            let exact = Number::binary(exact, x, y);
            worst.see(exact.distance(ours(x, y)), (x, y));
            // SAFETY: a function of two doubles.
            host_worst.see(exact.distance(unsafe { host(x, y) }), (x, y));
        }
        println!(
            "{name}: {:.3} at {:e}, {:e}; host {:.3}",
            worst.error, worst.at.0, worst.at.1, host_worst.error
        );
        if worst.error
            > if bound == 0.0 {
                host_worst.error
            } else {
                bound
            }
        {
            failures += &format!(
                "{name}: {} at {:e}, {:e}, host {}\n",
                worst.error, worst.at.0, worst.at.1, host_worst.error
            );
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

macro_rules! host {
    ($($ours:ident = $name:literal;)*) => {
        unsafe extern "C" {
            $(
                #[link_name = $name]
                fn $ours(x: f64) -> f64;
            )*
        }
    };
}

host! {
    libc_acos = "acos";
    libc_acosh = "acosh";
    libc_asin = "asin";
    libc_asinh = "asinh";
    libc_atan = "atan";
    libc_atanh = "atanh";
    libc_cbrt = "cbrt";
    libc_cos = "cos";
    libc_cosh = "cosh";
    libc_exp = "exp";
    libc_exp2 = "exp2";
    libc_expm1 = "expm1";
    libc_log = "log";
    libc_log10 = "log10";
    libc_log1p = "log1p";
    libc_log2 = "log2";
    libc_sin = "sin";
    libc_sinh = "sinh";
    libc_sqrt = "sqrt";
    libc_tan = "tan";
    libc_tanh = "tanh";
    libc_erf = "erf";
    libc_erfc = "erfc";
    libc_tgamma = "tgamma";
    libc_lgamma = "lgamma";
}

unsafe extern "C" {
    #[link_name = "atan2"]
    fn libc_atan2(y: f64, x: f64) -> f64;
    #[link_name = "hypot"]
    fn libc_hypot(x: f64, y: f64) -> f64;
    #[link_name = "pow"]
    fn libc_pow(x: f64, y: f64) -> f64;
    #[link_name = "fmod"]
    fn libc_fmod(x: f64, y: f64) -> f64;
    #[link_name = "remainder"]
    fn libc_remainder(x: f64, y: f64) -> f64;
}

/// Units of the last place between a `float` and the exact value.
fn distance_single(exact: f64, found: f32) -> f64 {
    let rounded = exact as f32;
    if rounded.is_nan() || found.is_nan() || rounded.is_infinite() || found.is_infinite() {
        let overflows = |x: f32| x.is_infinite() || x.abs() == f32::MAX;
        let same = rounded.is_nan() && found.is_nan()
            || overflows(rounded) && overflows(found) && rounded.signum() == found.signum();
        return if same { 0.0 } else { f64::INFINITY };
    }
    let exponent = if rounded == 0.0 {
        -149
    } else {
        (libm::ilogbf(rounded) - 23).max(-149)
    };
    libm::scalbn((exact - f64::from(found)).abs(), -exponent)
}

#[test]
fn single_precision() {
    type Host = unsafe extern "C" fn(f32) -> f32;
    macro_rules! rows {
        ($($name:ident = $exact:path;)*) => {{
            unsafe extern "C" {
                $(fn $name(x: f32) -> f32;)*
            }
            let rows: &[(&str, extern "C" fn(f32) -> f32, Host, Unary)] =
                &[$((stringify!($name), math::$name, $name, $exact)),*];
            rows
        }};
    }
    let rows = rows! {
        acosf = mpfr_acos; acoshf = mpfr_acosh; asinf = mpfr_asin; asinhf = mpfr_asinh; atanf = mpfr_atan;
        atanhf = mpfr_atanh; cbrtf = mpfr_cbrt; cosf = mpfr_cos; coshf = mpfr_cosh; expf = mpfr_exp;
        exp2f = mpfr_exp2; exp10f = mpfr_exp10; expm1f = mpfr_expm1; logf = mpfr_log; log10f = mpfr_log10;
        log1pf = mpfr_log1p; log2f = mpfr_log2; sinf = mpfr_sin; sinhf = mpfr_sinh; sqrtf = mpfr_sqrt;
        tanf = mpfr_tan; tanhf = mpfr_tanh; erff = mpfr_erf; erfcf = mpfr_erfc; tgammaf = mpfr_gamma;
        lgammaf = log_gamma;
    };
    let mut failures = String::new();
    for &(name, ours, host, exact) in rows {
        let mut random = Random(name.bytes().map(u64::from).sum());
        let (mut worst, mut host_worst) = (Worst::new(), Worst::new());
        for _ in 0..cases() / 4 {
            let x = if random.one_in(4) {
                f32::from_bits(random.next() as u32)
            } else {
                argument(&mut random, Range::Between(-40.0, 40.0)) as f32
            };
            if name.contains("gamma") && x.abs() > 1e6 {
                continue;
            }
            let exact = Number::unary(exact, x.into()).value();
            worst.see(distance_single(exact, ours(x)), (x.into(), 0.0));
            // SAFETY: a function of one float.
            host_worst.see(distance_single(exact, unsafe { host(x) }), (x.into(), 0.0));
        }
        println!(
            "{name}: {:.3} at {:e}; host {:.3}",
            worst.error, worst.at.0, host_worst.error
        );
        if worst.error > host_worst.error.max(1.5) {
            failures += &format!(
                "{name}: {} at {:e}, host {}\n",
                worst.error, worst.at.0, host_worst.error
            );
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

// SPDX-License-Identifier: ISC
//! Functions with one right answer, bit for bit beside the host's: rounding, taking apart, classes; and the
//! `long double` entries, called as C calls them.

use crate::ours::{extended, math, x87};
use crate::support::{Random, cases};
use std::arch::asm;

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

macro_rules! host {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        mod host {
            unsafe extern "C" {
                $(pub fn $name($($argument: $type),*) -> $result;)*
            }
        }
    };
}

host! {
    ceil(x: f64) -> f64;
    floor(x: f64) -> f64;
    trunc(x: f64) -> f64;
    round(x: f64) -> f64;
    rint(x: f64) -> f64;
    nearbyint(x: f64) -> f64;
    fabs(x: f64) -> f64;
    logb(x: f64) -> f64;
    significand(x: f64) -> f64;
    ilogb(x: f64) -> i32;
    lrint(x: f64) -> i64;
    lround(x: f64) -> i64;
    frexp(x: f64, to: *mut i32) -> f64;
    modf(x: f64, to: *mut f64) -> f64;
    ldexp(x: f64, n: i32) -> f64;
    scalbln(x: f64, n: i64) -> f64;
    copysign(x: f64, y: f64) -> f64;
    nextafter(x: f64, y: f64) -> f64;
    fdim(x: f64, y: f64) -> f64;
    fmax(x: f64, y: f64) -> f64;
    fmin(x: f64, y: f64) -> f64;
    fma(x: f64, y: f64, z: f64) -> f64;
    remquo(x: f64, y: f64, to: *mut i32) -> f64;
    nan(text: *const u8) -> f64;
}

#[test]
fn doubles() {
    let mut random = Random(81);
    for _ in 0..cases() {
        let (x, y, z) = (random.double(), random.double(), random.double());
        let power = random.below(4400) as i32 - 2200;
        // SAFETY: functions of numbers, and local places to write to.
        unsafe {
            macro_rules! compare {
                ($($name:ident($($argument:expr),*);)*) => {
                    $(assert!(same(math::$name($($argument),*), host::$name($($argument),*)), "{} {x:e} {y:e}", stringify!($name));)*
                };
            }
            compare! {
                ceil(x); floor(x); trunc(x); round(x); rint(x); nearbyint(x); fabs(x); logb(x);
                copysign(x, y); nextafter(x, y); fdim(x, y); fma(x, y, z);
                ldexp(x, power); scalbln(x, i64::from(power));
            }
            if x != 0.0 || y != 0.0 {
                compare! { fmax(x, y); fmin(x, y); }
            }
            if x.is_normal() {
                compare! { significand(x); }
            }
            assert_eq!(math::ilogb(x) == i32::MIN, host::ilogb(x) == i32::MIN);
            assert!(x.is_nan() || math::ilogb(x) == host::ilogb(x), "{x:e}");
            if x.abs() < 9e18 {
                assert_eq!(math::lrint(x), host::lrint(x));
                assert_eq!(math::lround(x), host::lround(x));
            }
            let (mut a, mut b) = (0, 0);
            assert!(
                same(math::frexp(x, &raw mut a), host::frexp(x, &raw mut b)),
                "frexp {x:e}"
            );
            assert!(!x.is_finite() || a == b, "frexp {x:e}");
            let (mut a, mut b) = (0.0, 0.0);
            assert!(
                same(math::modf(x, &raw mut a), host::modf(x, &raw mut b)),
                "modf {x:e}"
            );
            assert!(same(a, b), "modf {x:e}");
            let (mut a, mut b) = (0, 0);
            let (ours, theirs) = (
                math::remquo(x, y, &raw mut a),
                host::remquo(x, y, &raw mut b),
            );
            assert!(same(ours, theirs), "remquo {x:e} {y:e}");
            // Three bits at least, with the quotient's sign.
            assert!(
                ours.is_nan()
                    || (a & 7, a < 0 && a & 7 != 0) == (b & 7, b < 0 && b & 7 != 0)
                    || (a.abs() & 7) == (b.abs() & 7),
                "remquo {x:e} {y:e}: {a} {b}"
            );
        }
    }
}

#[test]
fn payloads() {
    for text in [
        "",
        "0",
        "1",
        "0x123",
        "17",
        "07",
        "x",
        "99999999999999999999",
    ] {
        let text = format!("{text}\0");
        // SAFETY: terminated.
        let (ours, host) = unsafe { (math::nan(text.as_ptr()), host::nan(text.as_ptr())) };
        assert_eq!(ours.to_bits(), host.to_bits(), "{text:?}");
    }
}

/// A `long double` as 16 bytes of memory.
type Extended = [u8; 16];

/// Calls `long double f(long double, long double, ..., integer or pointer)`.
fn call(f: *const (), x: Extended, y: Extended, rdi: u64) -> (Extended, u64) {
    let mut result: Extended = [0; 16];
    let rax: u64;
    let arguments = [x, y];
    // SAFETY: as the ABI has it: two arguments on the stack, one in rdi, the result in st(0), of which the
    // stack of the x87 is rid afterwards. Functions with another result leave st(0) empty, which stores a NaN.
    unsafe {
        asm!(
            "mov r13, rsp",
            "sub rsp, 32",
            "and rsp, -16",
            "movups xmm0, [r12]",
            "movups xmm1, [r12 + 16]",
            "movups [rsp], xmm0",
            "movups [rsp + 16], xmm1",
            "call r14",
            "fstp tbyte ptr [r15]",
            "fninit",
            "mov rsp, r13",
            in("r12") arguments.as_ptr(),
            in("r14") f,
            in("r15") result.as_mut_ptr(),
            out("r13") _,
            inout("rdi") rdi => _,
            lateout("rax") rax,
            clobber_abi("C"),
        );
    }
    result[10..].fill(0);
    (result, rax)
}

fn long_double(random: &mut Random) -> Extended {
    let x = random.x87();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&x.mantissa.to_le_bytes());
    bytes[8..10].copy_from_slice(&x.sign_exponent.to_le_bytes());
    bytes
}

fn is_nan(x: &Extended) -> bool {
    u16::from_le_bytes([x[8], x[9]]) & 0x7fff == 0x7fff
        && u64::from_le_bytes(x[..8].try_into().unwrap()) << 1 != 0
}

macro_rules! extended_host {
    ($($name:ident)*) => {
        mod extended_host {
            unsafe extern "C" {
                $(pub fn $name();)*
            }
        }
    };
}

extended_host! { fabsl sqrtl rintl nearbyintl floorl ceill truncl roundl copysignl fmodl fmaxl fminl ldexpl scalblnl logbl frexpl modfl lrintl lroundl llroundl ilogbl nextafterl nexttowardl remainderl remquol fmal __fpclassifyl __signbitl __isinfl __finitel __isnanl }

#[test]
fn long_doubles() {
    let mut random = Random(82);
    for _ in 0..cases() {
        let (x, mut y) = (long_double(&mut random), long_double(&mut random));
        if random.one_in(3) {
            y = x;
        }
        macro_rules! compare {
            ($($name:ident)*) => { compare_from! { x87 $($name)* } };
        }
        macro_rules! compare_from {
            ($module:ident $($name:ident)*) => {
                $(
                    let (ours, _) = call($module::$name as *const (), x, y, 3);
                    let (host, _) = call(extended_host::$name as *const (), x, y, 3);
                    assert!(ours == host || is_nan(&ours) && is_nan(&host), "{} {x:x?} {y:x?}: {ours:x?} {host:x?}", stringify!($name));
                )*
            };
        }
        compare! { fabsl sqrtl rintl nearbyintl floorl ceill truncl roundl copysignl ldexpl scalblnl logbl }
        compare_from! { extended nextafterl nexttowardl }
        if x != y {
            compare! { fmodl }
            compare_from! { extended remainderl }
            // Which zero is greater is open.
            if x[..9] != [0; 9] || y[..9] != [0; 9] {
                compare! { fmaxl fminl }
            }
        }
        macro_rules! integers {
            ($($name:ident)*) => {
                $(
                    let (_, ours) = call(x87::$name as *const (), x, y, 0);
                    let (_, host) = call(extended_host::$name as *const (), x, y, 0);
                    assert_eq!((ours as i32).signum(), (host as i32).signum(), "{} {x:x?}", stringify!($name));
                )*
            };
        }
        integers! { __signbitl __isinfl __finitel __isnanl }
        let (_, ours) = call(x87::__fpclassifyl as *const (), x, y, 0);
        let (_, host) = call(extended_host::__fpclassifyl as *const (), x, y, 0);
        assert_eq!(ours as i32, host as i32, "__fpclassifyl {x:x?}");
        let (_, ours) = call(x87::lrintl as *const (), x, y, 0);
        let (_, host) = call(extended_host::lrintl as *const (), x, y, 0);
        assert_eq!(ours, host, "lrintl {x:x?}");
        macro_rules! same_integers {
            ($($name:ident)*) => {
                $(
                    let (_, ours) = call(extended::$name as *const (), x, y, 0);
                    let (_, host) = call(extended_host::$name as *const (), x, y, 0);
                    assert_eq!(ours as i32, host as i32, "{} {x:x?}", stringify!($name));
                )*
            };
        }
        same_integers! { lroundl llroundl ilogbl }
        let mut quotients = [0i32; 2];
        let [(ours, _), (host, _)] = [
            (extended::remquol as *const (), &raw mut quotients[0]),
            (extended_host::remquol as *const (), &raw mut quotients[1]),
        ]
        .map(|(f, to)| call(f, x, y, to.expose_provenance() as u64));
        assert!(
            ours == host || is_nan(&ours) && is_nan(&host),
            "remquol {x:x?} {y:x?}"
        );
        if !is_nan(&ours) {
            // C promises the sign and three bits.
            let bits = |q: i32| (q.unsigned_abs() & 7, q & 7 != 0 && q < 0);
            assert_eq!(
                bits(quotients[0]),
                bits(quotients[1]),
                "remquol {x:x?} {y:x?}"
            );
        }
        let mut places = [[0u8; 16]; 2];
        let (ours, _) = call(
            x87::modfl as *const (),
            x,
            y,
            places[0].as_mut_ptr().expose_provenance() as u64,
        );
        let (host, _) = call(
            extended_host::modfl as *const (),
            x,
            y,
            places[1].as_mut_ptr().expose_provenance() as u64,
        );
        if !is_nan(&x) {
            assert_eq!(
                (ours, &places[0][..10]),
                (host, &places[1][..10]),
                "modfl {x:x?}"
            );
        }
        let mut exponents = [0i32; 2];
        let (ours, _) = call(
            x87::frexpl as *const (),
            x,
            y,
            (&raw mut exponents[0]).expose_provenance() as u64,
        );
        let (host, _) = call(
            extended_host::frexpl as *const (),
            x,
            y,
            (&raw mut exponents[1]).expose_provenance() as u64,
        );
        if !is_nan(&x) {
            assert_eq!((ours, exponents[0]), (host, exponents[1]), "frexpl {x:x?}");
        }
    }
}

/// Three arguments, near enough to each other that digits cancel, or not; the host's is exact, too.
#[test]
fn fused_long_doubles() {
    let mut random = Random(83);
    let near = |random: &mut Random, exponent: u64| -> Extended {
        let mut bytes = [0; 16];
        let mantissa = match random.below(4) {
            0 => 1 << 63,
            1 => u64::MAX << random.below(60),
            _ => random.next(),
        } | 1 << 63;
        let sign = (random.below(2) as u16) << 15;
        bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
        bytes[8..10].copy_from_slice(&(sign | exponent as u16).to_le_bytes());
        bytes
    };
    for _ in 0..cases() {
        let arguments = if random.one_in(4) {
            [(); 3].map(|()| long_double(&mut random))
        } else {
            let base = 16383 + random.below(40);
            let shift = random.below(300);
            [
                near(&mut random, base),
                near(&mut random, 16383),
                near(&mut random, base + shift - 150),
            ]
        };
        let [ours, host] = [
            extended::fmal as *const (),
            extended_host::fmal as *const (),
        ]
        .map(|f| {
            let mut result: Extended = [0; 16];
            // SAFETY: three arguments on the stack, the result in st(0).
            unsafe {
                asm!(
                    "mov r13, rsp",
                    "sub rsp, 48",
                    "and rsp, -16",
                    "movups xmm0, [r12]",
                    "movups xmm1, [r12 + 16]",
                    "movups xmm2, [r12 + 32]",
                    "movups [rsp], xmm0",
                    "movups [rsp + 16], xmm1",
                    "movups [rsp + 32], xmm2",
                    "call r14",
                    "fstp tbyte ptr [r15]",
                    "fninit",
                    "mov rsp, r13",
                    in("r12") arguments.as_ptr(),
                    in("r14") f,
                    in("r15") result.as_mut_ptr(),
                    out("r13") _,
                    clobber_abi("C"),
                );
            }
            result[10..].fill(0);
            result
        });
        assert!(
            ours == host || is_nan(&ours) && is_nan(&host),
            "fmal {arguments:x?}: {ours:x?} {host:x?}"
        );
    }
}

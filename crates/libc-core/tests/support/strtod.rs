// SPDX-License-Identifier: ISC
//! A numeral as libc-core and as the host's `strtod`, `strtof` and `strtold` read it.

use libc_core::number::{Kind, float};
use libc_core::quick;

/// glibc's strtold through a small conversion: its result cannot be named in Rust.
mod extended {
    use std::arch::asm;

    unsafe extern "C" {
        fn strtold(text: *const u8, end: *mut *const u8);
    }

    /// Calls the host's strtold and takes the result from st(0).
    pub fn parse(text: &[u8]) -> (u64, u16, usize, bool) {
        let mut value = [0u8; 16];
        let mut end: *const u8 = std::ptr::null();
        // SAFETY: the text is terminated; the call clobbers what the ABI says, and leaves its result
        // on the x87's stack, from which it is taken at once.
        let range = unsafe {
            *libc::__errno_location() = 0;
            asm!(
                "call {f}",
                "fstp tbyte ptr [r12]",
                f = sym strtold,
                in("r12") value.as_mut_ptr(),
                in("rdi") text.as_ptr(),
                in("rsi") &raw mut end,
                clobber_abi("C"),
            );
            *libc::__errno_location() == libc::ERANGE
        };
        let mantissa = u64::from_le_bytes(value[..8].try_into().unwrap());
        let sign_exponent = u16::from_le_bytes(value[8..10].try_into().unwrap());
        (
            mantissa,
            sign_exponent,
            end as usize - text.as_ptr() as usize,
            range,
        )
    }
}

/// Value, end and ERANGE are the same, for each of the three.
pub fn compare(text: &str) {
    let bytes = format!("{text}\0").into_bytes();
    let start = bytes.as_ptr().cast();
    let used = |end: *mut libc::c_char| end as usize - bytes.as_ptr() as usize;
    let mut end = std::ptr::null_mut();
    // SAFETY: the text is terminated.
    let (double, double_used, double_range) = unsafe {
        *libc::__errno_location() = 0;
        let value = libc::strtod(start, &raw mut end);
        (
            value.to_bits(),
            used(end),
            *libc::__errno_location() == libc::ERANGE,
        )
    };
    let ours = float(&mut text.as_bytes(), Kind::Double);
    let negative = ours.negative && ours.valid != 0;
    assert_eq!(
        (ours.value.to_f64(negative), ours.valid, ours.value.range),
        (double, double_used, double_range),
        "strtod {text:?}: {:e} {:e}",
        f64::from_bits(ours.value.to_f64(negative)),
        f64::from_bits(double)
    );
    if let Some(found) = quick::double(&bytes) {
        let bits = found.value.to_f64(text.starts_with('-'));
        assert_eq!(
            (bits, found.length, found.value.range),
            (double, double_used, double_range),
            "quick {text:?}"
        );
    }
    // SAFETY: the text is terminated.
    let (single, single_used, single_range) = unsafe {
        *libc::__errno_location() = 0;
        let value = libc::strtof(start, &raw mut end);
        (
            value.to_bits(),
            used(end),
            *libc::__errno_location() == libc::ERANGE,
        )
    };
    let ours = float(&mut text.as_bytes(), Kind::Single);
    assert_eq!(
        (ours.value.to_f32(negative), ours.valid, ours.value.range),
        (single, single_used, single_range),
        "strtof {text:?}"
    );
    let expected = extended::parse(&bytes);
    let ours = float(&mut text.as_bytes(), Kind::Extended);
    let fields = ours.value.to_x87(negative);
    assert_eq!(
        (
            fields.mantissa,
            fields.sign_exponent,
            ours.valid,
            ours.value.range
        ),
        expected,
        "strtold {text:?}"
    );
}

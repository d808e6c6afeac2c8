// SPDX-License-Identifier: ISC
//! `long double` functions that take their arguments apart, exact to the 80-bit format, and those that end in an
//! integer. The entries are assembly for the reason that x87.rs gives.

use super::math;
use super::x87::{entries, roundl};
use core::arch::naked_asm;
use libc_core::fused;
use libc_core::real::{Class, Real, X87};

/// A `long double` as it lies in memory.
#[repr(C, align(16))]
pub struct Memory {
    mantissa: u64,
    sign_exponent: u16,
}

impl Memory {
    fn fields(&self) -> X87 {
        X87 {
            mantissa: self.mantissa,
            sign_exponent: self.sign_exponent,
        }
    }
}

impl From<X87> for Memory {
    fn from(x: X87) -> Memory {
        Memory {
            mantissa: x.mantissa,
            sign_exponent: x.sign_exponent,
        }
    }
}

entries! {
    fmal: [
        "sub rsp, 24",
        "mov rdi, rsp",
        "lea rsi, [rsp + 32]",
        "call {target}",
        "test al, al",
        "jz 2f",
        "fld tbyte ptr [rsp]",
        "add rsp, 24",
        "ret",
        // Infinities, NaNs, and products of zero: rounded once at most.
        "2: fld tbyte ptr [rsp + 32]",
        "fld tbyte ptr [rsp + 48]",
        "fmulp",
        "fld tbyte ptr [rsp + 64]",
        "faddp",
        "add rsp, 24",
        "ret",
    ] (target = multiply_add);
    nextafterl: [
        "sub rsp, 24",
        "mov rdi, rsp",
        "lea rsi, [rsp + 32]",
        "call {target}",
        "test al, al",
        "jz 2f",
        "fld tbyte ptr [rsp]",
        "add rsp, 24",
        "ret",
        // One of them is a NaN.
        "2: fld tbyte ptr [rsp + 32]",
        "fld tbyte ptr [rsp + 48]",
        "faddp",
        "add rsp, 24",
        "ret",
    ] (target = next_after);
    nexttowardl: ["jmp {target}"] (target = nextafterl);
    ilogbl: ["lea rdi, [rsp + 8]", "jmp {target}"] (target = exponent);
    lroundl: [
        "sub rsp, 24",
        "fld tbyte ptr [rsp + 32]",
        "fstp tbyte ptr [rsp]",
        "call {target}",
        "fistp qword ptr [rsp]",
        "mov rax, qword ptr [rsp]",
        "add rsp, 24",
        "ret",
    ] (target = roundl);
    llroundl: ["jmp {target}"] (target = lroundl);
    nanl: [
        "sub rsp, 8",
        "call {target}",
        "movsd qword ptr [rsp], xmm0",
        "fld qword ptr [rsp]",
        "add rsp, 8",
        "ret",
    ] (target = math::nan);
    remainderl: [
        "fld tbyte ptr [rsp + 24]",
        "fld tbyte ptr [rsp + 8]",
        "2: fprem1",
        "fnstsw ax",
        "test ah, 4",
        "jnz 2b",
        "fstp st(1)",
        "ret",
    ];
    // The quotient's last three bits are in C0 (4), C3 (2) and C1 (1).
    remquol: [
        "fld tbyte ptr [rsp + 24]",
        "fld tbyte ptr [rsp + 8]",
        "2: fprem1",
        "fnstsw ax",
        "test ah, 4",
        "jnz 2b",
        "fstp st(1)",
        "mov ecx, eax",
        "shr ecx, 6",
        "and ecx, 4",
        "mov edx, eax",
        "shr edx, 13",
        "and edx, 2",
        "or ecx, edx",
        "shr eax, 9",
        "and eax, 1",
        "or eax, ecx",
        "mov edx, eax",
        "neg edx",
        "mov cl, byte ptr [rsp + 17]",
        "xor cl, byte ptr [rsp + 33]",
        "cmovs eax, edx",
        "mov dword ptr [rdi], eax",
        "ret",
    ];
}

/// Stores `x` × `y` + `z`; false where that is the x87's to do.
unsafe extern "C" fn multiply_add(to: *mut Memory, arguments: *const [Memory; 3]) -> bool {
    // SAFETY: three arguments as the ABI lays them out.
    let arguments = unsafe { &*arguments }.each_ref().map(Memory::fields);
    let [x, y, z] = arguments.map(Real::from_x87);
    if z.class == Class::Infinite && x.class == Class::Finite && y.class == Class::Finite {
        // The product is finite, even if the x87 cannot hold it.
        // SAFETY: room for the result.
        unsafe { to.write(arguments[2].into()) };
        return true;
    }
    if [x, y, z].iter().any(|r| r.class != Class::Finite) || x.mantissa == 0 || y.mantissa == 0 {
        return false;
    }
    let sum = match fused::multiply_add(&x, &y, &z) {
        Some((negative, rounded)) => rounded.to_x87(negative),
        None => X87::default(),
    };
    // SAFETY: room for the result.
    unsafe { to.write(sum.into()) };
    true
}

/// Stores the number next to the first in the second's direction; false if one of them is no number.
unsafe extern "C" fn next_after(to: *mut Memory, arguments: *const [Memory; 2]) -> bool {
    // SAFETY: two arguments as the ABI lays them out.
    let [x, y] = unsafe { &*arguments }.each_ref().map(Memory::fields);
    let [a, b] = [x, y].map(Real::from_x87);
    if a.class == Class::Nan || b.class == Class::Nan {
        return false;
    }
    // As integers of sign and magnitude, of which both zeros are 0.
    let magnitude = |x: X87| i128::from(x.sign_exponent & 0x7fff) << 64 | i128::from(x.mantissa);
    let order = |x: X87| match x.sign_exponent >> 15 {
        0 => magnitude(x),
        _ => -magnitude(x),
    };
    let (from, towards) = (order(x), order(y));
    let next = if from == towards {
        y
    } else if from == 0 {
        X87 {
            mantissa: 1,
            sign_exponent: if towards < 0 { 0x8000 } else { 0 },
        }
    } else {
        step(x, (from < towards) == (from > 0))
    };
    // SAFETY: room for the result.
    unsafe { to.write(next.into()) };
    true
}

/// The next number away from zero, or towards it, of one that is not zero.
fn step(x: X87, up: bool) -> X87 {
    const FIRST: u64 = 1 << 63;
    let (sign, exponent) = (x.sign_exponent & 0x8000, x.sign_exponent & 0x7fff);
    let (mantissa, exponent) = match (x.mantissa, up) {
        (u64::MAX, true) => (FIRST, exponent + 1),
        (mantissa, true) => (mantissa + 1, exponent),
        (FIRST, false) if exponent > 1 => (u64::MAX, exponent - 1),
        (mantissa, false) => (mantissa - 1, exponent),
    };
    // The first bit is set in normal numbers only.
    let exponent = match mantissa & FIRST {
        0 => 0,
        _ => exponent.max(1),
    };
    X87 {
        mantissa,
        sign_exponent: sign | exponent,
    }
}

/// The exponent as an integer; FP_ILOGB0 and FP_ILOGBNAN are the least `int`, infinity's is the greatest.
unsafe extern "C" fn exponent(argument: *const Memory) -> i32 {
    // SAFETY: an argument as the ABI lays it out.
    let x = Real::from_x87(unsafe { &*argument }.fields());
    match x.class {
        Class::Infinite => i32::MAX,
        Class::Finite if x.mantissa != 0 => x.exponent + 63 - x.mantissa.leading_zeros() as i32,
        _ => i32::MIN,
    }
}

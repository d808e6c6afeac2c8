// SPDX-License-Identifier: ISC
//! `long double` at C's boundary: stable Rust has no x87 type, so these entries are assembly. An
//! argument lies on the stack in 16 bytes, a result in st(0) (System V ABI for x86-64, 3.2.3).
//!
//! What the x87 does in a few instructions is exact to the 80-bit format (fabsl, sqrtl, floorl,
//! ldexpl, fmodl and their like; extended.rs has those that need more than that). All other functions work at double precision: they round their
//! argument to `double`, call its function and widen the result. The file is as long as their list.

use super::math;
use core::arch::naked_asm;

macro_rules! entries {
    ($($name:ident: [$($line:expr),+ $(,)?] $(($symbol:ident = $target:path))?;)*) => {
        $(
            #[doc = concat!("C's `", stringify!($name), "`.")]
            ///
            /// # Safety
            /// C's contract; arguments and result are as the ABI says, not as Rust can write them.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            #[unsafe(naked)]
            pub unsafe extern "C" fn $name() {
                naked_asm!($($line),+ $(, $symbol = sym $target)?)
            }
        )*
    };
}

pub(super) use entries;

macro_rules! through_double {
    ($($name:ident = $target:path;)*) => {
        entries! { $(
            $name: [
                "sub rsp, 24",
                "fld tbyte ptr [rsp + 32]",
                "fstp qword ptr [rsp + 8]",
                "movsd xmm0, qword ptr [rsp + 8]",
                "call {target}",
                "movsd qword ptr [rsp + 8], xmm0",
                "fld qword ptr [rsp + 8]",
                "add rsp, 24",
                "ret",
            ] (target = $target);
        )* }
    };
}

macro_rules! through_double_two {
    ($($name:ident = $target:path;)*) => {
        entries! { $(
            $name: [
                "sub rsp, 24",
                "fld tbyte ptr [rsp + 32]",
                "fstp qword ptr [rsp + 8]",
                "movsd xmm0, qword ptr [rsp + 8]",
                "fld tbyte ptr [rsp + 48]",
                "fstp qword ptr [rsp + 8]",
                "movsd xmm1, qword ptr [rsp + 8]",
                "call {target}",
                "movsd qword ptr [rsp + 8], xmm0",
                "fld qword ptr [rsp + 8]",
                "add rsp, 24",
                "ret",
            ] (target = $target);
        )* }
    };
}

through_double! {
    acosl = math::acos;
    acoshl = math::acosh;
    asinl = math::asin;
    asinhl = math::asinh;
    atanl = math::atan;
    atanhl = math::atanh;
    cbrtl = math::cbrt;
    cosl = math::cos;
    coshl = math::cosh;
    erfl = math::erf;
    erfcl = math::erfc;
    expl = math::exp;
    exp2l = math::exp2;
    exp10l = math::exp10;
    expm1l = math::expm1;
    lgammal = math::lgamma;
    logl = math::log;
    log10l = math::log10;
    log1pl = math::log1p;
    log2l = math::log2;
    sinl = math::sin;
    sinhl = math::sinh;
    tanl = math::tan;
    tanhl = math::tanh;
    tgammal = math::tgamma;
}

through_double_two! {
    atan2l = math::atan2;
    fdiml = math::fdim;
    hypotl = math::hypot;
    powl = math::pow;
}

entries! {
    fabsl: ["fld tbyte ptr [rsp + 8]", "fabs", "ret"];
    sqrtl: ["fld tbyte ptr [rsp + 8]", "fsqrt", "ret"];
    rintl: ["fld tbyte ptr [rsp + 8]", "frndint", "ret"];
    // As rintl, with the exception flags as they were.
    nearbyintl: [
        "fld tbyte ptr [rsp + 8]",
        "fnstenv [rsp - 40]",
        "frndint",
        "fnstsw ax",
        "test al, 0x20",
        "jz 2f",
        "test byte ptr [rsp - 36], 0x20",
        "jnz 2f",
        "fnstenv [rsp - 40]",
        "and byte ptr [rsp - 36], 0xdf",
        "fldenv [rsp - 40]",
        "2: fldcw [rsp - 40]",
        "ret",
    ];
    // Rounding is in bits 10 and 11 of the control word: 01 down, 10 up, 11 towards zero.
    floorl: [
        "fld tbyte ptr [rsp + 8]",
        "fnstcw [rsp - 4]",
        "movzx eax, word ptr [rsp - 4]",
        "and eax, 0xf3ff",
        "or eax, 0x0400",
        "mov word ptr [rsp - 8], ax",
        "fldcw [rsp - 8]",
        "frndint",
        "fldcw [rsp - 4]",
        "ret",
    ];
    ceill: [
        "fld tbyte ptr [rsp + 8]",
        "fnstcw [rsp - 4]",
        "movzx eax, word ptr [rsp - 4]",
        "and eax, 0xf3ff",
        "or eax, 0x0800",
        "mov word ptr [rsp - 8], ax",
        "fldcw [rsp - 8]",
        "frndint",
        "fldcw [rsp - 4]",
        "ret",
    ];
    truncl: [
        "fld tbyte ptr [rsp + 8]",
        "fnstcw [rsp - 4]",
        "movzx eax, word ptr [rsp - 4]",
        "or eax, 0x0c00",
        "mov word ptr [rsp - 8], ax",
        "fldcw [rsp - 8]",
        "frndint",
        "fldcw [rsp - 4]",
        "ret",
    ];
    // |x| truncated, plus one if a half or more was cut off; then the sign.
    roundl: [
        "fld tbyte ptr [rsp + 8]",
        "fabs",
        "fnstcw [rsp - 4]",
        "movzx eax, word ptr [rsp - 4]",
        "or eax, 0x0c00",
        "mov word ptr [rsp - 8], ax",
        "fldcw [rsp - 8]",
        "fld st(0)",
        "frndint",
        "fsub st(1), st",
        "fxch",
        "fadd st, st(0)",
        "fld1",
        "fcomip st, st(1)",
        "fstp st(0)",
        "ja 2f",
        "jp 2f",
        "fld1",
        "faddp",
        "2: fldcw [rsp - 4]",
        "test byte ptr [rsp + 17], 0x80",
        "jz 3f",
        "fchs",
        "3: ret",
    ];
    copysignl: [
        "fld tbyte ptr [rsp + 8]",
        "fabs",
        "test byte ptr [rsp + 33], 0x80",
        "jz 2f",
        "fchs",
        "2: ret",
    ];
    fmodl: [
        "fld tbyte ptr [rsp + 24]",
        "fld tbyte ptr [rsp + 8]",
        "2: fprem",
        "fnstsw ax",
        "test ah, 4",
        "jnz 2b",
        "fstp st(1)",
        "ret",
    ];
    fmaxl: [
        "fld tbyte ptr [rsp + 8]",
        "fld tbyte ptr [rsp + 24]",
        "fucomi st, st(0)",
        "jp 2f",
        "fucomi st, st(1)",
        "jp 3f",
        "jb 2f",
        "3: fstp st(1)",
        "ret",
        "2: fstp st(0)",
        "ret",
    ];
    fminl: [
        "fld tbyte ptr [rsp + 8]",
        "fld tbyte ptr [rsp + 24]",
        "fucomi st, st(0)",
        "jp 2f",
        "fucomi st, st(1)",
        "jp 3f",
        "ja 2f",
        "3: fstp st(1)",
        "ret",
        "2: fstp st(0)",
        "ret",
    ];
    ldexpl: [
        "mov dword ptr [rsp - 4], edi",
        "fild dword ptr [rsp - 4]",
        "fld tbyte ptr [rsp + 8]",
        "fscale",
        "fstp st(1)",
        "ret",
    ];
    scalbnl: [
        "mov dword ptr [rsp - 4], edi",
        "fild dword ptr [rsp - 4]",
        "fld tbyte ptr [rsp + 8]",
        "fscale",
        "fstp st(1)",
        "ret",
    ];
    scalblnl: [
        "mov qword ptr [rsp - 8], rdi",
        "fild qword ptr [rsp - 8]",
        "fld tbyte ptr [rsp + 8]",
        "fscale",
        "fstp st(1)",
        "ret",
    ];
    logbl: [
        "fld tbyte ptr [rsp + 8]",
        "fabs",
        "fxam",
        "fnstsw ax",
        // Infinity (C2 C0, 05) and NaN (C0) answer themselves.
        "test ah, 1",
        "jnz 2f",
        "fxtract",
        "fstp st(0)",
        "2: ret",
    ];
    // fxtract gives a number from 1 to 2 and the exponent; frexp wants half of it and one more. Zero, infinity and NaN
    // come back as they are.
    frexpl: [
        "mov dword ptr [rdi], 0",
        "fld tbyte ptr [rsp + 8]",
        "fxam",
        "fnstsw ax",
        "and ah, 0x45",
        "cmp ah, 0x40",
        "je 2f",
        "test ah, 1",
        "jnz 2f",
        "fxtract",
        "fxch",
        "fistp dword ptr [rdi]",
        "inc dword ptr [rdi]",
        "fld1",
        "fchs",
        "fxch",
        "fscale",
        "fstp st(1)",
        "2: ret",
    ];
    modfl: [
        "fld tbyte ptr [rsp + 8]",
        "fnstcw [rsp - 4]",
        "movzx eax, word ptr [rsp - 4]",
        "or eax, 0x0c00",
        "mov word ptr [rsp - 8], ax",
        "fldcw [rsp - 8]",
        "fld st(0)",
        "frndint",
        "fldcw [rsp - 4]",
        "fld st(0)",
        "fstp tbyte ptr [rdi]",
        // Infinity has the fraction 0, of the same sign; NaN stays.
        "movzx eax, word ptr [rsp + 16]",
        "and eax, 0x7fff",
        "cmp eax, 0x7fff",
        "jne 2f",
        "mov rax, qword ptr [rsp + 8]",
        "add rax, rax",
        "jnz 2f",
        "fstp st(0)",
        "fstp st(0)",
        "fldz",
        "jmp 3f",
        "2: fsubp",
        "3: fabs",
        "test byte ptr [rsp + 17], 0x80",
        "jz 4f",
        "fchs",
        "4: ret",
    ];
    lrintl: ["fld tbyte ptr [rsp + 8]", "fistp qword ptr [rsp - 8]", "mov rax, qword ptr [rsp - 8]", "ret"];
    llrintl: ["fld tbyte ptr [rsp + 8]", "fistp qword ptr [rsp - 8]", "mov rax, qword ptr [rsp - 8]", "ret"];
    // Where the sign bit is, and what kind of number the exponent and significand say it is.
    __signbitl: ["movsx eax, word ptr [rsp + 16]", "shr eax, 31", "ret"];
    __fpclassifyl: [
        "fld tbyte ptr [rsp + 8]",
        "fxam",
        "fnstsw ax",
        "fstp st(0)",
        "and ah, 0x45",
        "mov ecx, 0",
        "cmp ah, 0x05",
        "mov edx, 1",
        "cmove ecx, edx",
        "cmp ah, 0x40",
        "mov edx, 2",
        "cmove ecx, edx",
        "cmp ah, 0x44",
        "mov edx, 3",
        "cmove ecx, edx",
        "cmp ah, 0x04",
        "mov edx, 4",
        "cmove ecx, edx",
        "mov eax, ecx",
        "ret",
    ];
    __isnanl: [
        "fld tbyte ptr [rsp + 8]",
        "fucomip st, st(0)",
        "setp al",
        "movzx eax, al",
        "ret",
    ];
    __finitel: [
        "movzx eax, word ptr [rsp + 16]",
        "and eax, 0x7fff",
        "sub eax, 0x7fff",
        "shr eax, 31",
        "ret",
    ];
    __isinfl: [
        "mov rax, qword ptr [rsp + 8]",
        "add rax, rax",
        "jnz 2f",
        "movzx eax, word ptr [rsp + 16]",
        "cmp eax, 0x7fff",
        "je 3f",
        "cmp eax, 0xffff",
        "jne 2f",
        "mov eax, -1",
        "ret",
        "3: mov eax, 1",
        "ret",
        "2: xor eax, eax",
        "ret",
    ];
    // double nexttoward(double, long double), and for float.
    nexttoward: [
        "fld tbyte ptr [rsp + 8]",
        "movsd qword ptr [rsp - 8], xmm0",
        "fld qword ptr [rsp - 8]",
        "mov edi, 0",
        "fucomip st, st(1)",
        "fstp st(0)",
        "jp 2f",
        "mov edx, 1",
        "mov ecx, -1",
        "cmovb edi, edx",
        "cmova edi, ecx",
        "jmp {step}",
        "2: mov edi, 2",
        "jmp {step}",
    ] (step = math::step);
    nexttowardf: [
        "fld tbyte ptr [rsp + 8]",
        "movss dword ptr [rsp - 8], xmm0",
        "fld dword ptr [rsp - 8]",
        "mov edi, 0",
        "fucomip st, st(1)",
        "fstp st(0)",
        "jp 2f",
        "mov edx, 1",
        "mov ecx, -1",
        "cmovb edi, edx",
        "cmova edi, ecx",
        "jmp {step}",
        "2: mov edi, 2",
        "jmp {step}",
    ] (step = math::stepf);
}

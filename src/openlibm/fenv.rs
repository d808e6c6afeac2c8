// SPDX-License-Identifier: ISC
//! fenv.h (C11 7.6), for the SSE unit and the x87 together (Intel SDM volume 1, chapters 8 and 10).
//! glibc's `fenv_t` is the x87's 28-byte environment followed by MXCSR.

use core::arch::asm;

/// The five exceptions of C and x86's own for denormals.
const ALL: u32 = 0x3d;

/// glibc's `fenv_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Environment {
    x87: [u32; 7],
    mxcsr: u32,
}

fn mxcsr() -> u32 {
    let mut value = 0u32;
    // SAFETY: stores a control register.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack, preserves_flags)) };
    value
}

fn set_mxcsr(value: u32) {
    // SAFETY: no reserved bit is set in what comes from `mxcsr` or C's environment.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack, preserves_flags)) };
}

fn x87_status() -> u32 {
    let status: u16;
    // SAFETY: reads the status word.
    unsafe { asm!("fnstsw ax", out("ax") status, options(nomem, nostack, preserves_flags)) };
    status.into()
}

fn x87() -> [u32; 7] {
    let mut value = [0; 7];
    // SAFETY: 28 writable bytes; storing masks the exceptions, so the same is loaded again.
    unsafe {
        asm!("fnstenv [{0}]", "fldenv [{0}]", in(reg) &raw mut value, options(nostack, preserves_flags))
    };
    value
}

fn set_x87(value: &[u32; 7]) {
    // SAFETY: an environment that was stored before.
    unsafe { asm!("fldenv [{}]", in(reg) value, options(nostack, preserves_flags)) };
}

/// Runs something and leaves the exception flags of the SSE unit as they were.
pub(super) fn quietly<T>(f: impl FnOnce() -> T) -> T {
    let before = mxcsr();
    let result = f();
    // The value must be there before the flags go back.
    set_mxcsr(core::hint::black_box(before));
    result
}

/// C's `feclearexcept`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn feclearexcept(which: i32) -> i32 {
    let which = which as u32 & ALL;
    let mut environment = x87();
    environment[1] &= !which;
    set_x87(&environment);
    set_mxcsr(mxcsr() & !which);
    0
}

/// C's `fetestexcept`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fetestexcept(which: i32) -> i32 {
    ((mxcsr() | x87_status()) & which as u32 & ALL) as i32
}

/// C's `feraiseexcept`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn feraiseexcept(which: i32) -> i32 {
    // With all exceptions masked, as they are unless `feenableexcept` was called, setting a flag is
    // all that raising one does.
    set_mxcsr(mxcsr() | which as u32 & ALL);
    0
}

/// C's `fegetexceptflag`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fegetexceptflag(to: *mut u16, which: i32) -> i32 {
    // SAFETY: C's contract.
    unsafe { *to = fetestexcept(which) as u16 };
    0
}

/// C's `fesetexceptflag`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fesetexceptflag(from: *const u16, which: i32) -> i32 {
    // SAFETY: C's contract.
    let flags = u32::from(unsafe { *from });
    feclearexcept(which);
    set_mxcsr(mxcsr() | flags & which as u32 & ALL);
    0
}

/// C's `fegetround`: bits 10 and 11, as the x87 has them.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fegetround() -> i32 {
    (mxcsr() >> 3 & 0xc00) as i32
}

/// C's `fesetround`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fesetround(mode: i32) -> i32 {
    if mode & !0xc00 != 0 {
        return 1;
    }
    let mode = mode as u32;
    let mut environment = x87();
    environment[0] = environment[0] & !0xc00 | mode;
    set_x87(&environment);
    set_mxcsr(mxcsr() & !0x6000 | mode << 3);
    0
}

/// C's `fegetenv`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fegetenv(to: *mut Environment) -> i32 {
    // SAFETY: C's contract.
    unsafe {
        *to = Environment {
            x87: x87(),
            mxcsr: mxcsr(),
        }
    };
    0
}

const DEFAULT: Environment = Environment {
    x87: [0xffff_037f, 0xffff_0000, 0xffff_ffff, 0, 0, 0, 0xffff_0000],
    mxcsr: 0x1f80,
};

/// C's `fesetenv`; glibc's FE_DFL_ENV is -1.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fesetenv(from: *const Environment) -> i32 {
    let new = match from.addr() {
        usize::MAX => DEFAULT,
        // FE_NOMASK_ENV: as the default, with every exception trapping but those for denormals.
        0xffff_ffff_ffff_fffe => {
            let mut environment = DEFAULT;
            environment.x87[0] &= !ALL;
            environment.mxcsr &= !(ALL << 7);
            environment
        }
        // SAFETY: C's contract.
        _ => unsafe { *from },
    };
    set_x87(&new.x87);
    set_mxcsr(new.mxcsr & 0xffff);
    0
}

/// C's `feholdexcept`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn feholdexcept(to: *mut Environment) -> i32 {
    // SAFETY: C's contract.
    unsafe { fegetenv(to) };
    let mut environment = x87();
    environment[0] |= 0x3f;
    environment[1] &= !0x3f;
    set_x87(&environment);
    set_mxcsr((mxcsr() | 0x1f80) & !0x3f);
    0
}

/// C's `feupdateenv`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn feupdateenv(from: *const Environment) -> i32 {
    let raised = fetestexcept(ALL as i32);
    // SAFETY: C's contract.
    unsafe { fesetenv(from) };
    feraiseexcept(raised)
}

/// GNU's `fegetexcept`: which exceptions trap.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fegetexcept() -> i32 {
    (!(mxcsr() >> 7) & ALL) as i32
}

/// GNU's `feenableexcept`: a trap ends the domain with the core's report.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn feenableexcept(which: i32) -> i32 {
    let before = fegetexcept();
    let which = which as u32 & ALL;
    let mut environment = x87();
    environment[0] &= !which;
    set_x87(&environment);
    set_mxcsr(mxcsr() & !(which << 7));
    before
}

/// GNU's `fedisableexcept`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn fedisableexcept(which: i32) -> i32 {
    let before = fegetexcept();
    let which = which as u32 & ALL;
    let mut environment = x87();
    environment[0] |= which;
    set_x87(&environment);
    set_mxcsr(mxcsr() | which << 7);
    before
}

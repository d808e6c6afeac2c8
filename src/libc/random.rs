// SPDX-License-Identifier: ISC
//! sys/random.h: random bytes of our own Solo5 part's generator (`solo5__xen_random`, looked for weakly); over another
//! one from the processor (RDSEED, else RDRAND; Intel SDM volume 1, 7.3.17). An error where neither works; never weaker
//! ones. Also POSIX's 48-bit generator, which is not for secrets.

use super::errno::{EAGAIN, EIO, ENOSYS, fail};
use super::platform::{Cell, Part, crash};
use super::weak::weak;
use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};

/// Which instruction there is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Unknown,
    None,
    Rdrand,
    Rdseed,
}

static SOURCE: Cell<Source> = Cell::new(Source::Unknown);

fn source() -> Source {
    if SOURCE.get() == Source::Unknown {
        let leaves = __cpuid(0).eax;
        let rdseed = leaves >= 7 && __cpuid_count(7, 0).ebx >> 18 & 1 != 0;
        let rdrand = __cpuid(1).ecx >> 30 & 1 != 0;
        SOURCE.set(match (rdseed, rdrand) {
            (true, _) => Source::Rdseed,
            (_, true) => Source::Rdrand,
            _ => Source::None,
        });
    }
    SOURCE.get()
}

/// A random word. The instruction may fail for a while; ten tries for RDRAND are Intel's advice,
/// RDSEED needs more.
fn word(source: Source) -> Option<u64> {
    for _ in 0..1000 {
        let (value, carry): (u64, u8);
        // SAFETY: the processor has the instruction.
        unsafe {
            if source == Source::Rdseed {
                asm!("rdseed {}", "setc {}", out(reg) value, out(reg_byte) carry, options(nomem, nostack));
            } else {
                asm!("rdrand {}", "setc {}", out(reg) value, out(reg_byte) carry, options(nomem, nostack));
            }
        }
        if carry != 0 {
            return Some(value);
        }
        core::hint::spin_loop();
    }
    None
}

/// Has our own Solo5 part fill a buffer: whether it could. `None` over another one.
fn from_core(to: &mut [u8]) -> Option<bool> {
    // SAFETY: the symbol's documented type; the slice is writable.
    unsafe {
        let random = weak!("solo5__xen_random" as unsafe extern "C" fn(*mut u8, usize) -> i32)?;
        Some(random(to.as_mut_ptr(), to.len()) == 0)
    }
}

/// Fills a buffer; the error number if that cannot be done.
fn fill(to: &mut [u8]) -> Result<(), i32> {
    if let Some(filled) = from_core(to) {
        return if filled { Ok(()) } else { Err(EIO) };
    }
    let source = source();
    if source == Source::None {
        return Err(ENOSYS);
    }
    for chunk in to.chunks_mut(8) {
        let value = word(source).ok_or(EAGAIN)?.to_le_bytes();
        chunk.copy_from_slice(&value[..chunk.len()]);
    }
    Ok(())
}

/// Linux's `getrandom`.
///
/// # Safety
/// `to` must have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getrandom(to: *mut u8, size: usize, _flags: u32) -> isize {
    // SAFETY: writable, as the caller vouches.
    match fill(unsafe { core::slice::from_raw_parts_mut(to, size) }) {
        Ok(()) => size as isize,
        Err(error) => fail(error) as isize,
    }
}

/// POSIX's `getentropy`: at most 256 bytes.
///
/// # Safety
/// `to` must have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getentropy(to: *mut u8, size: usize) -> i32 {
    if size > 256 {
        return fail(EIO);
    }
    // SAFETY: writable, as the caller vouches.
    match fill(unsafe { core::slice::from_raw_parts_mut(to, size) }) {
        Ok(()) => 0,
        Err(error) => fail(error),
    }
}

/// BSD's `arc4random_buf`, which cannot fail: where there are no random bytes, the domain ends.
///
/// # Safety
/// `to` must have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn arc4random_buf(to: *mut u8, size: usize) {
    // SAFETY: writable, as the caller vouches.
    if fill(unsafe { core::slice::from_raw_parts_mut(to, size) }).is_err() {
        crash(&[Part::Text(
            "arc4random: no source of random bytes, neither the Solo5 part's nor the processor's",
        )]);
    }
}

/// BSD's `arc4random`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn arc4random() -> u32 {
    let mut word = [0; 4];
    // SAFETY: four writable bytes.
    unsafe { arc4random_buf(word.as_mut_ptr(), 4) };
    u32::from_le_bytes(word)
}

/// BSD's `arc4random_uniform`: below `bound`, each number as likely as the others; 0 for a bound of 0.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn arc4random_uniform(bound: u32) -> u32 {
    if bound < 2 {
        return 0;
    }
    // The first 2^32 mod `bound` words would make the small numbers likelier.
    let least = bound.wrapping_neg() % bound;
    loop {
        let word = arc4random();
        if word >= least {
            return word % bound;
        }
    }
}

/// POSIX's 48-bit linear congruence.
fn next(state: u64) -> u64 {
    state.wrapping_mul(0x5_deec_e66d).wrapping_add(11) & ((1 << 48) - 1)
}

static STATE: Cell<u64> = Cell::new(0x1234_abcd_330e);

fn advance() -> u64 {
    STATE.set(next(STATE.get()));
    STATE.get()
}

/// POSIX's `drand48`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn drand48() -> f64 {
    advance() as f64 / (1u64 << 48) as f64
}

/// POSIX's `lrand48`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lrand48() -> i64 {
    (advance() >> 17) as i64
}

/// POSIX's `mrand48`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mrand48() -> i64 {
    i64::from((advance() >> 16) as i32)
}

/// POSIX's `srand48`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn srand48(seed: i64) {
    STATE.set(u64::from(seed as u32) << 16 | 0x330e);
}

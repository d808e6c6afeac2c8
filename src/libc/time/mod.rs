// SPDX-License-Identifier: ISC
//! time.h (C11 7.27) and sys/time.h over Solo5's two clocks and the processor time that Xen gave the domain.

mod calendar;
mod sleep;

pub use calendar::*;
#[cfg_attr(not(test), expect(unused_imports, reason = "for C alone"))]
pub use sleep::*;

use super::errno::{EINVAL, EPERM, fail};
use super::platform::{monotonic, run_time, wall};
use super::threads::wait::tick;

const BILLION: u64 = 1_000_000_000;

/// C's `struct timespec`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpec {
    /// Seconds.
    pub tv_sec: i64,
    /// Nanoseconds, 0 to 999999999.
    pub tv_nsec: i64,
}

impl TimeSpec {
    fn from_nanoseconds(value: u64) -> Self {
        TimeSpec {
            tv_sec: (value / BILLION) as i64,
            tv_nsec: (value % BILLION) as i64,
        }
    }

    /// As nanoseconds; none if it is not a valid length of time. What 64 bits do not hold is as long
    /// as they can say, 584 years.
    pub(super) fn nanoseconds(&self) -> Option<u64> {
        let fraction = u64::try_from(self.tv_nsec).ok().filter(|&n| n < BILLION)?;
        let seconds = u64::try_from(self.tv_sec).ok()?;
        Some(seconds.saturating_mul(BILLION).saturating_add(fraction))
    }
}

/// POSIX's `struct timeval`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TimeVal {
    /// Seconds.
    pub tv_sec: i64,
    /// Microseconds, 0 to 999999.
    pub tv_usec: i64,
}

/// C's `time`.
///
/// # Safety
/// `to` must be NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn time(to: *mut i64) -> i64 {
    tick();
    let now = (wall() / BILLION) as i64;
    if !to.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe { *to = now };
    }
    now
}

/// C's `clock`, in microseconds: the domain runs nothing else, so its processor time is the program's.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn clock() -> i64 {
    tick();
    (run_time() / 1000) as i64
}

/// C's `difftime`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn difftime(later: i64, earlier: i64) -> f64 {
    // Exact as long as the difference is, which a difference of doubles would not be.
    match later.checked_sub(earlier) {
        Some(difference) => difference as f64,
        None => later as f64 - earlier as f64,
    }
}

/// The clock of an identifier: real time, processor time, or one that only goes forward.
fn read_clock(identifier: i32) -> Option<u64> {
    match identifier {
        // CLOCK_REALTIME, _REALTIME_COARSE, _TAI's absence is an error.
        0 | 5 => Some(wall()),
        // CLOCK_MONOTONIC, _MONOTONIC_RAW, _MONOTONIC_COARSE, _BOOTTIME.
        1 | 4 | 6 | 7 => Some(monotonic()),
        // CLOCK_PROCESS_CPUTIME_ID, _THREAD_CPUTIME_ID: threads' own times are not told apart.
        2 | 3 => Some(run_time()),
        _ => None,
    }
}

/// POSIX's `clock_gettime`.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn clock_gettime(identifier: i32, to: *mut TimeSpec) -> i32 {
    tick();
    let Some(now) = read_clock(identifier) else {
        return fail(EINVAL);
    };
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = TimeSpec::from_nanoseconds(now) };
    0
}

/// POSIX's `clock_getres`: a nanosecond.
///
/// # Safety
/// `to` must be NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn clock_getres(identifier: i32, to: *mut TimeSpec) -> i32 {
    if read_clock(identifier).is_none() {
        return fail(EINVAL);
    }
    if !to.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe {
            *to = TimeSpec {
                tv_sec: 0,
                tv_nsec: 1,
            }
        };
    }
    0
}

/// POSIX's `clock_settime`: the wall clock is the host's.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn clock_settime(_identifier: i32, _time: *const TimeSpec) -> i32 {
    fail(EPERM)
}

/// POSIX's `settimeofday`: the wall clock is the host's.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn settimeofday(_time: *const TimeVal, _zone: *const u8) -> i32 {
    fail(EPERM)
}

/// C's `timespec_get`.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn timespec_get(to: *mut TimeSpec, base: i32) -> i32 {
    if base != 1 {
        return 0;
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = TimeSpec::from_nanoseconds(wall()) };
    base
}

/// POSIX's `gettimeofday`.
///
/// # Safety
/// `to` must be NULL or writable, and so `zone`, two `int`s.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn gettimeofday(to: *mut TimeVal, zone: *mut [i32; 2]) -> i32 {
    tick();
    let now = wall();
    // SAFETY: writable, as the caller vouches.
    unsafe {
        if !to.is_null() {
            *to = TimeVal {
                tv_sec: (now / BILLION) as i64,
                tv_usec: (now % BILLION / 1000) as i64,
            };
        }
        if !zone.is_null() {
            *zone = [0, 0];
        }
    }
    0
}

/// POSIX's `struct tms`, in hundredths of a second.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Tms {
    /// The program's time.
    pub user: i64,
    /// The system's time for it: 0.
    pub system: i64,
    /// Its children's: 0.
    pub children: [i64; 2],
}

/// POSIX's `times`.
///
/// # Safety
/// `to` must be NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn times(to: *mut Tms) -> i64 {
    let ticks = (monotonic() / 10_000_000) as i64;
    if !to.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe {
            *to = Tms {
                user: (run_time() / 10_000_000) as i64,
                system: 0,
                children: [0, 0],
            }
        };
    }
    ticks
}

/// POSIX's `utimes`: there are no files.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn utimes(_path: *const u8, _times: *const TimeVal) -> i32 {
    fail(super::errno::ENOENT)
}

// SPDX-License-Identifier: ISC
//! Sleeping: the rest of the program's threads run meanwhile, and nothing interrupts it.

use super::super::errno::{EINVAL, fail};
use super::super::platform::monotonic;
use super::super::threads::wait::sleep_until;
use super::{BILLION, TimeSpec, read_clock};

fn sleep_for(nanoseconds: u64) {
    sleep_until(monotonic().saturating_add(nanoseconds));
}

/// POSIX's `nanosleep`; nothing interrupts it.
///
/// # Safety
/// `length` must be readable, `left` NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn nanosleep(length: *const TimeSpec, left: *mut TimeSpec) -> i32 {
    // SAFETY: readable, as the caller vouches.
    let Some(length) = (unsafe { *length }).nanoseconds() else {
        return fail(EINVAL);
    };
    sleep_for(length);
    if !left.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe {
            *left = TimeSpec {
                tv_sec: 0,
                tv_nsec: 0,
            }
        };
    }
    0
}

/// POSIX's `clock_nanosleep`; returns an error number. Nobody sleeps on processor time: EINVAL.
///
/// # Safety
/// As for [`nanosleep`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn clock_nanosleep(
    identifier: i32,
    flags: i32,
    length: *const TimeSpec,
    _left: *mut TimeSpec,
) -> i32 {
    // CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID
    if matches!(identifier, 2 | 3) {
        return EINVAL;
    }
    // SAFETY: readable, as the caller vouches.
    let (Some(now), Some(length)) = (read_clock(identifier), unsafe { *length }.nanoseconds())
    else {
        return EINVAL;
    };
    // TIMER_ABSTIME
    sleep_for(if flags & 1 != 0 {
        length.saturating_sub(now)
    } else {
        length
    });
    0
}

/// POSIX's `usleep`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn usleep(microseconds: u32) -> i32 {
    sleep_for(u64::from(microseconds) * 1000);
    0
}

/// POSIX's `sleep`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sleep(seconds: u32) -> u32 {
    sleep_for(u64::from(seconds) * BILLION);
    0
}

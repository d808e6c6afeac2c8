// SPDX-License-Identifier: ISC
//! semaphore.h (POSIX, "Semaphores"), without names.

use super::super::errno::{EAGAIN, EINVAL, EOVERFLOW, ETIMEDOUT, fail};
use super::super::threads::wait::{NEVER, tick, wait, wake};
use super::super::time::TimeSpec;
use super::deadline_of;

/// POSIX's `sem_init`: the first word of glibc's `sem_t` is the value.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_init(semaphore: *mut u32, _shared: i32, value: u32) -> i32 {
    if value > i32::MAX as u32 {
        return fail(EINVAL);
    }
    // SAFETY: POSIX's contract.
    unsafe { *semaphore = value };
    0
}

/// POSIX's `sem_destroy`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sem_destroy(_semaphore: *mut u32) -> i32 {
    0
}

/// POSIX's `sem_post`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_post(semaphore: *mut u32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        if *semaphore >= i32::MAX as u32 {
            return fail(EOVERFLOW);
        }
        *semaphore += 1;
    }
    wake(semaphore.addr(), 1);
    0
}

/// Takes one if there is one.
unsafe fn take(semaphore: *mut u32) -> bool {
    // SAFETY: POSIX's contract of the function it is called for.
    let value = unsafe { &mut *semaphore };
    match value.checked_sub(1) {
        Some(less) => *value = less,
        None => return false,
    }
    true
}

/// POSIX's `sem_trywait`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_trywait(semaphore: *mut u32) -> i32 {
    tick();
    // SAFETY: POSIX's contract.
    if unsafe { take(semaphore) } {
        0
    } else {
        fail(EAGAIN)
    }
}

/// POSIX's `sem_wait`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_wait(semaphore: *mut u32) -> i32 {
    tick();
    // SAFETY: POSIX's contract.
    while !unsafe { take(semaphore) } {
        wait(semaphore.addr(), NEVER, "sem_wait");
    }
    0
}

/// POSIX's `sem_timedwait`: ETIMEDOUT at a time of the wall clock.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_timedwait(semaphore: *mut u32, deadline: *const TimeSpec) -> i32 {
    // SAFETY: POSIX's contract. The time is not looked at where there is one to take.
    unsafe {
        if take(semaphore) {
            return 0;
        }
        let Some(deadline) = deadline_of(0, deadline) else {
            return fail(EINVAL);
        };
        while !take(semaphore) {
            if !wait(semaphore.addr(), deadline, "sem_timedwait") {
                return fail(ETIMEDOUT);
            }
        }
    }
    0
}

/// POSIX's `sem_getvalue`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sem_getvalue(semaphore: *const u32, to: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *to = *semaphore as i32 };
    0
}

// SPDX-License-Identifier: ISC
//! pthread.h's condition variables (POSIX, "Condition Variables"). Those who wait are woken in the order of their coming,
//! and none that was not signalled.

use super::super::errno::{EINVAL, ETIMEDOUT};
use super::super::threads::wait::{NEVER, deadlock, is_alone, wait, wake};
use super::super::time::TimeSpec;
use super::deadline_of;
use super::mutex::{Mutex, give_up, lock_again};

/// glibc's `pthread_cond_t`, of which the first word is the clock.
#[repr(C)]
pub struct Condition {
    clock: i32,
    rest: [u32; 11],
}

/// POSIX's `pthread_cond_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_cond_init(
    condition: *mut Condition,
    attributes: *const i32,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        *condition = Condition {
            clock: attributes.as_ref().copied().unwrap_or(0),
            rest: [0; 11],
        }
    };
    0
}

/// POSIX's `pthread_cond_destroy`: there is nothing to do.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_cond_destroy(_condition: *mut Condition) -> i32 {
    0
}

unsafe fn wait_until(
    condition: *mut Condition,
    mutex: *mut Mutex,
    deadline: u64,
    function: &'static str,
) -> i32 {
    // SAFETY: POSIX's contract: a locked mutex.
    let count = match unsafe { give_up(mutex) } {
        Ok(count) => count,
        Err(error) => return error,
    };
    let signalled = wait(condition.addr(), deadline, function);
    // SAFETY: as above.
    unsafe { lock_again(mutex, count, function) };
    if signalled { 0 } else { ETIMEDOUT }
}

/// POSIX's `pthread_cond_wait`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_cond_wait(condition: *mut Condition, mutex: *mut Mutex) -> i32 {
    if is_alone() {
        deadlock("pthread_cond_wait");
    }
    // SAFETY: POSIX's contract.
    unsafe { wait_until(condition, mutex, NEVER, "pthread_cond_wait") }
}

/// POSIX's `pthread_cond_timedwait`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_cond_timedwait(
    condition: *mut Condition,
    mutex: *mut Mutex,
    deadline: *const TimeSpec,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        match deadline_of((*condition).clock, deadline) {
            Some(deadline) => wait_until(condition, mutex, deadline, "pthread_cond_timedwait"),
            None => EINVAL,
        }
    }
}

/// POSIX's `pthread_cond_signal`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_cond_signal(condition: *mut Condition) -> i32 {
    wake(condition.addr(), 1);
    0
}

/// POSIX's `pthread_cond_broadcast`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_cond_broadcast(condition: *mut Condition) -> i32 {
    wake(condition.addr(), usize::MAX);
    0
}

/// POSIX's `pthread_condattr_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_condattr_init(attributes: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *attributes = 0 };
    0
}

/// POSIX's `pthread_condattr_setclock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_condattr_setclock(attributes: *mut i32, clock: i32) -> i32 {
    if clock != 0 && clock != 1 {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { *attributes = clock };
    0
}

/// POSIX's `pthread_condattr_destroy`: there is nothing to do.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_condattr_destroy(_attributes: *mut i32) -> i32 {
    0
}

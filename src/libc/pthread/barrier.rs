// SPDX-License-Identifier: ISC
//! pthread.h's barriers (POSIX, "Barriers").

use super::super::errno::{EBUSY, EINVAL};
use super::super::threads::wait::{NEVER, wait, wake};

/// glibc's `pthread_barrier_t`, of which the first word is the number of threads; 0 once destroyed.
#[repr(C)]
pub struct Barrier {
    count: u32,
    /// How many wait for the others.
    waiting: u32,
    /// How often all have come.
    round: u32,
    rest: [u32; 5],
}

const _: () = assert!(size_of::<Barrier>() == 32);

/// POSIX's value for the one thread of a barrier that may clean up.
const SERIAL_THREAD: i32 = -1;

/// POSIX's `PTHREAD_PROCESS_PRIVATE`, and `PTHREAD_PROCESS_SHARED`, which with one process is the same.
const SHARING: core::ops::RangeInclusive<i32> = 0..=1;

/// POSIX's `pthread_barrier_init`: EINVAL for no thread, or more than an `int` counts.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_barrier_init(
    barrier: *mut Barrier,
    _attributes: *const i32,
    count: u32,
) -> i32 {
    if count == 0 || count > i32::MAX as u32 {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe {
        *barrier = Barrier {
            count,
            waiting: 0,
            round: 0,
            rest: [0; 5],
        }
    };
    0
}

/// POSIX's `pthread_barrier_wait`: -1 (the serial thread) for the last to come, EINVAL for one that is not initialised.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_barrier_wait(barrier: *mut Barrier) -> i32 {
    // SAFETY: POSIX's contract. Read anew after each wait.
    unsafe {
        if (*barrier).count == 0 {
            return EINVAL;
        }
        (*barrier).waiting += 1;
        if (*barrier).waiting == (*barrier).count {
            (*barrier).waiting = 0;
            (*barrier).round = (*barrier).round.wrapping_add(1);
            wake(barrier.addr(), usize::MAX);
            return SERIAL_THREAD;
        }
        let round = (*barrier).round;
        // Whoever is woken may find the barrier destroyed (POSIX lets the serial thread do that): it looks only where
        // a signal may have ended the wait.
        loop {
            let woken = wait(barrier.addr(), NEVER, "pthread_barrier_wait");
            if woken && (*barrier).round != round || (*barrier).count == 0 {
                return 0;
            }
        }
    }
}

/// POSIX's `pthread_barrier_destroy`: EBUSY while threads wait.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_barrier_destroy(barrier: *mut Barrier) -> i32 {
    // SAFETY: POSIX's contract.
    let barrier = unsafe { &mut *barrier };
    if barrier.waiting != 0 {
        return EBUSY;
    }
    barrier.count = 0;
    0
}

/// POSIX's `pthread_barrierattr_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_barrierattr_init(attributes: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *attributes = *SHARING.start() };
    0
}

/// POSIX's `pthread_barrierattr_destroy`: there is nothing to do.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_barrierattr_destroy(_attributes: *mut i32) -> i32 {
    0
}

/// POSIX's `pthread_barrierattr_setpshared`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_barrierattr_setpshared(attributes: *mut i32, shared: i32) -> i32 {
    if !SHARING.contains(&shared) {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { *attributes = shared };
    0
}

/// POSIX's `pthread_barrierattr_getpshared`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_barrierattr_getpshared(
    attributes: *const i32,
    shared: *mut i32,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *shared = *attributes };
    0
}

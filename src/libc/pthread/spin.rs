// SPDX-License-Identifier: ISC
//! pthread.h's spin locks (POSIX, "Spin Locks").

use super::super::errno::EBUSY;
use super::super::threads::wait::{NEVER, tick, wait, wake};

/// POSIX's `pthread_spin_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_spin_init(lock: *mut i32, _shared: i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *lock = 0 };
    0
}

/// POSIX's `pthread_spin_destroy`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_spin_destroy(_lock: *mut i32) -> i32 {
    0
}

/// POSIX's `pthread_spin_lock`. Spinning would keep the holder from running, so it waits like any other lock.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_spin_lock(lock: *mut i32) -> i32 {
    tick();
    // SAFETY: POSIX's contract.
    while unsafe { core::mem::replace(&mut *lock, 1) } != 0 {
        wait(lock.addr(), NEVER, "pthread_spin_lock");
    }
    0
}

/// POSIX's `pthread_spin_trylock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_spin_trylock(lock: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    if unsafe { core::mem::replace(&mut *lock, 1) } != 0 {
        tick();
        EBUSY
    } else {
        0
    }
}

/// POSIX's `pthread_spin_unlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_spin_unlock(lock: *mut i32) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *lock = 0 };
    wake(lock.addr(), 1);
    0
}

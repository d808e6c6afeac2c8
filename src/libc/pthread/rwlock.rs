// SPDX-License-Identifier: ISC
//! pthread.h's read-write locks (POSIX, "Read-Write Locks"). As in glibc, readers do not wait for a writer that waits.

use super::super::errno::{EAGAIN, EBUSY, EDEADLK, EPERM};
use super::super::threads::wait::{NEVER, number, tick, wait, wake};

/// A read-write lock: the number of readers, or -1 for a writer, whose number comes next.
#[repr(C)]
pub struct RwLock {
    holders: i32,
    writer: i32,
    rest: [u32; 12],
}

/// POSIX's `pthread_rwlock_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_init(lock: *mut RwLock, _attributes: *const u64) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        *lock = RwLock {
            holders: 0,
            writer: 0,
            rest: [0; 12],
        }
    };
    0
}

/// POSIX's `pthread_rwlock_destroy`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_destroy(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    if unsafe { (*lock).holders } != 0 {
        EBUSY
    } else {
        0
    }
}

fn is_mine(lock: &RwLock) -> bool {
    lock.holders < 0 && lock.writer == number()
}

/// Takes it for reading; EBUSY if that must wait.
unsafe fn read_lock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    let lock = unsafe { &mut *lock };
    if lock.holders < 0 {
        return EBUSY;
    }
    match lock.holders.checked_add(1) {
        Some(holders) => {
            lock.holders = holders;
            0
        }
        None => EAGAIN,
    }
}

/// Takes it for writing; EBUSY if that must wait.
unsafe fn write_lock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    let lock = unsafe { &mut *lock };
    if lock.holders != 0 {
        return EBUSY;
    }
    lock.holders = -1;
    lock.writer = number();
    0
}

unsafe fn take(
    lock: *mut RwLock,
    take: unsafe fn(*mut RwLock) -> i32,
    function: &'static str,
) -> i32 {
    tick();
    loop {
        // SAFETY: POSIX's contract.
        match unsafe { take(lock) } {
            // SAFETY: as above.
            EBUSY if is_mine(unsafe { &*lock }) => return EDEADLK,
            EBUSY => wait(lock.addr(), NEVER, function),
            result => return result,
        };
    }
}

/// POSIX's `pthread_rwlock_rdlock`: EDEADLK where the thread writes.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_rdlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { take(lock, read_lock, "pthread_rwlock_rdlock") }
}

/// POSIX's `pthread_rwlock_tryrdlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_tryrdlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { read_lock(lock) }
}

/// POSIX's `pthread_rwlock_wrlock`: EDEADLK where the thread writes already; where it reads it waits for itself.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_wrlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { take(lock, write_lock, "pthread_rwlock_wrlock") }
}

/// POSIX's `pthread_rwlock_trywrlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_trywrlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { write_lock(lock) }
}

/// POSIX's `pthread_rwlock_unlock`: EPERM where nobody has it, or another thread writes.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_rwlock_unlock(lock: *mut RwLock) -> i32 {
    // SAFETY: POSIX's contract.
    let held = unsafe { &mut *lock };
    match held.holders {
        0 => return EPERM,
        ..0 if !is_mine(held) => return EPERM,
        ..0 => held.holders = 0,
        _ => held.holders -= 1,
    }
    if held.holders == 0 {
        wake(lock.addr(), usize::MAX);
    }
    tick();
    0
}

/// POSIX's `pthread_rwlockattr_init`: there is nothing to do.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_rwlockattr_init(_attributes: *mut u64) -> i32 {
    0
}

/// POSIX's `pthread_rwlockattr_destroy`: there is nothing to do.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_rwlockattr_destroy(_attributes: *mut u64) -> i32 {
    0
}

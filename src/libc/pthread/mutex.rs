// SPDX-License-Identifier: ISC
//! pthread.h's mutexes (POSIX, "Mutexes"). A thread that unlocks goes on running; the one that has waited longest tries next.

use super::super::errno::{EAGAIN, EBUSY, EDEADLK, EINVAL, EPERM, ETIMEDOUT};
use super::super::threads::wait::{NEVER, number, pass, tick, wait, wake};
use super::super::time::TimeSpec;
use super::deadline_of;

/// glibc's `pthread_mutex_t`: the lock word, how often a recursive one is locked again, the owner's number, the kind.
#[repr(C)]
pub struct Mutex {
    locked: i32,
    count: u32,
    owner: i32,
    users: u32,
    kind: i32,
    rest: [u32; 5],
}

const _: () = assert!(size_of::<Mutex>() == 40);

const NORMAL: i32 = 0;
const RECURSIVE: i32 = 1;
const ERROR_CHECK: i32 = 2;

impl Mutex {
    fn kind(&self) -> i32 {
        self.kind & 3
    }

    fn is_mine(&self) -> bool {
        self.locked != 0 && self.owner == number()
    }

    /// Takes the lock; EBUSY if that must wait.
    fn take(&mut self) -> i32 {
        if self.locked == 0 {
            self.locked = 1;
            self.owner = number();
            0
        } else if self.kind() == RECURSIVE && self.is_mine() {
            match self.count.checked_add(1) {
                Some(count) => {
                    self.count = count;
                    0
                }
                None => EAGAIN,
            }
        } else {
            EBUSY
        }
    }
}

/// The attributes of a mutex: its kind.
#[repr(C)]
pub struct MutexAttributes(i32);

/// POSIX's `pthread_mutex_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_init(
    mutex: *mut Mutex,
    attributes: *const MutexAttributes,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        let kind = attributes.as_ref().map_or(NORMAL, |a| a.0);
        *mutex = Mutex {
            locked: 0,
            count: 0,
            owner: 0,
            users: 0,
            kind,
            rest: [0; 5],
        };
    }
    0
}

/// POSIX's `pthread_mutex_destroy`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_destroy(mutex: *mut Mutex) -> i32 {
    // SAFETY: POSIX's contract.
    if unsafe { (*mutex).locked } != 0 {
        EBUSY
    } else {
        0
    }
}

/// Takes the lock, waiting until a time of the monotonic clock for it.
///
/// # Safety
/// POSIX's contract of the function it is called for.
unsafe fn lock(mutex: *mut Mutex, deadline: u64, function: &'static str) -> i32 {
    loop {
        // SAFETY: the caller's contract; the borrow ends before anybody else runs.
        let result = unsafe {
            let mutex = &mut *mutex;
            match mutex.take() {
                EBUSY if mutex.kind() == ERROR_CHECK && mutex.is_mine() => EDEADLK,
                result => result,
            }
        };
        if result != EBUSY {
            return result;
        }
        if !wait(mutex.addr(), deadline, function) {
            return ETIMEDOUT;
        }
    }
}

/// Takes it again after a condition's wait, as often as it was locked.
///
/// # Safety
/// POSIX's contract of the function it is called for.
pub(super) unsafe fn lock_again(mutex: *mut Mutex, count: u32, function: &'static str) {
    // SAFETY: the caller's contract.
    unsafe {
        lock(mutex, NEVER, function);
        (*mutex).count = count;
    }
}

/// Gives it up for a condition's wait: how often it was locked besides, or EPERM where another thread has it.
///
/// # Safety
/// POSIX's contract of the function it is called for.
pub(super) unsafe fn give_up(mutex: *mut Mutex) -> Result<u32, i32> {
    // SAFETY: the caller's contract.
    let held = unsafe { &mut *mutex };
    if !held.is_mine() && held.kind() != NORMAL {
        return Err(EPERM);
    }
    let count = core::mem::take(&mut held.count);
    held.locked = 0;
    wake(mutex.addr(), 1);
    Ok(count)
}

/// POSIX's `pthread_mutex_lock`, of a lock that the thread holds already: EDEADLK where it is of the kind that checks for
/// errors; where POSIX has it wait for ever, it waits for another thread to unlock it, which is a crash where none can.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_lock(mutex: *mut Mutex) -> i32 {
    tick();
    // SAFETY: POSIX's contract.
    unsafe { lock(mutex, NEVER, "pthread_mutex_lock") }
}

/// POSIX's `pthread_mutex_trylock`. Who finds the lock taken tries again, mostly: others run before that.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_trylock(mutex: *mut Mutex) -> i32 {
    // SAFETY: POSIX's contract.
    let result = unsafe { (*mutex).take() };
    if result == EBUSY {
        pass();
    }
    result
}

/// POSIX's `pthread_mutex_timedlock`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_timedlock(
    mutex: *mut Mutex,
    deadline: *const TimeSpec,
) -> i32 {
    // SAFETY: POSIX's contract. The time is not looked at where the lock is free.
    unsafe {
        match (*mutex).take() {
            EBUSY => match deadline_of(0, deadline) {
                Some(deadline) => lock(mutex, deadline, "pthread_mutex_timedlock"),
                None => EINVAL,
            },
            result => result,
        }
    }
}

/// POSIX's `pthread_mutex_unlock`: EPERM where it is not locked, and of the kinds that know their owner where that is
/// another thread.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutex_unlock(mutex: *mut Mutex) -> i32 {
    // SAFETY: POSIX's contract.
    let held = unsafe { &mut *mutex };
    if held.locked == 0 || held.kind() != NORMAL && !held.is_mine() {
        return EPERM;
    }
    match held.count.checked_sub(1) {
        Some(count) => held.count = count,
        None => {
            held.locked = 0;
            wake(mutex.addr(), 1);
        }
    }
    tick();
    0
}

/// POSIX's `pthread_mutexattr_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutexattr_init(attributes: *mut MutexAttributes) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *attributes = MutexAttributes(NORMAL) };
    0
}

/// POSIX's `pthread_mutexattr_settype`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutexattr_settype(
    attributes: *mut MutexAttributes,
    kind: i32,
) -> i32 {
    if !(0..=3).contains(&kind) {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { *attributes = MutexAttributes(kind) };
    0
}

/// POSIX's `pthread_mutexattr_gettype`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_mutexattr_gettype(
    attributes: *const MutexAttributes,
    kind: *mut i32,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *kind = (*attributes).0 };
    0
}

/// POSIX's `pthread_mutexattr_destroy`: there is nothing to do.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_mutexattr_destroy(_attributes: *mut MutexAttributes) -> i32 {
    0
}

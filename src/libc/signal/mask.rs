// SPDX-License-Identifier: ISC
//! Which signals wait, and waiting for them.

use super::super::errno::{EINVAL, ENOSYS, fail};
use super::super::threads::wait;
use super::{BLOCKED, MINE, PENDING, SIGKILL, SIGSTOP, bit, deliver_pending, sets, take_pending};

/// POSIX's `sigprocmask`.
///
/// # Safety
/// Both pointers must be NULL or valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigprocmask(how: i32, new: *const u64, old: *mut [u64; 16]) -> i32 {
    match change_mask(how, new, old) {
        0 => 0,
        error => fail(error),
    }
}

/// POSIX's `pthread_sigmask`; returns an error number.
///
/// # Safety
/// Both pointers must be NULL or valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_sigmask(how: i32, new: *const u64, old: *mut [u64; 16]) -> i32 {
    change_mask(how, new, old)
}

fn change_mask(how: i32, new: *const u64, old: *mut [u64; 16]) -> i32 {
    let before = BLOCKED.get();
    if !new.is_null() {
        // SAFETY: readable, as the callers' callers vouch.
        let set = unsafe { *new };
        BLOCKED.set(
            match how {
                0 => before | set,
                1 => before & !set,
                2 => set,
                _ => return EINVAL,
            } & !(bit(SIGKILL) | bit(SIGSTOP)),
        );
    }
    if !old.is_null() {
        // SAFETY: writable, as the callers' callers vouch.
        unsafe { *old = sets::of(before) };
    }
    deliver_pending();
    0
}

/// POSIX's `sigpending`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigpending(to: *mut [u64; 16]) -> i32 {
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = sets::of(PENDING.get() | MINE.get()) };
    0
}

/// POSIX's `sigsuspend`: nothing would ever end the wait.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sigsuspend(_mask: *const u64) -> i32 {
    fail(ENOSYS)
}

/// POSIX's `pause`: nothing would ever end the wait.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pause() -> i32 {
    fail(ENOSYS)
}

/// POSIX's `sigwait`: takes a pending signal, or waits for another thread to raise one. Where there is none, ENOSYS.
///
/// # Safety
/// Both pointers must be valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigwait(set: *const u64, to: *mut i32) -> i32 {
    // SAFETY: readable, as the caller vouches.
    let set = unsafe { *set };
    let signal = loop {
        match take_pending(set) {
            Some(signal) => break signal,
            None if wait::is_alone() => return ENOSYS,
            None => wait::wait(wait::SIGNAL, wait::NEVER, "sigwait"),
        };
    };
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = signal };
    0
}

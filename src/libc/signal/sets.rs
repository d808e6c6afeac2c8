// SPDX-License-Identifier: ISC
//! Sets of signals: glibc's `sigset_t`, of whose 1024 bits the first 64 are signals.

use super::super::errno::{EINVAL, fail};
use super::{action, bit};

/// The set of these signals.
pub(super) fn of(signals: u64) -> [u64; 16] {
    let mut set = [0; 16];
    set[0] = signals;
    set
}

/// POSIX's `sigemptyset`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigemptyset(set: *mut [u64; 16]) -> i32 {
    // SAFETY: writable, as the caller vouches.
    unsafe { *set = [0; 16] };
    0
}

/// POSIX's `sigfillset`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigfillset(set: *mut [u64; 16]) -> i32 {
    // SAFETY: writable, as the caller vouches.
    unsafe { *set = [u64::MAX; 16] };
    0
}

/// POSIX's `sigaddset`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigaddset(set: *mut u64, signal: i32) -> i32 {
    if action(signal).is_none() {
        return fail(EINVAL);
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *set |= bit(signal) };
    0
}

/// POSIX's `sigdelset`.
///
/// # Safety
/// The set must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigdelset(set: *mut u64, signal: i32) -> i32 {
    if action(signal).is_none() {
        return fail(EINVAL);
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *set &= !bit(signal) };
    0
}

/// POSIX's `sigismember`.
///
/// # Safety
/// The set must be readable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigismember(set: *const u64, signal: i32) -> i32 {
    if action(signal).is_none() {
        return fail(EINVAL);
    }
    // SAFETY: readable, as the caller vouches.
    i32::from(unsafe { *set } & bit(signal) != 0)
}

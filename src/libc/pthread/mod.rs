// SPDX-License-Identifier: ISC
//! pthread.h and semaphore.h (POSIX): C's names over `threads`, and locks, which keep their state in the program's memory.
//!
//! Layouts follow glibc where static initialisers see them: a mutex has its lock word at 0, its count
//! at 4, its owner at 8 and its kind at 16; everything starts as zeros.

pub mod attributes;
pub mod barrier;
pub mod condition;
pub mod keys;
pub mod mutex;
pub mod rwlock;
pub mod semaphore;
pub mod spin;

use super::errno::{EINVAL, ENOSYS, ERANGE, ESRCH};
use super::platform::{Cell, monotonic, wall};
use super::threads::life::{Function, Place};
use super::threads::{self, NAME_SIZE, wait};
use super::time::TimeSpec;
use attributes::Attributes;
use core::ffi::c_void;

/// An absolute time of a clock (0 for the wall clock, 1 for the monotonic one), as one of the monotonic clock in ns; None
/// where it is no time.
unsafe fn deadline_of(clock: i32, time: *const TimeSpec) -> Option<u64> {
    // SAFETY: POSIX's contract: a readable time.
    let time = unsafe { (*time).nanoseconds() }?;
    let now = if clock == 1 { monotonic() } else { wall() };
    let left = time.saturating_sub(now);
    Some(monotonic().saturating_add(left).min(wait::NEVER - 1))
}

/// POSIX's `pthread_create`: EAGAIN where memory for a stack ends.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_create(
    to: *mut u64,
    attributes: *const Attributes,
    function: Function,
    argument: *mut c_void,
) -> i32 {
    // SAFETY: POSIX's contract: null or initialised.
    let (start, size, detached) = unsafe { attributes.as_ref() }
        .map_or((0, 0, 0), |a| (a.stack_start, a.stack_size, a.detached));
    let place = match (start, size) {
        (0, 0) => Place::New(threads::default_size()),
        (0, size) => Place::New(size),
        (start, size) => Place::Given(start..start + size),
    };
    match threads::create(function, argument, place, detached != 0) {
        Ok(id) => {
            // SAFETY: POSIX's contract.
            unsafe { *to = id };
            0
        }
        Err(error) => error,
    }
}

/// POSIX's `pthread_join`: EDEADLK for the thread itself or one that joins it, EINVAL for one that nobody may join, ESRCH for
/// none.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_join(thread: u64, result: *mut *mut c_void) -> i32 {
    match threads::join(thread) {
        Ok(value) => {
            if !result.is_null() {
                // SAFETY: POSIX's contract.
                unsafe { *result = value };
            }
            0
        }
        Err(error) => error,
    }
}

/// POSIX's `pthread_detach`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_detach(thread: u64) -> i32 {
    threads::detach(thread)
}

/// POSIX's `pthread_exit`: when the last thread ends, the program ends with status 0.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_exit(result: *mut c_void) -> ! {
    threads::end(result)
}

/// POSIX's `pthread_self`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_self() -> u64 {
    wait::this()
}

/// POSIX's `pthread_equal`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_equal(a: u64, b: u64) -> i32 {
    i32::from(a == b)
}

/// POSIX's `pthread_kill`; returns an error number. Another thread takes the signal when it runs next.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_kill(thread: u64, signal: i32) -> i32 {
    if thread != wait::this() {
        return threads::kill(thread, signal);
    }
    if signal != 0 && super::signal::raise(signal) != 0 {
        EINVAL
    } else {
        0
    }
}

/// POSIX's `pthread_cancel`: threads end by themselves. ENOSYS, or ESRCH where there is no such thread.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_cancel(thread: u64) -> i32 {
    if threads::find(thread).is_some() {
        ENOSYS
    } else {
        ESRCH
    }
}

/// POSIX's `pthread_setcancelstate`: nobody can cancel.
///
/// # Safety
/// `old` must be NULL or writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_setcancelstate(state: i32, old: *mut i32) -> i32 {
    static STATE: Cell<i32> = Cell::new(0);
    if !(0..=1).contains(&state) {
        return EINVAL;
    }
    if !old.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe { *old = STATE.get() };
    }
    STATE.set(state);
    0
}

/// POSIX's `pthread_atfork`: nothing ever forks.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_atfork(_prepare: usize, _parent: usize, _child: usize) -> i32 {
    0
}

/// GNU's `pthread_setname_np`: at most 15 bytes; ESRCH where there is no such thread.
///
/// # Safety
/// A terminated name.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_setname_np(thread: u64, name: *const u8) -> i32 {
    // SAFETY: terminated, as the caller vouches.
    let name = unsafe { super::string::bytes(name) };
    let mut kept = [0; NAME_SIZE];
    match kept[..NAME_SIZE - 1].get_mut(..name.len()) {
        Some(to) => to.copy_from_slice(name),
        None => return ERANGE,
    }
    let Some(thread) = threads::find(thread) else {
        return ESRCH;
    };
    thread.name = kept;
    0
}

/// GNU's `pthread_getname_np`.
///
/// # Safety
/// `to` must have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_getname_np(thread: u64, to: *mut u8, size: usize) -> i32 {
    if size < NAME_SIZE {
        return ERANGE;
    }
    let Some(thread) = threads::find(thread) else {
        return ESRCH;
    };
    // SAFETY: writable, as the caller vouches.
    unsafe { super::memory::memcpy(to, thread.name.as_ptr(), NAME_SIZE) };
    0
}

/// glibc's values of a `pthread_once_t` while its function runs and once it has run.
const RUNNING: i32 = 1;
const DONE: i32 = 2;

/// POSIX's `pthread_once`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_once(control: *mut i32, function: unsafe extern "C" fn()) -> i32 {
    loop {
        // SAFETY: POSIX's contract.
        match unsafe { *control } {
            0 => break,
            RUNNING => wait::wait(control.addr(), wait::NEVER, "pthread_once"),
            _ => return 0,
        };
    }
    // SAFETY: as above.
    unsafe {
        *control = RUNNING;
        function();
        *control = DONE;
    }
    wait::wake(control.addr(), usize::MAX);
    0
}

/// glibc's `__libc_single_threaded`, by which libstdc++ leaves out atomic operations: threads take turns, so it
/// may go on leaving them out.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "glibc's name")]
pub static __libc_single_threaded: u8 = 1;

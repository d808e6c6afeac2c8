// SPDX-License-Identifier: ISC
//! Waiting for descriptors (POSIX: poll.h, sys/select.h). The console can always be written; standard input is ready when
//! something was typed, or where input has ended.

use super::errno::{EBADF, EFAULT, EINVAL, ENOSYS, fail};
use super::platform::{input_ready, monotonic};
use super::threads::wait::{NEVER, is_alone, sleep_until, wait as wait_for_ever, wait_for_input};
use super::time::{TimeSpec, TimeVal};

/// POSIX's `struct pollfd`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PollFd {
    number: i32,
    events: u16,
    found: u16,
}

const POLLIN: u16 = 1;
const POLLOUT: u16 = 4;
const POLLNVAL: u16 = 0x20;

/// How a wait goes on when nothing is ready.
enum Wait {
    /// The time of the call has passed.
    Over,
    /// Something was typed.
    Input,
    /// Nothing would ever end it.
    ForEver,
}

/// Waits for `nanoseconds`, or without an end, and for input if the caller wants that.
fn wait(nanoseconds: Option<u64>, for_input: bool) -> Wait {
    let deadline = nanoseconds.map(|length| monotonic().saturating_add(length));
    match (for_input, deadline) {
        (true, _) if wait_for_input(deadline.unwrap_or(u64::MAX), "poll") => Wait::Input,
        (false, Some(deadline)) => {
            sleep_until(deadline);
            Wait::Over
        }
        (true, _) => Wait::Over,
        (false, None) if is_alone() => Wait::ForEver,
        (false, None) => loop {
            wait_for_ever(0, NEVER, "poll");
        },
    }
}

/// POSIX's `poll`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn poll(list: *mut PollFd, count: u64, timeout: i32) -> i32 {
    if count != 0 && list.is_null() {
        return fail(EFAULT);
    }
    let list = if count == 0 {
        &mut []
    } else {
        // SAFETY: POSIX's contract: `count` entries.
        unsafe { core::slice::from_raw_parts_mut(list, count as usize) }
    };
    match poll_ready(list) {
        0 if timeout != 0 => {}
        ready => return ready,
    }
    let for_input = list.iter().any(|e| e.number == 0 && e.events & POLLIN != 0);
    let length = u64::try_from(timeout).ok().map(|ms| ms * 1_000_000);
    match wait(length, for_input) {
        Wait::Over => 0,
        Wait::Input => poll_ready(list),
        Wait::ForEver => fail(ENOSYS),
    }
}

/// Marks what is ready: how many.
fn poll_ready(list: &mut [PollFd]) -> i32 {
    let mut ready = 0;
    for entry in list {
        entry.found = match entry.number {
            ..0 => 0,
            0 if entry.events & POLLIN != 0 && input_ready() => POLLIN,
            0 => 0,
            1 | 2 => entry.events & POLLOUT,
            _ => POLLNVAL,
        };
        ready += i32::from(entry.found != 0);
    }
    ready
}

type Sets = [*mut [u64; 16]; 3];

/// The sets that are there: reading, writing, failing.
///
/// # Safety
/// POSIX's contract: each is null or writable.
unsafe fn each(sets: Sets) -> impl Iterator<Item = (usize, &'static mut [u64; 16])> {
    let sets = sets.into_iter().enumerate();
    // SAFETY: the caller's promise; nobody else uses them during the call.
    sets.filter_map(|(index, set)| Some((index, unsafe { set.as_mut() }?)))
}

/// What `select` finds in the sets, without changing them: how many are ready, and whether input is asked for.
unsafe fn select_ready(count: i32, sets: Sets, input: bool) -> Result<(i32, bool), i32> {
    let (mut ready, mut asked) = (0, false);
    // SAFETY: the caller's promise.
    for (index, set) in unsafe { each(sets) } {
        for number in
            (0..count.clamp(0, 1024) as usize).filter(|n| set[n / 64] >> (n % 64) & 1 == 1)
        {
            if number > 2 {
                return Err(EBADF);
            }
            asked |= (index, number) == (0, 0);
            ready += i32::from(is_ready(index, number, input));
        }
    }
    Ok((ready, asked))
}

fn is_ready(index: usize, number: usize, input: bool) -> bool {
    (index, number) == (0, 0) && input || index == 1 && number > 0
}

unsafe fn select_until(count: i32, sets: Sets, nanoseconds: Option<u64>) -> i32 {
    let mut input = input_ready();
    // SAFETY: POSIX's contract.
    let (mut ready, asked) = match unsafe { select_ready(count, sets, input) } {
        Ok(found) => found,
        Err(number) => return fail(number),
    };
    if ready == 0 && nanoseconds != Some(0) {
        match wait(nanoseconds, asked) {
            Wait::Over => {}
            Wait::Input => (input, ready) = (true, 1),
            Wait::ForEver => return fail(ENOSYS),
        }
    }
    // SAFETY: POSIX's contract. Numbers beyond `count` stay as they are.
    for (index, set) in unsafe { each(sets) } {
        for number in 0..count.clamp(0, 3) as usize {
            if !is_ready(index, number, input) {
                set[0] &= !(1 << number);
            }
        }
    }
    ready
}

/// POSIX's `select`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn select(
    count: i32,
    reading: *mut [u64; 16],
    writing: *mut [u64; 16],
    failing: *mut [u64; 16],
    timeout: *const TimeVal,
) -> i32 {
    // SAFETY: POSIX's contract.
    let timeout = unsafe { timeout.as_ref() }.map(|t| TimeSpec {
        tv_sec: t.tv_sec,
        tv_nsec: t.tv_usec.saturating_mul(1000),
    });
    // SAFETY: POSIX's contract.
    unsafe { select_for(count, [reading, writing, failing], timeout.as_ref()) }
}

/// POSIX's `pselect`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pselect(
    count: i32,
    reading: *mut [u64; 16],
    writing: *mut [u64; 16],
    failing: *mut [u64; 16],
    timeout: *const TimeSpec,
    _mask: *const u64,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { select_for(count, [reading, writing, failing], timeout.as_ref()) }
}

unsafe fn select_for(count: i32, sets: Sets, timeout: Option<&TimeSpec>) -> i32 {
    let length = match timeout.map(TimeSpec::nanoseconds) {
        None => None,
        Some(Some(length)) => Some(length),
        Some(None) => return fail(EINVAL),
    };
    // SAFETY: the caller's promise.
    unsafe { select_until(count, sets, length) }
}

// SPDX-License-Identifier: ISC
//! sys/resource.h: limits and use.

use super::super::errno::{EINVAL, fail};
use super::super::platform::{Cell, run_time};
use super::super::time::TimeVal;

/// The stack's bounds, as far as they are known.
static STACK: Cell<(usize, usize)> = Cell::new((0, 0));

/// Remembers where the stack lies.
pub(in super::super) fn set_stack(low: usize, high: usize) {
    STACK.set((low, high));
}

/// Where it lies.
pub(in super::super) fn stack() -> (usize, usize) {
    STACK.get()
}

/// POSIX's `getrlimit`: the stack's size, what the heap can hold, three descriptors; no other limits.
///
/// # Safety
/// `to` must be two writable words.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getrlimit(which: i32, to: *mut [u64; 2]) -> i32 {
    let (low, high) = STACK.get();
    let limit = match which {
        // RLIMIT_CPU, _FSIZE, _CORE
        0 | 1 => u64::MAX,
        4 => 0,
        // RLIMIT_DATA, _RSS, _AS
        2 | 5 | 9 => super::super::heap::total() as u64,
        3 if high > low => (high - low) as u64,
        3 => u64::MAX,
        // RLIMIT_NPROC, _NOFILE
        6 => 1,
        7 => 3,
        8 | 10..=15 => u64::MAX,
        _ => return fail(EINVAL),
    };
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = [limit; 2] };
    0
}

/// glibc's `getrlimit64`.
///
/// # Safety
/// As for [`getrlimit`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getrlimit64(which: i32, to: *mut [u64; 2]) -> i32 {
    // SAFETY: the same contract.
    unsafe { getrlimit(which, to) }
}

/// glibc's `struct rusage`.
#[repr(C)]
pub struct Usage {
    user: TimeVal,
    system: TimeVal,
    rest: [i64; 14],
}

/// POSIX's `getrusage`: the domain's processor time, and the heap's footprint as the resident set.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getrusage(who: i32, to: *mut Usage) -> i32 {
    let zero = TimeVal {
        tv_sec: 0,
        tv_usec: 0,
    };
    let mut usage = Usage {
        user: zero,
        system: zero,
        rest: [0; 14],
    };
    match who {
        // RUSAGE_SELF, RUSAGE_THREAD
        0 | 1 => {
            let microseconds = run_time() / 1000;
            usage.user = TimeVal {
                tv_sec: (microseconds / 1_000_000) as i64,
                tv_usec: (microseconds % 1_000_000) as i64,
            };
            usage.rest[0] = (super::super::heap::handed_out() / 1024) as i64;
        }
        // RUSAGE_CHILDREN
        -1 => {}
        _ => return fail(EINVAL),
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = usage };
    0
}

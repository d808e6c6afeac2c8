// SPDX-License-Identifier: ISC
//! pthread.h's attributes of threads (POSIX, "Thread Attributes").

use super::super::errno::{EINVAL, ESRCH};
use super::super::threads::{LEAST_STACK, bounds_of, default_size};
use core::ffi::c_void;

/// A thread's attributes.
#[repr(C)]
pub struct Attributes {
    /// 0 for the default.
    pub(super) stack_size: usize,
    pub(super) detached: i32,
    guard_pages: i32,
    /// Where the program's own stack begins; 0 for none.
    pub(super) stack_start: usize,
    rest: [u64; 4],
}

const _: () = assert!(size_of::<Attributes>() == 56);

/// POSIX's `pthread_attr_init`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_init(attributes: *mut Attributes) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        *attributes = Attributes {
            stack_size: 0,
            detached: 0,
            guard_pages: 1,
            stack_start: 0,
            rest: [0; 4],
        }
    };
    0
}

/// POSIX's `pthread_attr_setstacksize`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_setstacksize(
    attributes: *mut Attributes,
    size: usize,
) -> i32 {
    if size < LEAST_STACK {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { (*attributes).stack_size = size };
    0
}

/// POSIX's `pthread_attr_getstacksize`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_getstacksize(
    attributes: *const Attributes,
    to: *mut usize,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        *to = match (*attributes).stack_size {
            0 => default_size(),
            size => size,
        }
    };
    0
}

/// POSIX's `pthread_attr_setdetachstate`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_setdetachstate(
    attributes: *mut Attributes,
    state: i32,
) -> i32 {
    if !(0..=1).contains(&state) {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe { (*attributes).detached = state };
    0
}

/// POSIX's `pthread_attr_getdetachstate`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_getdetachstate(
    attributes: *const Attributes,
    to: *mut i32,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *to = (*attributes).detached };
    0
}

/// POSIX's `pthread_attr_destroy`: there is nothing to do.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pthread_attr_destroy(_attributes: *mut Attributes) -> i32 {
    0
}

/// POSIX's `pthread_attr_setstack`: memory of the program's own, from its lowest address on, without a guard page.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_setstack(
    attributes: *mut Attributes,
    start: *mut c_void,
    size: usize,
) -> i32 {
    if size < LEAST_STACK || start.addr().checked_add(size).is_none() {
        return EINVAL;
    }
    // SAFETY: POSIX's contract.
    unsafe {
        ((*attributes).stack_start, (*attributes).stack_size) = (start.expose_provenance(), size)
    };
    0
}

/// POSIX's `pthread_attr_getstack`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_getstack(
    attributes: *const Attributes,
    start: *mut *mut c_void,
    size: *mut usize,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe {
        *start = core::ptr::with_exposed_provenance_mut((*attributes).stack_start);
        pthread_attr_getstacksize(attributes, size)
    }
}

/// POSIX's `pthread_attr_getguardsize`: one page.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_attr_getguardsize(
    _attributes: *const Attributes,
    to: *mut usize,
) -> i32 {
    // SAFETY: POSIX's contract.
    unsafe { *to = 4096 };
    0
}

/// GNU's `pthread_getattr_np`: of a thread that lives, where its stack lies and whether it is detached.
///
/// # Safety
/// POSIX's contract of the others.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_getattr_np(thread: u64, to: *mut Attributes) -> i32 {
    let Some((range, detached)) = bounds_of(thread) else {
        return ESRCH;
    };
    // SAFETY: POSIX's contract.
    unsafe {
        pthread_attr_init(to);
        (*to).stack_start = range.start;
        (*to).stack_size = range.len();
        (*to).detached = i32::from(detached);
    }
    0
}

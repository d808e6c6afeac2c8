// SPDX-License-Identifier: ISC
//! Users and groups (POSIX: pwd.h, grp.h, unistd.h's part): none has an entry. A search that finds none is no error and leaves
//! `errno` alone.

use super::errno::{EPERM, fail, set_errno};
use core::ffi::{c_char, c_void};
use core::ptr::null_mut;
use libc_core::errno::ENXIO;

macro_rules! not_found {
    ($($name:ident($key:ty), $reentrant:ident;)*) => {
        $(
            #[doc = concat!("POSIX's `", stringify!($name), "`.")]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name(_key: $key) -> *mut c_void {
                null_mut()
            }

            #[doc = concat!("POSIX's `", stringify!($reentrant), "`.")]
            ///
            /// # Safety
            /// `found` must be writable.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub unsafe extern "C" fn $reentrant(
                _key: $key,
                _entry: *mut c_void,
                _buffer: *mut c_char,
                _size: usize,
                found: *mut *mut c_void,
            ) -> i32 {
                // SAFETY: the caller's promise.
                unsafe { *found = null_mut() };
                0
            }
        )*
    };
}

not_found! {
    getpwnam(*const c_char), getpwnam_r;
    getpwuid(u32), getpwuid_r;
    getgrnam(*const c_char), getgrnam_r;
    getgrgid(u32), getgrgid_r;
}

/// POSIX's `getlogin`: there is no terminal to be logged in at.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getlogin() -> *mut c_char {
    set_errno(ENXIO);
    null_mut()
}

/// POSIX's `getlogin_r`; returns an error number.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getlogin_r(_to: *mut c_char, _size: usize) -> i32 {
    ENXIO
}

/// POSIX's `getgroups`: there are no supplementary ones.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getgroups(_count: i32, _to: *mut u32) -> i32 {
    0
}

/// glibc's `setgroups`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn setgroups(_count: usize, _groups: *const u32) -> i32 {
    fail(EPERM)
}

/// glibc's `initgroups`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn initgroups(_user: *const c_char, _group: u32) -> i32 {
    fail(EPERM)
}

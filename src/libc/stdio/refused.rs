// SPDX-License-Identifier: ISC
//! The parts of stdio.h that need files or processes: each fails with the errno that says so.

use super::super::errno::{EBADF, EINVAL, ENOENT, ENOSYS, EROFS, fail, set_errno};
use super::file::{EOF, File};
use core::ptr::null_mut;

fn none(number: i32) -> *mut File {
    set_errno(number);
    null_mut()
}

/// C's `fopen`: there are no files. Reading finds none, writing a file system that takes nothing.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fopen(_path: *const u8, mode: *const u8) -> *mut File {
    // SAFETY: C's contract: a terminated mode.
    none(match unsafe { *mode } {
        b'r' => ENOENT,
        b'w' | b'a' => EROFS,
        _ => EINVAL,
    })
}

/// glibc's name of [`fopen`] for large files.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fopen64(path: *const u8, mode: *const u8) -> *mut File {
    // SAFETY: C's contract.
    unsafe { fopen(path, mode) }
}

/// C's `tmpfile`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn tmpfile() -> *mut File {
    none(EROFS)
}

/// C's `tmpnam`: no name can be promised.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn tmpnam(_to: *mut u8) -> *mut u8 {
    none(EROFS).cast()
}

/// C's `remove`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn remove(_path: *const u8) -> i32 {
    fail(ENOENT)
}

/// C's `rename`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn rename(_from: *const u8, _to: *const u8) -> i32 {
    fail(ENOENT)
}

/// POSIX's `popen`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn popen(_command: *const u8, _mode: *const u8) -> *mut File {
    none(ENOSYS)
}

/// POSIX's `pclose`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pclose(_stream: *mut File) -> i32 {
    set_errno(EBADF);
    EOF
}

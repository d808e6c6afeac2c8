// SPDX-License-Identifier: ISC
//! A stream's buffer, position, end and error (C11 7.21.5.2, 7.21.5.6, 7.21.9, 7.21.10).

use super::super::errno::{EBADF, EINVAL, errno, fail, set_errno};
use super::super::string::{bytes, strerror_text};
use super::file::{AT_END, FAILED, File, Mode, file};
use super::standard::{flush_all, standard, stderr};
use core::ptr::null_mut;

/// C's `fflush`; NULL means all streams.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fflush(stream: *mut File) -> i32 {
    if stream.is_null() {
        flush_all();
    } else {
        // SAFETY: C's contract.
        unsafe { file(stream) }.flush();
    }
    0
}

/// C's `feof`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn feof(stream: *mut File) -> i32 {
    // SAFETY: C's contract.
    i32::from(unsafe { file(stream) }.flags & AT_END != 0)
}

/// C's `ferror`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn ferror(stream: *mut File) -> i32 {
    // SAFETY: C's contract.
    i32::from(unsafe { file(stream) }.flags & FAILED != 0)
}

/// C's `clearerr`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn clearerr(stream: *mut File) {
    // SAFETY: C's contract.
    unsafe { file(stream) }.flags &= !(AT_END | FAILED);
}

/// POSIX's `fileno`; a memory stream has none.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fileno(stream: *mut File) -> i32 {
    // SAFETY: POSIX's contract.
    match unsafe { file(stream) }.number {
        number if number >= 0 => number,
        _ => fail(EBADF),
    }
}

/// C's `setvbuf`: the mode is kept, the buffer stays libc's own.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn setvbuf(
    stream: *mut File,
    _buffer: *mut u8,
    mode: i32,
    _size: usize,
) -> i32 {
    // SAFETY: C's contract.
    let file = unsafe { file(stream) };
    file.flush();
    file.mode = match mode {
        0 => Mode::Full,
        1 => Mode::Line,
        2 => Mode::Call,
        _ => return fail(EINVAL),
    };
    0
}

/// C's `setbuf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn setbuf(stream: *mut File, buffer: *mut u8) {
    // SAFETY: C's contract.
    unsafe { setvbuf(stream, buffer, if buffer.is_null() { 2 } else { 0 }, 0) };
}

/// BSD's `setlinebuf`.
///
/// # Safety
/// C's contract for `setvbuf`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn setlinebuf(stream: *mut File) {
    // SAFETY: the same contract.
    unsafe { setvbuf(stream, null_mut(), 1, 0) };
}

/// C's `perror`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn perror(prefix: *const u8) {
    let text = strerror_text(errno());
    let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
    // SAFETY: C's contract; `stderr` is a stream.
    unsafe {
        let file = file(stderr.get());
        if !prefix.is_null() && *prefix != 0 {
            file.put(bytes(prefix));
            file.put(b": ");
        }
        file.put(&text[..end]);
        file.put(b"\n");
        file.finish();
    }
}

/// C's `fseek`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fseek(stream: *mut File, offset: i64, whence: i32) -> i32 {
    // SAFETY: C's contract.
    unsafe { file(stream) }.seek(offset, whence)
}

/// C's `ftell`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn ftell(stream: *mut File) -> i64 {
    // SAFETY: C's contract.
    unsafe { file(stream) }.tell_position()
}

/// C's `rewind`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rewind(stream: *mut File) {
    // SAFETY: C's contract.
    unsafe {
        fseek(stream, 0, 0);
        clearerr(stream);
    }
}

/// C's `fgetpos`; glibc's `fpos_t` begins with the offset.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fgetpos(stream: *mut File, position: *mut i64) -> i32 {
    // SAFETY: C's contract.
    unsafe {
        let found = ftell(stream);
        if found < 0 {
            return -1;
        }
        *position = found;
    }
    0
}

/// C's `fsetpos`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fsetpos(stream: *mut File, position: *const i64) -> i32 {
    // SAFETY: C's contract.
    unsafe { fseek(stream, *position, 0) }
}

/// POSIX's `fdopen`: the stream that a standard descriptor has already.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fdopen(number: i32, _mode: *const u8) -> *mut File {
    standard(number).unwrap_or_else(|| {
        set_errno(EBADF);
        null_mut()
    })
}

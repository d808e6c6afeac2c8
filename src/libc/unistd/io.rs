// SPDX-License-Identifier: ISC
//! Reading and writing: three descriptors are open, all of them the console.

use super::super::errno::{EBADF, EINVAL, EMFILE, ENOTTY, ESPIPE, fail, set_errno};
use super::super::files::is_standard;
use super::super::platform;
use super::super::threads::wait;
use core::ptr::null_mut;
use core::slice::{from_raw_parts, from_raw_parts_mut};

/// POSIX's `write`: to the console.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn write(number: i32, from: *const u8, size: usize) -> isize {
    if number != 1 && number != 2 {
        return fail(EBADF) as isize;
    }
    if size != 0 {
        // SAFETY: POSIX's contract: `size` readable bytes.
        platform::write(number, unsafe { from_raw_parts(from, size) });
    }
    wait::tick();
    size as isize
}

/// POSIX's `read`: from the console, which waits for input (`platform::console_read`).
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn read(number: i32, to: *mut u8, size: usize) -> isize {
    if number != 0 {
        return fail(EBADF) as isize;
    }
    if size == 0 {
        return 0;
    }
    // SAFETY: POSIX's contract: `size` writable bytes.
    wait::console_read(unsafe { from_raw_parts_mut(to, size) }, "read") as isize
}

/// POSIX's `struct iovec`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IoVec {
    base: *mut u8,
    length: usize,
}

/// POSIX's `writev`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn writev(number: i32, parts: *const IoVec, count: i32) -> isize {
    let Ok(count) = usize::try_from(count) else {
        return fail(EINVAL) as isize;
    };
    let mut total = 0;
    // SAFETY: POSIX's contract: `count` parts, each readable.
    unsafe {
        for part in from_raw_parts(parts, count) {
            match write(number, part.base, part.length) {
                written if written < 0 => return written,
                written => total += written,
            }
        }
    }
    total
}

/// POSIX's `readv`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn readv(number: i32, parts: *const IoVec, count: i32) -> isize {
    let Ok(count) = usize::try_from(count) else {
        return fail(EINVAL) as isize;
    };
    // SAFETY: POSIX's contract: `count` parts, each writable. The first that is not empty takes what there is.
    unsafe {
        let part = from_raw_parts(parts, count)
            .iter()
            .find(|part| part.length != 0);
        part.map_or_else(
            || read(number, null_mut(), 0),
            |part| read(number, part.base, part.length),
        )
    }
}

/// POSIX's `close`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn close(number: i32) -> i32 {
    if is_standard(number) { 0 } else { fail(EBADF) }
}

/// POSIX's `lseek`: the console has no position.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lseek(number: i32, _offset: i64, _whence: i32) -> i64 {
    fail(if is_standard(number) { ESPIPE } else { EBADF }).into()
}

/// glibc's `lseek64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lseek64(number: i32, offset: i64, whence: i32) -> i64 {
    lseek(number, offset, whence)
}

/// POSIX's `pread`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pread(number: i32, _to: *mut u8, _size: usize, _offset: i64) -> isize {
    fail(if is_standard(number) { ESPIPE } else { EBADF }) as isize
}

/// glibc's `pread64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pread64(number: i32, to: *mut u8, size: usize, offset: i64) -> isize {
    pread(number, to, size, offset)
}

/// POSIX's `pwrite`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pwrite(number: i32, _from: *const u8, _size: usize, _offset: i64) -> isize {
    fail(if is_standard(number) { ESPIPE } else { EBADF }) as isize
}

/// glibc's `pwrite64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pwrite64(number: i32, from: *const u8, size: usize, offset: i64) -> isize {
    pwrite(number, from, size, offset)
}

/// POSIX's `isatty`: the console is not a terminal that could be asked for its size.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isatty(number: i32) -> i32 {
    set_errno(if is_standard(number) { ENOTTY } else { EBADF });
    0
}

/// POSIX's `ioctl`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ioctl(number: i32, _request: u64, _argument: u64) -> i32 {
    fail(if is_standard(number) { ENOTTY } else { EBADF })
}

/// POSIX's `dup`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dup(number: i32) -> i32 {
    fail(if is_standard(number) { EMFILE } else { EBADF })
}

/// POSIX's `dup2`: a descriptor onto itself, or the console onto the console.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dup2(from: i32, to: i32) -> i32 {
    let same = is_standard(from) && (from == to || matches!((from, to), (1 | 2, 1 | 2)));
    if same { to } else { fail(EBADF) }
}

/// GNU's `dup3`, which refuses a descriptor onto itself.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dup3(from: i32, to: i32, _flags: i32) -> i32 {
    if from == to {
        fail(EINVAL)
    } else {
        dup2(from, to)
    }
}

/// POSIX's `pipe`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pipe(_to: *mut i32) -> i32 {
    fail(EMFILE)
}

/// GNU's `pipe2`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn pipe2(_to: *mut i32, _flags: i32) -> i32 {
    fail(EMFILE)
}

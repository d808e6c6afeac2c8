// SPDX-License-Identifier: ISC
//! Reading and writing bytes, lines and blocks (C11 7.21.7, 7.21.8).

use super::super::errno::{EINVAL, ENOMEM, fail};
use super::super::malloc::realloc;
use super::super::string::bytes;
use super::file::{EOF, File, Kind, file};
use super::standard::{stdin, stdout};
use core::ptr::null_mut;
use core::slice::from_raw_parts;

/// C's `fputc`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fputc(byte: i32, stream: *mut File) -> i32 {
    // SAFETY: C's contract.
    let file = unsafe { file(stream) };
    let done = file.put(&[byte as u8]);
    file.finish();
    if done { i32::from(byte as u8) } else { EOF }
}

/// C's `putchar`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn putchar(byte: i32) -> i32 {
    // SAFETY: `stdout` is a stream.
    unsafe { fputc(byte, stdout.get()) }
}

/// C's `fputs`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fputs(text: *const u8, stream: *mut File) -> i32 {
    // SAFETY: C's contract.
    let (text, file) = unsafe { (bytes(text), file(stream)) };
    let done = file.put(text);
    file.finish();
    if done { 1 } else { EOF }
}

/// C's `puts`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn puts(text: *const u8) -> i32 {
    // SAFETY: C's contract; `stdout` is a stream.
    let (text, file) = unsafe { (bytes(text), file(stdout.get())) };
    let done = file.put(text) && file.put(b"\n");
    file.finish();
    if done { 1 } else { EOF }
}

/// C's `fwrite`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fwrite(
    from: *const u8,
    size: usize,
    count: usize,
    stream: *mut File,
) -> usize {
    let Some(total) = size.checked_mul(count).filter(|&t| t != 0) else {
        return 0;
    };
    // SAFETY: C's contract.
    let (from, file) = unsafe { (from_raw_parts(from, total), file(stream)) };
    let before = file.position;
    let done = file.put(from);
    file.finish();
    match (done, file.kind) {
        (true, _) => count,
        (false, Kind::Memory) => file.position.saturating_sub(before) / size,
        _ => 0,
    }
}

/// C's `fgetc`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fgetc(stream: *mut File) -> i32 {
    // SAFETY: C's contract.
    let file = unsafe { file(stream) };
    match file.peek() {
        Some(byte) => {
            file.skip();
            byte.into()
        }
        None => EOF,
    }
}

/// C's `getchar`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getchar() -> i32 {
    // SAFETY: `stdin` is a stream.
    unsafe { fgetc(stdin.get()) }
}

/// C's `ungetc`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn ungetc(byte: i32, stream: *mut File) -> i32 {
    // SAFETY: C's contract.
    let file = unsafe { file(stream) };
    if byte != EOF && file.push_back(byte as u8) {
        i32::from(byte as u8)
    } else {
        EOF
    }
}

/// C's `fread`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fread(to: *mut u8, size: usize, count: usize, stream: *mut File) -> usize {
    let Some(total) = size.checked_mul(count).filter(|&t| t != 0) else {
        return 0;
    };
    // SAFETY: C's contract: `to` has `total` bytes.
    unsafe {
        let file = file(stream);
        for done in 0..total {
            let Some(byte) = file.peek() else {
                return done / size;
            };
            *to.add(done) = byte;
            file.skip();
        }
    }
    count
}

/// C's `fgets`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fgets(to: *mut u8, size: i32, stream: *mut File) -> *mut u8 {
    let Some(room) = usize::try_from(size).ok().and_then(|s| s.checked_sub(1)) else {
        return null_mut();
    };
    // SAFETY: C's contract: `to` has `size` bytes.
    unsafe {
        let file = file(stream);
        let mut used = 0;
        while used < room {
            let Some(byte) = file.peek() else { break };
            file.skip();
            *to.add(used) = byte;
            used += 1;
            if byte == b'\n' {
                break;
            }
        }
        if used == 0 && room != 0 {
            return null_mut();
        }
        *to.add(used) = 0;
    }
    to
}

/// POSIX's `getdelim`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getdelim(
    line: *mut *mut u8,
    size: *mut usize,
    end: i32,
    stream: *mut File,
) -> isize {
    if line.is_null() || size.is_null() {
        return fail(EINVAL) as isize;
    }
    // SAFETY: POSIX's contract: `*line` is NULL or a block of `*size` bytes.
    unsafe {
        let file = file(stream);
        let mut used = 0;
        loop {
            let byte = file.peek();
            if byte.is_none() && used == 0 {
                return -1;
            }
            if (*line).is_null() || used + 1 >= *size {
                let grown = (used + 2).max(120).max(2 * used);
                let block = realloc(*line, grown);
                if block.is_null() {
                    return fail(ENOMEM) as isize;
                }
                (*line, *size) = (block, grown);
            }
            let Some(byte) = byte else { break };
            file.skip();
            *(*line).add(used) = byte;
            used += 1;
            if i32::from(byte) == end {
                break;
            }
        }
        *(*line).add(used) = 0;
        used as isize
    }
}

/// POSIX's `getline`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getline(line: *mut *mut u8, size: *mut usize, stream: *mut File) -> isize {
    // SAFETY: POSIX's contract.
    unsafe { getdelim(line, size, i32::from(b'\n'), stream) }
}

// SPDX-License-Identifier: ISC
//! Streams in memory: POSIX's `fmemopen` and `open_memstream`, and closing.

use super::super::errno::{EINVAL, ENOENT, fail, set_errno};
use super::super::malloc::{calloc, free, malloc};
use super::super::string::bytes;
use super::file::{EOF, File, Kind, Mode, file};
use core::ptr::null_mut;

fn place(stream: File) -> *mut File {
    let block = malloc(size_of::<File>()).cast::<File>();
    if !block.is_null() {
        // SAFETY: the block is large enough and aligned.
        unsafe { block.write(stream) };
    }
    block
}

/// POSIX's `fmemopen`: a stream over a buffer of the caller's, or of its own if that is NULL.
///
/// # Safety
/// The buffer, unless NULL, must have `size` bytes while the stream is open.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fmemopen(buffer: *mut u8, size: usize, mode: *const u8) -> *mut File {
    // SAFETY: C's contract: a terminated mode.
    let mode = unsafe { bytes(mode) };
    let update = mode.contains(&b'+');
    let Some(&letter @ (b'r' | b'w' | b'a')) = mode.first() else {
        set_errno(EINVAL);
        return null_mut();
    };
    let mut stream = File::new(-1, Kind::Memory, Mode::Full);
    stream.readable = letter == b'r' || update;
    stream.writable = letter != b'r' || update;
    stream.appends = letter == b'a';
    stream.capacity = size;
    stream.owned = buffer.is_null();
    stream.buffer = if stream.owned {
        calloc(1, size)
    } else {
        buffer
    };
    if stream.buffer.is_null() {
        return null_mut();
    }
    // SAFETY: the buffer has `size` bytes.
    unsafe {
        match letter {
            b'r' => stream.used = size,
            b'a' => stream.used = super::super::memory::length(stream.buffer, size),
            _ if size > 0 => *stream.buffer = 0,
            _ => {}
        }
        stream.position = if stream.appends { stream.used } else { 0 };
        let (own, text) = (stream.owned, stream.buffer);
        let placed = place(stream);
        if placed.is_null() && own {
            free(text);
        }
        placed
    }
}

/// POSIX's `open_memstream`: a buffer that grows, told to the caller when flushed or closed.
///
/// # Safety
/// Both pointers must stay writable while the stream is open.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn open_memstream(address: *mut *mut u8, size: *mut usize) -> *mut File {
    let mut stream = File::new(-1, Kind::Memory, Mode::Full);
    stream.writable = true;
    stream.grows = true;
    stream.capacity = 64;
    stream.told_address = address;
    stream.told_size = size;
    stream.buffer = malloc(stream.capacity);
    if stream.buffer.is_null() {
        return null_mut();
    }
    let buffer = stream.buffer;
    let placed = place(stream);
    // SAFETY: the new stream, or the buffer that nobody has.
    unsafe {
        if placed.is_null() {
            free(buffer);
        } else {
            file(placed).flush();
        }
    }
    placed
}

/// C's `fclose`. The standard streams stay usable for libc's own messages.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn fclose(stream: *mut File) -> i32 {
    // SAFETY: C's contract: the stream is open, and the caller forgets it.
    unsafe {
        let closing = file(stream);
        closing.flush();
        match closing.kind {
            Kind::Memory => {
                if closing.owned {
                    free(closing.buffer);
                }
                closing.kind = Kind::Closed;
                free(stream.cast());
            }
            Kind::Console | Kind::Input => (closing.readable, closing.writable) = (false, false),
            Kind::Closed => return EOF,
        }
    }
    0
}

/// C's `freopen`: there are no files to open, so it only closes.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn freopen(
    _path: *const u8,
    _mode: *const u8,
    stream: *mut File,
) -> *mut File {
    // SAFETY: C's contract.
    unsafe { fclose(stream) };
    fail(ENOENT);
    null_mut()
}

// SPDX-License-Identifier: ISC
//! Reading and writing bytes and lines (C11 7.21.7, 7.21.8), and a stream's state (7.21.9, 7.21.10).

use super::super::errno::{EBADF, EINVAL, ENOMEM, errno, fail, set_errno};
use super::super::malloc::realloc;
use super::super::string::{bytes, strerror_text};
use super::file::{
    AT_END, EOF, FAILED, File, Kind, Mode, file, flush_all, standard, stderr, stdin, stdout,
};
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

macro_rules! alias {
    ($($name:ident = $target:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(
            #[doc = concat!("Another name of [`", stringify!($target), "`].")]
            ///
            /// # Safety
            /// The same contract.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub unsafe extern "C" fn $name($($argument: $type),*) -> $result {
                // SAFETY: the same contract.
                #[allow(unused_unsafe, reason = "some of them have no contract")]
                unsafe { $target($($argument),*) }
            }
        )*
    };
}

alias! {
    putc = fputc(byte: i32, stream: *mut File) -> i32;
    _IO_putc = fputc(byte: i32, stream: *mut File) -> i32;
    putc_unlocked = fputc(byte: i32, stream: *mut File) -> i32;
    fputc_unlocked = fputc(byte: i32, stream: *mut File) -> i32;
    putchar_unlocked = putchar(byte: i32) -> i32;
    fputs_unlocked = fputs(text: *const u8, stream: *mut File) -> i32;
    fwrite_unlocked = fwrite(from: *const u8, size: usize, count: usize, stream: *mut File) -> usize;
    getc = fgetc(stream: *mut File) -> i32;
    _IO_getc = fgetc(stream: *mut File) -> i32;
    getc_unlocked = fgetc(stream: *mut File) -> i32;
    fgetc_unlocked = fgetc(stream: *mut File) -> i32;
    getchar_unlocked = getchar() -> i32;
    fread_unlocked = fread(to: *mut u8, size: usize, count: usize, stream: *mut File) -> usize;
    fgets_unlocked = fgets(to: *mut u8, size: i32, stream: *mut File) -> *mut u8;
    fflush_unlocked = fflush(stream: *mut File) -> i32;
    feof_unlocked = feof(stream: *mut File) -> i32;
    ferror_unlocked = ferror(stream: *mut File) -> i32;
    clearerr_unlocked = clearerr(stream: *mut File) -> ();
    fileno_unlocked = fileno(stream: *mut File) -> i32;
    __getdelim = getdelim(line: *mut *mut u8, size: *mut usize, end: i32, stream: *mut File) -> isize;
    fseeko = fseek(stream: *mut File, offset: i64, whence: i32) -> i32;
    fseeko64 = fseek(stream: *mut File, offset: i64, whence: i32) -> i32;
    ftello = ftell(stream: *mut File) -> i64;
    ftello64 = ftell(stream: *mut File) -> i64;
    fgetpos64 = fgetpos(stream: *mut File, position: *mut i64) -> i32;
    fsetpos64 = fsetpos(stream: *mut File, position: *const i64) -> i32;
    __uflow = fgetc(stream: *mut File) -> i32;
}

/// What glibc's inlined `putc_unlocked` calls when the buffer is full, which ours always says it is.
///
/// # Safety
/// C's contract for `putc`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __overflow(stream: *mut File, byte: i32) -> i32 {
    // SAFETY: the same contract.
    unsafe { fputc(byte, stream) }
}

/// What glibc calls to fill a buffer without taking a byte.
///
/// # Safety
/// C's contract for `getc`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __underflow(stream: *mut File) -> i32 {
    // SAFETY: the same contract.
    unsafe { file(stream) }.peek().map_or(EOF, i32::from)
}

/// POSIX's `flockfile`: there is one thread.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn flockfile(_stream: *mut File) {}

/// POSIX's `ftrylockfile`: there is one thread.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ftrylockfile(_stream: *mut File) -> i32 {
    0
}

/// POSIX's `funlockfile`: there is one thread.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn funlockfile(_stream: *mut File) {}

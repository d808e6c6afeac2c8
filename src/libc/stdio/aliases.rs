// SPDX-License-Identifier: ISC
//! Second names of stdio's functions: unlocked, with 64-bit positions, and what glibc's macros call.

use super::character::{fgetc, fgets, fputc, fputs, fread, fwrite, getchar, getdelim, putchar};
use super::file::{EOF, File, file};
use super::state::{clearerr, feof, ferror, fflush, fgetpos, fileno, fseek, fsetpos, ftell};

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

/// POSIX's `flockfile`: other threads' functions wait for this one's `funlockfile`.
///
/// # Safety
/// An open stream.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn flockfile(stream: *mut File) {
    // SAFETY: the caller's stream; `file` waits for it.
    unsafe { file(stream) }.try_lock();
}

/// POSIX's `ftrylockfile`.
///
/// # Safety
/// An open stream.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn ftrylockfile(stream: *mut File) -> i32 {
    // SAFETY: the caller's stream, which nobody else uses meanwhile.
    i32::from(!unsafe { &mut *stream }.try_lock())
}

/// POSIX's `funlockfile`.
///
/// # Safety
/// An open stream that the thread has locked.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn funlockfile(stream: *mut File) {
    // SAFETY: the caller's stream.
    unsafe { file(stream) }.unlock();
}

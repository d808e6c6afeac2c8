// SPDX-License-Identifier: ISC
//! The printf family (C11 7.21.6), glibc's fortified names, and `%m`'s and `%n`'s way to memory.

use super::super::errno::{EBADF, EILSEQ, EINVAL, EOVERFLOW, errno, error_text, fail};
use super::super::malloc::{free, malloc};
use super::super::memory::memcpy;
use super::super::platform::console;
use super::super::string::bytes;
use super::file::{File, FileSink, file};
use super::standard::stdout;
use super::va_list::{VaList, variadic};
use libc_core::format::{Error, Machine, Sink, format};
use libc_core::real::X87;

struct CArguments {
    list: *mut VaList,
    error: i32,
}

impl CArguments {
    fn new(list: *mut VaList) -> Self {
        CArguments {
            list,
            error: errno(),
        }
    }

    fn list(&mut self) -> &mut VaList {
        // SAFETY: C's contract: a valid va_list that nothing else uses meanwhile.
        unsafe { &mut *self.list }
    }
}

impl Machine for CArguments {
    fn integer(&mut self) -> u64 {
        // SAFETY: C's contract: an argument for each conversion.
        unsafe { self.list().integer() }
    }

    fn double(&mut self) -> u64 {
        // SAFETY: as above.
        unsafe { self.list().double() }
    }

    fn long_double(&mut self) -> X87 {
        // SAFETY: as above.
        unsafe { self.list().long_double() }
    }

    fn string(&self, address: u64, limit: usize) -> &[u8] {
        let start = core::ptr::with_exposed_provenance(address as usize);
        // SAFETY: C's contract: a string with a NUL, or at least `limit` bytes.
        unsafe { core::slice::from_raw_parts(start, super::super::memory::length(start, limit)) }
    }

    fn wide(&self, address: u64, index: usize) -> u32 {
        let start: *const u32 = core::ptr::with_exposed_provenance(address as usize);
        // SAFETY: C's contract: a terminated wide string.
        unsafe { *start.add(index) }
    }

    fn store(&mut self, address: u64, size: usize, value: u64) {
        let to = core::ptr::with_exposed_provenance_mut(address as usize);
        // SAFETY: C's contract: a pointer to an object of this size.
        unsafe { memcpy(to, value.to_le_bytes().as_ptr(), size) };
    }

    fn error_text(&self) -> &'static str {
        // The text carries its NUL for C.
        error_text(self.error).map_or("Unknown error", |text| text.trim_end_matches('\0'))
    }
}

/// Runs the engine; -1 with errno set if it fails.
unsafe fn run(sink: &mut dyn Sink, text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract: a terminated format and matching arguments.
    let text = unsafe { bytes(text) };
    match format(text, sink, &mut CArguments::new(list)) {
        Ok(length) => length as i32,
        Err(Error::BadFormat) => fail(EINVAL),
        Err(Error::Overflow) => fail(EOVERFLOW),
        Err(Error::Illegal) => fail(EILSEQ),
    }
}

/// A buffer of the caller's.
struct Buffer {
    to: *mut u8,
    room: usize,
}

impl Sink for Buffer {
    fn write(&mut self, bytes: &[u8]) {
        let size = bytes.len().min(self.room);
        // SAFETY: the caller's buffer has room for `room` more bytes.
        unsafe {
            memcpy(self.to, bytes.as_ptr(), size);
            self.to = self.to.add(size);
        }
        self.room -= size;
    }

    fn pad(&mut self, byte: u8, count: usize) {
        let size = count.min(self.room);
        // SAFETY: as above.
        unsafe {
            super::super::memory::memset(self.to, byte.into(), size);
            self.to = self.to.add(size);
        }
        self.room -= size;
    }
}

/// C's `vfprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vfprintf(stream: *mut File, text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe {
        let mut sink = FileSink {
            file: file(stream),
            failed: false,
        };
        let length = run(&mut sink, text, list);
        sink.file.finish();
        if sink.failed { -1 } else { length }
    }
}

/// C's `vprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vprintf(text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe { vfprintf(stdout.get(), text, list) }
}

/// C's `vsnprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vsnprintf(
    to: *mut u8,
    size: usize,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    let mut buffer = Buffer {
        to,
        room: size.saturating_sub(1),
    };
    // SAFETY: C's contract: `to` has `size` bytes.
    unsafe {
        let length = run(&mut buffer, text, list);
        if size != 0 {
            *buffer.to = 0;
        }
        length
    }
}

/// C's `vsprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vsprintf(to: *mut u8, text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe { vsnprintf(to, usize::MAX, text, list) }
}

/// GNU's `vasprintf`.
///
/// # Safety
/// `to` must be writable; C's contract for the rest.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vasprintf(to: *mut *mut u8, text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract; the arguments are read twice, through a copy first.
    unsafe {
        let mut copy = *list;
        let length = vsnprintf(core::ptr::null_mut(), 0, text, &raw mut copy);
        if length < 0 {
            return -1;
        }
        let block = malloc(length as usize + 1);
        if block.is_null() {
            return -1;
        }
        let length = vsnprintf(block, length as usize + 1, text, list);
        if length < 0 {
            free(block);
            return -1;
        }
        *to = block;
        length
    }
}

/// A line at a time to the console.
struct Console {
    line: [u8; 256],
    used: usize,
}

impl Sink for Console {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.line[self.used] = byte;
            self.used += 1;
            if self.used == self.line.len() {
                console(&self.line);
                self.used = 0;
            }
        }
    }
}

/// POSIX's `vdprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vdprintf(number: i32, text: *const u8, list: *mut VaList) -> i32 {
    if number != 1 && number != 2 {
        return fail(EBADF);
    }
    let mut sink = Console {
        line: [0; 256],
        used: 0,
    };
    // SAFETY: C's contract.
    let length = unsafe { run(&mut sink, text, list) };
    console(&sink.line[..sink.used]);
    length
}

/// Fortified `vsnprintf`: `room` is what the compiler knows of the buffer.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __vsnprintf_chk(
    to: *mut u8,
    size: usize,
    _flag: i32,
    room: usize,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    if room < size {
        super::super::fortify::overflow();
    }
    // SAFETY: C's contract.
    unsafe { vsnprintf(to, size, text, list) }
}

/// Fortified `vsprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __vsprintf_chk(
    to: *mut u8,
    _flag: i32,
    room: usize,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: C's contract; no more than `room` bytes are written.
    let length = unsafe { vsnprintf(to, room, text, list) };
    if length >= 0 && length as usize >= room {
        super::super::fortify::overflow();
    }
    length
}

/// Fortified `vfprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __vfprintf_chk(
    stream: *mut File,
    _flag: i32,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: C's contract.
    unsafe { vfprintf(stream, text, list) }
}

/// Fortified `vprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __vprintf_chk(_flag: i32, text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe { vprintf(text, list) }
}

/// Fortified `vasprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __vasprintf_chk(
    to: *mut *mut u8,
    _flag: i32,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: C's contract.
    unsafe { vasprintf(to, text, list) }
}

/// Fortified `vdprintf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __vdprintf_chk(
    number: i32,
    _flag: i32,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: C's contract.
    unsafe { vdprintf(number, text, list) }
}

variadic! {
    "C's `printf`." printf(text: *const u8) = vprintf;
}
variadic! {
    "C's `fprintf`." fprintf(stream: *mut File, text: *const u8) = vfprintf;
    "C's `sprintf`." sprintf(to: *mut u8, text: *const u8) = vsprintf;
    "POSIX's `dprintf`." dprintf(number: i32, text: *const u8) = vdprintf;
    "GNU's `asprintf`." asprintf(to: *mut *mut u8, text: *const u8) = vasprintf;
    "Fortified `printf`." __printf_chk(flag: i32, text: *const u8) = __vprintf_chk;
}
variadic! {
    "C's `snprintf`." snprintf(to: *mut u8, size: usize, text: *const u8) = vsnprintf;
    "Fortified `fprintf`." __fprintf_chk(stream: *mut File, flag: i32, text: *const u8) = __vfprintf_chk;
    "Fortified `asprintf`." __asprintf_chk(to: *mut *mut u8, flag: i32, text: *const u8) = __vasprintf_chk;
    "Fortified `dprintf`." __dprintf_chk(number: i32, flag: i32, text: *const u8) = __vdprintf_chk;
}
variadic! {
    "Fortified `sprintf`." __sprintf_chk(to: *mut u8, flag: i32, room: usize, text: *const u8) = __vsprintf_chk;
}
variadic! {
    "Fortified `snprintf`." __snprintf_chk(to: *mut u8, size: usize, flag: i32, room: usize, text: *const u8) = __vsnprintf_chk;
}

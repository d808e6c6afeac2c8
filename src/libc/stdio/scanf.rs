// SPDX-License-Identifier: ISC
//! The scanf family (C11 7.21.6.2), under C's names and the two generations of glibc's.

use super::super::errno::{EILSEQ, EINVAL, ENOMEM, fail};
use super::super::malloc::realloc;
use super::super::memory::memcpy;
use super::super::string::bytes;
use super::file::{EOF, File, file};
use super::standard::stdin;
use super::va_list::{VaList, variadic};
use core::ptr::with_exposed_provenance_mut;
use libc_core::number::Source;
use libc_core::scan::{Error, Scanned, Target, scan};

struct CTarget(*mut VaList);

impl Target for CTarget {
    fn pointer(&mut self) -> u64 {
        // SAFETY: C's contract: a pointer for each conversion.
        unsafe { (*self.0).integer() }
    }

    fn store(&mut self, address: u64, offset: usize, bytes: &[u8]) {
        let to: *mut u8 = with_exposed_provenance_mut(address as usize);
        // SAFETY: C's contract: the object is large enough.
        unsafe { memcpy(to.add(offset), bytes.as_ptr(), bytes.len()) };
    }

    fn grow(&mut self, old: u64, size: usize) -> u64 {
        // SAFETY: `old` is NULL or a block that this function returned.
        unsafe {
            realloc(with_exposed_provenance_mut(old as usize), size).expose_provenance() as u64
        }
    }
}

/// A string as a source.
pub(crate) struct CString(pub(crate) *const u8);

impl Source for CString {
    fn peek(&mut self) -> Option<u8> {
        // SAFETY: the engine never moves past the NUL, for which it sees the end.
        let byte = unsafe { *self.0 };
        (byte != 0).then_some(byte)
    }

    fn advance(&mut self) {
        // SAFETY: `peek` saw a byte here, so the next one belongs to the string.
        self.0 = unsafe { self.0.add(1) };
    }
}

struct FileSource<'a>(&'a mut File);

impl Source for FileSource<'_> {
    fn peek(&mut self) -> Option<u8> {
        self.0.peek()
    }

    fn advance(&mut self) {
        self.0.skip();
    }
}

/// Runs the engine; `binary` is C23's way with binary numerals.
unsafe fn run(source: &mut dyn Source, text: *const u8, list: *mut VaList, binary: bool) -> i32 {
    // SAFETY: C's contract: a terminated format and matching arguments.
    match scan(unsafe { bytes(text) }, source, &mut CTarget(list), binary) {
        Ok(Scanned::Assigned(count)) => count as i32,
        Ok(Scanned::End) => EOF,
        Err(Error::BadFormat) => fail(EINVAL),
        Err(Error::NoMemory) => fail(ENOMEM),
        Err(Error::Illegal) => fail(EILSEQ),
    }
}

/// C's `vsscanf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vsscanf(from: *const u8, text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe { run(&mut CString(from), text, list, false) }
}

/// C's `vfscanf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vfscanf(stream: *mut File, text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe { run(&mut FileSource(file(stream)), text, list, false) }
}

/// C's `vscanf`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn vscanf(text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe { vfscanf(stdin.get(), text, list) }
}

/// glibc's name of `vsscanf` before C23.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __isoc99_vsscanf(
    from: *const u8,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: C's contract.
    unsafe { vsscanf(from, text, list) }
}

/// glibc's name of `vsscanf` since C23.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __isoc23_vsscanf(
    from: *const u8,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: C's contract.
    unsafe { run(&mut CString(from), text, list, true) }
}

/// glibc's name of `vfscanf` before C23.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __isoc99_vfscanf(
    stream: *mut File,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: C's contract.
    unsafe { vfscanf(stream, text, list) }
}

/// glibc's name of `vfscanf` since C23.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __isoc23_vfscanf(
    stream: *mut File,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: C's contract.
    unsafe { run(&mut FileSource(file(stream)), text, list, true) }
}

/// glibc's name of `vscanf` before C23.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __isoc99_vscanf(text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe { vscanf(text, list) }
}

/// glibc's name of `vscanf` since C23.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __isoc23_vscanf(text: *const u8, list: *mut VaList) -> i32 {
    // SAFETY: C's contract.
    unsafe { __isoc23_vfscanf(stdin.get(), text, list) }
}

variadic! {
    "C's `scanf`." scanf(text: *const u8) = vscanf;
    "glibc's name of `scanf`." __isoc99_scanf(text: *const u8) = vscanf;
    "glibc's name of `scanf`." __isoc23_scanf(text: *const u8) = __isoc23_vscanf;
}
variadic! {
    "C's `sscanf`." sscanf(from: *const u8, text: *const u8) = vsscanf;
    "glibc's name of `sscanf`." __isoc99_sscanf(from: *const u8, text: *const u8) = vsscanf;
    "glibc's name of `sscanf`." __isoc23_sscanf(from: *const u8, text: *const u8) = __isoc23_vsscanf;
    "C's `fscanf`." fscanf(stream: *mut File, text: *const u8) = vfscanf;
    "glibc's name of `fscanf`." __isoc99_fscanf(stream: *mut File, text: *const u8) = vfscanf;
    "glibc's name of `fscanf`." __isoc23_fscanf(stream: *mut File, text: *const u8) = __isoc23_vfscanf;
}

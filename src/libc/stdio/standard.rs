// SPDX-License-Identifier: ISC
//! The three standard streams, and their buffers.

use super::super::platform::Cell;
use super::file::{File, Kind, Mode, file};

static OUTPUT: Cell<[u8; 2048]> = Cell::new([0; 2048]);
static ERRORS: Cell<[u8; 1024]> = Cell::new([0; 1024]);

const fn console_stream(number: i32, mode: Mode, buffer: *mut u8, capacity: usize) -> File {
    let mut file = File::new(number, Kind::Console, mode);
    file.buffer = buffer;
    file.capacity = capacity;
    file
}

static STDIN: Cell<File> = Cell::new(File::new(0, Kind::Input, Mode::Line));
static STDOUT: Cell<File> = Cell::new(console_stream(1, Mode::Line, OUTPUT.as_ptr().cast(), 2048));
static STDERR: Cell<File> = Cell::new(console_stream(2, Mode::Call, ERRORS.as_ptr().cast(), 1024));

/// C's `stdin`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "C's name")]
pub static stdin: Cell<*mut File> = Cell::new(STDIN.as_ptr());
/// C's `stdout`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "C's name")]
pub static stdout: Cell<*mut File> = Cell::new(STDOUT.as_ptr());
/// C's `stderr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "C's name")]
pub static stderr: Cell<*mut File> = Cell::new(STDERR.as_ptr());

/// Writes out what standard output still holds.
pub fn flush_all() {
    for stream in [&STDOUT, &STDERR] {
        // SAFETY: the cells are valid.
        unsafe { file(stream.as_ptr()) }.flush();
    }
}

/// The standard stream of a descriptor.
pub(super) fn standard(number: i32) -> Option<*mut File> {
    [&STDIN, &STDOUT, &STDERR]
        .get(usize::try_from(number).ok()?)
        .map(|cell| cell.as_ptr())
}

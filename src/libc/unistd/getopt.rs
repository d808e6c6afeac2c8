// SPDX-License-Identifier: ISC
//! POSIX's `getopt`.

use super::super::platform::Cell;
use super::super::string::bytes;
use core::ptr::null;

/// POSIX's `optarg`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static optarg: Cell<*const u8> = Cell::new(null());
/// POSIX's `optind`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static optind: Cell<i32> = Cell::new(1);
/// POSIX's `opterr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static opterr: Cell<i32> = Cell::new(1);
/// POSIX's `optopt`.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static optopt: Cell<i32> = Cell::new(0);
/// Where in a group of letters `getopt` stands.
static LETTER: Cell<usize> = Cell::new(0);

/// POSIX's `getopt`, without the messages and without reordering.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getopt(
    count: i32,
    arguments: *const *const u8,
    options: *const u8,
) -> i32 {
    // SAFETY: POSIX's contract: `count` terminated strings, and a terminated list of options.
    unsafe {
        if optind.get() >= count {
            return -1;
        }
        let argument = *arguments.add(optind.get() as usize);
        let text = bytes(argument);
        if LETTER.get() == 0 {
            if text.len() < 2 || text[0] != b'-' {
                return -1;
            }
            if text == b"--" {
                optind.set(optind.get() + 1);
                return -1;
            }
            LETTER.set(1);
        }
        let letter = text[LETTER.get()];
        let last = LETTER.get() + 1 == text.len();
        let options = bytes(options);
        let known = options.iter().position(|&o| o == letter && o != b':');
        optopt.set(letter.into());
        let takes = known.is_some_and(|at| options.get(at + 1) == Some(&b':'));
        if takes {
            let inline = argument.add(LETTER.get() + 1);
            LETTER.set(0);
            optind.set(optind.get() + 1);
            if !last {
                optarg.set(inline);
            } else if optind.get() < count {
                optarg.set(*arguments.add(optind.get() as usize));
                optind.set(optind.get() + 1);
            } else {
                return i32::from(if options.first() == Some(&b':') {
                    b':'
                } else {
                    b'?'
                });
            }
            return letter.into();
        }
        if last {
            LETTER.set(0);
            optind.set(optind.get() + 1);
        } else {
            LETTER.set(LETTER.get() + 1);
        }
        if known.is_some() {
            letter.into()
        } else {
            b'?'.into()
        }
    }
}

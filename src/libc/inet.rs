// SPDX-License-Identifier: ISC
//! Internet addresses as text (POSIX: arpa/inet.h). No network is needed for it, and OCaml's Unix does it when it starts.

use super::errno::{EAFNOSUPPORT, ENOSPC, fail};
use core::ptr;
use libc_core::address::{LONGEST, format_v4, format_v6, parse_loose_v4, parse_v4, parse_v6};

const AF_INET: i32 = 2;
const AF_INET6: i32 = 10;

/// The text's bytes, no more than an address can have and one.
///
/// # Safety
/// `text` is a terminated string.
unsafe fn bytes<'a>(text: *const u8) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: no byte after the terminator is read.
    unsafe {
        while length <= LONGEST && *text.add(length) != 0 {
            length += 1;
        }
        core::slice::from_raw_parts(text, length)
    }
}

/// POSIX's `inet_pton`.
///
/// # Safety
/// `text` is a terminated string, and `address` has room for an address of the family.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn inet_pton(family: i32, text: *const u8, address: *mut u8) -> i32 {
    // SAFETY: the caller's promise.
    let text = unsafe { bytes(text) };
    let (four, six);
    let found: &[u8] = match family {
        AF_INET => match parse_v4(text) {
            Some(parsed) => {
                four = parsed;
                &four
            }
            None => return 0,
        },
        AF_INET6 => match parse_v6(text) {
            Some(parsed) => {
                six = parsed;
                &six
            }
            None => return 0,
        },
        _ => return fail(EAFNOSUPPORT),
    };
    // SAFETY: the caller's promise.
    unsafe { ptr::copy_nonoverlapping(found.as_ptr(), address, found.len()) };
    1
}

/// POSIX's `inet_ntop`.
///
/// # Safety
/// `address` is one of the family, and `into` has room for `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn inet_ntop(
    family: i32,
    address: *const u8,
    into: *mut u8,
    size: u32,
) -> *const u8 {
    let mut text = [0; LONGEST];
    let length = match family {
        // SAFETY: the caller's promise.
        AF_INET => format_v4(unsafe { address.cast::<[u8; 4]>().read() }, &mut text),
        // SAFETY: the caller's promise.
        AF_INET6 => format_v6(unsafe { address.cast::<[u8; 16]>().read() }, &mut text),
        _ => {
            fail(EAFNOSUPPORT);
            return ptr::null();
        }
    };
    if length >= size as usize {
        fail(ENOSPC);
        return ptr::null();
    }
    // SAFETY: the text and its terminator fit.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), into, length);
        *into.add(length) = 0;
    }
    into
}

/// BSD's `inet_addr`: an IPv4 address of one to four numbers, each decimal, octal or hexadecimal, of which the last fills the
/// bytes that are left, in network order; all ones for anything else.
///
/// # Safety
/// `text` is a terminated string.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn inet_addr(text: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    parse_loose_v4(unsafe { super::string::bytes(text) }).map_or(u32::MAX, u32::to_be)
}

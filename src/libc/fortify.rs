// SPDX-License-Identifier: ISC
//! glibc's fortified names (`-D_FORTIFY_SOURCE`): as the plain functions, but they crash the domain
//! when the compiler knows that the buffer is too small. Those of printf are with printf.

use super::memory::{length, memcpy, memmove, memset, strlen};
use super::platform::{Part, crash};
use super::string;

/// A buffer was too small.
pub(super) fn overflow() -> ! {
    crash(&[Part::Text("*** buffer overflow detected ***: terminated")])
}

/// glibc's `__chk_fail`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __chk_fail() -> ! {
    overflow()
}

/// glibc's `__fortify_fail`.
///
/// # Safety
/// A terminated text.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __fortify_fail(text: *const u8) -> ! {
    // SAFETY: terminated, as the caller vouches.
    crash(&[
        Part::Text("*** "),
        Part::Bytes(unsafe { string::bytes(text) }),
        Part::Text(" ***: terminated"),
    ])
}

fn fits(size: usize, room: usize) {
    if size > room {
        overflow();
    }
}

macro_rules! checked {
    ($($name:ident($($argument:ident: $type:ty),*; $room:ident) -> $result:ty = $needed:expr => $call:expr;)*) => {
        $(
            #[doc = concat!("glibc's `", stringify!($name), "`.")]
            ///
            /// # Safety
            /// The plain function's contract.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub unsafe extern "C" fn $name($($argument: $type,)* $room: usize) -> $result {
                // SAFETY: the plain function's contract.
                unsafe {
                    fits($needed, $room);
                    $call
                }
            }
        )*
    };
}

checked! {
    __memcpy_chk(to: *mut u8, from: *const u8, size: usize; room) -> *mut u8 = size => memcpy(to, from, size);
    __memmove_chk(to: *mut u8, from: *const u8, size: usize; room) -> *mut u8 = size => memmove(to, from, size);
    __memset_chk(to: *mut u8, byte: i32, size: usize; room) -> *mut u8 = size => memset(to, byte, size);
    __mempcpy_chk(to: *mut u8, from: *const u8, size: usize; room) -> *mut u8
        = size => memcpy(to, from, size).add(size);
    __explicit_bzero_chk(to: *mut u8, size: usize; room) -> () = size => { memset(to, 0, size); };
    __strcpy_chk(to: *mut u8, from: *const u8; room) -> *mut u8 = strlen(from) + 1 => string::strcpy(to, from);
    __stpcpy_chk(to: *mut u8, from: *const u8; room) -> *mut u8 = strlen(from) + 1 => string::stpcpy(to, from);
    __strncpy_chk(to: *mut u8, from: *const u8, size: usize; room) -> *mut u8
        = size => string::strncpy(to, from, size);
    __stpncpy_chk(to: *mut u8, from: *const u8, size: usize; room) -> *mut u8
        = size => string::stpncpy(to, from, size);
    __strcat_chk(to: *mut u8, from: *const u8; room) -> *mut u8
        = strlen(to) + strlen(from) + 1 => string::strcat(to, from);
    __strncat_chk(to: *mut u8, from: *const u8, size: usize; room) -> *mut u8
        = strlen(to) + length(from, size) + 1 => string::strncat(to, from, size);
}

/// glibc's `__read_chk`.
///
/// # Safety
/// POSIX's contract for `read`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __read_chk(number: i32, to: *mut u8, size: usize, room: usize) -> isize {
    fits(size, room);
    // SAFETY: the same contract.
    unsafe { super::unistd::read(number, to, size) }
}

/// glibc's `__recv_chk`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __recv_chk(
    number: i32,
    to: *mut u8,
    size: usize,
    room: usize,
    flags: i32,
) -> isize {
    fits(size, room);
    super::socket::recv(number, to, size, flags)
}

/// glibc's `__recvfrom_chk`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __recvfrom_chk(
    number: i32,
    to: *mut u8,
    size: usize,
    room: usize,
    flags: i32,
    address: *mut u8,
    length: *mut u32,
) -> isize {
    fits(size, room);
    super::socket::recvfrom(number, to, size, flags, address, length)
}

/// glibc's `__fgets_chk`.
///
/// # Safety
/// C's contract for `fgets`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __fgets_chk(
    to: *mut u8,
    room: usize,
    size: i32,
    stream: *mut super::stdio::file::File,
) -> *mut u8 {
    fits(usize::try_from(size).unwrap_or(0), room);
    // SAFETY: the same contract.
    unsafe { super::stdio::character::fgets(to, size, stream) }
}

/// glibc's `__fread_chk`.
///
/// # Safety
/// C's contract for `fread`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __fread_chk(
    to: *mut u8,
    room: usize,
    size: usize,
    count: usize,
    stream: *mut super::stdio::file::File,
) -> usize {
    fits(size.saturating_mul(count), room);
    // SAFETY: the same contract.
    unsafe { super::stdio::character::fread(to, size, count, stream) }
}

/// glibc's `__getcwd_chk`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __getcwd_chk(to: *mut u8, size: usize, room: usize) -> *mut u8 {
    fits(size, room);
    super::unistd::getcwd(to, size)
}

/// glibc's `__realpath_chk`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __realpath_chk(path: *const u8, to: *mut u8, _room: usize) -> *mut u8 {
    super::files::realpath(path, to)
}

/// glibc's `__readlink_chk`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __readlink_chk(path: *const u8, to: *mut u8, size: usize, room: usize) -> isize {
    fits(size, room);
    super::files::readlink(path, to, size)
}

/// glibc's `__gethostname_chk`.
///
/// # Safety
/// POSIX's contract for `gethostname`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __gethostname_chk(to: *mut u8, size: usize, room: usize) -> i32 {
    fits(size, room);
    // SAFETY: the same contract.
    unsafe { super::unistd::gethostname(to, size) }
}

/// glibc's `__fdelt_chk`: the word of an `fd_set` that holds a descriptor.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __fdelt_chk(number: i64) -> i64 {
    if !(0..1024).contains(&number) {
        overflow();
    }
    number / 64
}

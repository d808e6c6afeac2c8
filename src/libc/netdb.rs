// SPDX-License-Identifier: ISC
//! Names of hosts, services and protocols (POSIX: netdb.h). Nobody can be asked: every search ends as one that cannot be
//! mended by trying again.

use super::platform::Cell;
use core::ffi::{c_char, c_void};
use core::ptr::null_mut;

/// netdb.h's `NO_RECOVERY`, in `h_errno`.
const NO_RECOVERY: i32 = 3;
/// netdb.h's `EAI_FAIL`.
const EAI_FAIL: i32 = -4;

static H_ERRNO: Cell<i32> = Cell::new(0);

/// Where `h_errno` lies.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __h_errno_location() -> *mut i32 {
    H_ERRNO.as_ptr()
}

/// POSIX's `getaddrinfo`; returns an `EAI_` number.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getaddrinfo(
    _node: *const c_char,
    _service: *const c_char,
    _hints: *const c_void,
    _found: *mut *mut c_void,
) -> i32 {
    EAI_FAIL
}

/// POSIX's `freeaddrinfo`: nobody can have a list.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn freeaddrinfo(_list: *mut c_void) {}

/// POSIX's `gai_strerror`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn gai_strerror(number: i32) -> *const c_char {
    match number {
        -1 => c"Bad value for ai_flags",
        -2 => c"Name or service not known",
        -3 => c"Temporary failure in name resolution",
        EAI_FAIL => c"Non-recoverable failure in name resolution",
        -6 => c"ai_family not supported",
        -7 => c"ai_socktype not supported",
        -8 => c"Servname not supported for ai_socktype",
        -10 => c"Memory allocation failure",
        -11 => c"System error",
        _ => c"Unknown error",
    }
    .as_ptr()
}

/// POSIX's `getnameinfo`; returns an `EAI_` number.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getnameinfo(
    _address: *const c_void,
    _length: u32,
    _host: *mut c_char,
    _host_size: u32,
    _service: *mut c_char,
    _service_size: u32,
    _flags: i32,
) -> i32 {
    EAI_FAIL
}

/// glibc's `gethostbyname`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn gethostbyname(_name: *const c_char) -> *mut c_void {
    H_ERRNO.set(NO_RECOVERY);
    null_mut()
}

/// glibc's `gethostbyaddr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn gethostbyaddr(_address: *const c_void, _size: u32, _kind: i32) -> *mut c_void {
    H_ERRNO.set(NO_RECOVERY);
    null_mut()
}

/// glibc's `gethostbyname_r`.
///
/// # Safety
/// `found` and `error` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn gethostbyname_r(
    _name: *const c_char,
    _entry: *mut c_void,
    _buffer: *mut c_char,
    _size: usize,
    found: *mut *mut c_void,
    error: *mut i32,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { host_not_found(found, error) }
}

/// glibc's `gethostbyaddr_r`.
///
/// # Safety
/// `found` and `error` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn gethostbyaddr_r(
    _address: *const c_void,
    _length: u32,
    _kind: i32,
    _entry: *mut c_void,
    _buffer: *mut c_char,
    _size: usize,
    found: *mut *mut c_void,
    error: *mut i32,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { host_not_found(found, error) }
}

/// No entry and why, which is no error of the call.
unsafe fn host_not_found(found: *mut *mut c_void, error: *mut i32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        *found = null_mut();
        *error = NO_RECOVERY;
    }
    0
}

macro_rules! not_found {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            #[doc = concat!("POSIX's `", stringify!($name), "`: not found.")]
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name($($argument: $type),*) -> *mut c_void {
                null_mut()
            }
        )*
    };
}

not_found! {
    getprotobyname(_name: *const c_char);
    getprotobynumber(_number: i32);
    getservbyname(_name: *const c_char, _protocol: *const c_char);
    getservbyport(_port: i32, _protocol: *const c_char);
}

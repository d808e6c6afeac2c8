// SPDX-License-Identifier: ISC
//! dlfcn.h (POSIX): a unikernel is one static program, into which nothing can be loaded.

use core::ptr::null_mut;

/// POSIX's `dlopen`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dlopen(_path: *const u8, _mode: i32) -> *mut u8 {
    null_mut()
}

/// POSIX's `dlsym`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dlsym(_handle: *mut u8, _name: *const u8) -> *mut u8 {
    null_mut()
}

/// POSIX's `dlclose`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dlclose(_handle: *mut u8) -> i32 {
    -1
}

/// POSIX's `dlerror`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dlerror() -> *const u8 {
    c"dynamic loading is not supported".as_ptr().cast()
}

/// GNU's `dladdr`: 0, nothing known.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dladdr(_address: *const u8, _to: *mut u8) -> i32 {
    0
}

/// GNU's `dl_iterate_phdr`: there are no objects to visit.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn dl_iterate_phdr(_visit: usize, _context: *mut u8) -> i32 {
    0
}

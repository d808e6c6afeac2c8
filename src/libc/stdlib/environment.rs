// SPDX-License-Identifier: ISC
//! The environment: a table of the program's own, empty at the start (C11 7.22.4.6, POSIX).

use super::super::errno::{EINVAL, ENOMEM, fail};
use super::super::malloc::malloc;
use super::super::memory::{memcpy, strlen};
use super::super::platform::Cell;
use super::super::string::{bytes, strncmp};
use core::ptr::{null, null_mut};

/// How many variables the environment can have.
const VARIABLES: usize = 128;
static VARIABLE_TABLE: Cell<[*mut u8; VARIABLES + 1]> = Cell::new([null_mut(); VARIABLES + 1]);

/// POSIX's `environ`: empty at first.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[allow(non_upper_case_globals, reason = "POSIX's name")]
pub static environ: Cell<*mut *mut u8> = Cell::new(VARIABLE_TABLE.as_ptr().cast());

/// Where the variable of that name stands.
unsafe fn find(name: *const u8, length: usize) -> Option<*mut *mut u8> {
    let mut at = environ.get();
    if at.is_null() {
        return None;
    }
    // SAFETY: `environ` is an array of terminated strings that ends in NULL.
    unsafe {
        while !(*at).is_null() {
            if strncmp(*at, name, length) == 0 && *(*at).add(length) == b'=' {
                return Some(at);
            }
            at = at.add(1);
        }
    }
    None
}

/// C's `getenv`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getenv(name: *const u8) -> *const u8 {
    // SAFETY: C's contract: a terminated name.
    unsafe {
        let length = strlen(name);
        find(name, length).map_or(null(), |at| (*at).add(length + 1).cast_const())
    }
}

/// GNU's `secure_getenv`: there are no privileges to guard.
///
/// # Safety
/// C's contract for `getenv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn secure_getenv(name: *const u8) -> *const u8 {
    // SAFETY: the same contract.
    unsafe { getenv(name) }
}

/// POSIX's `putenv`: the string itself becomes part of the environment.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn putenv(entry: *mut u8) -> i32 {
    // SAFETY: POSIX's contract: a terminated string that stays.
    unsafe {
        let Some(length) = bytes(entry).iter().position(|&b| b == b'=') else {
            return unsetenv(entry);
        };
        if let Some(at) = find(entry, length) {
            *at = entry;
            return 0;
        }
        let mut table = environ.get();
        if table.is_null() {
            table = VARIABLE_TABLE.as_ptr().cast();
            *table = null_mut();
            environ.set(table);
        }
        let used = (0..).take_while(|&i| !(*table.add(i)).is_null()).count();
        if used >= VARIABLES || table != VARIABLE_TABLE.as_ptr().cast() {
            return fail(ENOMEM);
        }
        *table.add(used + 1) = null_mut();
        *table.add(used) = entry;
    }
    0
}

/// POSIX's `setenv`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn setenv(name: *const u8, value: *const u8, overwrite: i32) -> i32 {
    // SAFETY: POSIX's contract: terminated strings.
    unsafe {
        let (length, size) = (strlen(name), strlen(value) + 1);
        if length == 0 || bytes(name).contains(&b'=') {
            return fail(EINVAL);
        }
        if overwrite == 0 && find(name, length).is_some() {
            return 0;
        }
        let entry = malloc(length + 1 + size);
        if entry.is_null() {
            return -1;
        }
        memcpy(entry, name, length);
        *entry.add(length) = b'=';
        memcpy(entry.add(length + 1), value, size);
        putenv(entry)
    }
}

/// POSIX's `unsetenv`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn unsetenv(name: *const u8) -> i32 {
    // SAFETY: POSIX's contract: a terminated name; the table ends in NULL.
    unsafe {
        let length = strlen(name);
        if length == 0 || bytes(name).contains(&b'=') {
            return fail(EINVAL);
        }
        while let Some(mut at) = find(name, length) {
            while !(*at).is_null() {
                *at = *at.add(1);
                at = at.add(1);
            }
        }
    }
    0
}

/// GNU's `clearenv`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn clearenv() -> i32 {
    environ.set(null_mut());
    0
}

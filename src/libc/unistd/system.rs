// SPDX-License-Identifier: ISC
//! What the system says of itself: names, sizes, processors (unistd.h, sys/utsname.h, sys/auxv.h).

use super::super::errno::{EINVAL, ENAMETOOLONG, ENOENT, ERANGE, fail, set_errno};

/// POSIX's `gethostname`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn gethostname(to: *mut u8, size: usize) -> i32 {
    if size < HOST.len() {
        return fail(ENAMETOOLONG);
    }
    // SAFETY: POSIX's contract: `size` writable bytes.
    unsafe { super::super::memory::memcpy(to, HOST.as_ptr(), HOST.len()) };
    0
}

static HOST: [u8; 7] = *b"mirage\0";

/// GNU's `getdomainname`: there is none.
///
/// # Safety
/// `to` must have `size` bytes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getdomainname(to: *mut u8, size: usize) -> i32 {
    if size == 0 {
        return fail(ERANGE);
    }
    // SAFETY: there is one byte at least.
    unsafe { *to = 0 };
    0
}

/// glibc's `struct utsname`.
#[repr(C)]
pub struct UtsName {
    fields: [[u8; 65]; 6],
}

/// POSIX's `uname`.
///
/// # Safety
/// `to` must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn uname(to: *mut UtsName) -> i32 {
    let values: [&[u8]; 6] = [b"MirageOS", b"mirage", b"", b"Xen PVH", b"x86_64", b""];
    let mut name = UtsName {
        fields: [[0; 65]; 6],
    };
    for (field, value) in name.fields.iter_mut().zip(values) {
        for (to, from) in field.iter_mut().zip(value) {
            *to = *from;
        }
    }
    // SAFETY: writable, as the caller vouches.
    unsafe { *to = name };
    0
}

/// POSIX's `sysconf`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn sysconf(name: i32) -> i64 {
    let pages = |bytes: usize| (bytes / 4096) as i64;
    match name {
        0 => 131_072,                             // _SC_ARG_MAX
        2 => 100,                                 // _SC_CLK_TCK
        4 => 3,                                   // _SC_OPEN_MAX
        30 => 4096,                               // _SC_PAGESIZE
        83 | 84 => 1,                             // _SC_NPROCESSORS_CONF, _ONLN
        85 => pages(super::super::heap::total()), // _SC_PHYS_PAGES
        86 => pages(super::super::heap::total() - super::super::malloc::malloc_memory_usage()), // _SC_AVPHYS_PAGES
        75 => 16_384, // _SC_THREAD_STACK_MIN
        _ => fail(EINVAL).into(),
    }
}

/// BSD's `getpagesize`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getpagesize() -> i32 {
    4096
}

/// GNU's `get_nprocs`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn get_nprocs() -> i32 {
    1
}

/// glibc's `getauxval` (sys/auxv.h): the page size, and that no privileges are to be guarded; ENOENT for the rest.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn getauxval(which: u64) -> u64 {
    match which {
        // AT_PAGESZ, AT_CLKTCK, AT_SECURE
        6 => 4096,
        17 => 100,
        23 => 0,
        _ => {
            set_errno(ENOENT);
            0
        }
    }
}

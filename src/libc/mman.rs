// SPDX-License-Identifier: ISC
//! sys/mman.h (POSIX): anonymous memory only, from the heap. Pages are always readable and writable;
//! asking for less is granted, since nothing is promised about what then faults.

use super::errno::{EBADF, EINVAL, ENODEV, ENOMEM, EOPNOTSUPP, fail, set_errno};
use super::malloc::{aligned_alloc, free};
use super::memory::memset;
use super::platform::Cell;

const FAILED: *mut u8 = core::ptr::without_provenance_mut(usize::MAX);
const PAGE: usize = 4096;
const PROT_EXEC: i32 = 4;
const MAP_FIXED: i32 = 0x10;
const MAP_ANONYMOUS: i32 = 0x20;

/// How many mappings can exist at once.
const MAPPINGS: usize = 128;

/// A block of the heap of which the middle part is still mapped.
#[derive(Clone, Copy)]
struct Mapping {
    block: *mut u8,
    start: usize,
    end: usize,
}

static TABLE: Cell<[Mapping; MAPPINGS]> = Cell::new(
    [Mapping {
        block: core::ptr::null_mut(),
        start: 0,
        end: 0,
    }; MAPPINGS],
);

fn table() -> &'static mut [Mapping; MAPPINGS] {
    // SAFETY: the cell is valid, and no borrow outlives a call in this file.
    unsafe { &mut *TABLE.as_ptr() }
}

fn failed(number: i32) -> *mut u8 {
    set_errno(number);
    FAILED
}

/// POSIX's `mmap`: zeroed memory at an address of libc's choice.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mmap(
    _at: *mut u8,
    size: usize,
    protection: i32,
    flags: i32,
    file: i32,
    _offset: i64,
) -> *mut u8 {
    if flags & MAP_ANONYMOUS == 0 {
        return failed(if super::files::is_standard(file) {
            ENODEV
        } else {
            EBADF
        });
    }
    if size == 0 || flags & 3 == 0 {
        return failed(EINVAL);
    }
    if flags & MAP_FIXED != 0 || protection & PROT_EXEC != 0 {
        return failed(EOPNOTSUPP);
    }
    let Some(size) = size.checked_next_multiple_of(PAGE) else {
        return failed(ENOMEM);
    };
    let Some(free_entry) = table().iter_mut().find(|m| m.block.is_null()) else {
        return failed(ENOMEM);
    };
    let block = aligned_alloc(PAGE, size);
    if block.is_null() {
        return failed(ENOMEM);
    }
    // SAFETY: the block has this size.
    unsafe { memset(block, 0, size) };
    *free_entry = Mapping {
        block,
        start: block.addr(),
        end: block.addr() + size,
    };
    block
}

/// glibc's `mmap64`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mmap64(
    at: *mut u8,
    size: usize,
    protection: i32,
    flags: i32,
    file: i32,
    offset: i64,
) -> *mut u8 {
    mmap(at, size, protection, flags, file, offset)
}

/// POSIX's `munmap`, of a whole mapping or of one of its ends; the memory is free again when all of it
/// is unmapped.
///
/// # Safety
/// Nothing may use the memory any more.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn munmap(start: *mut u8, size: usize) -> i32 {
    let (from, Some(size)) = (start.addr(), size.checked_next_multiple_of(PAGE)) else {
        return fail(EINVAL);
    };
    if !from.is_multiple_of(PAGE) || size == 0 {
        return fail(EINVAL);
    }
    let to = from.saturating_add(size);
    let found = table()
        .iter_mut()
        .find(|m| !m.block.is_null() && m.start <= from && to <= m.end);
    let Some(mapping) = found else {
        return fail(EINVAL);
    };
    if from == mapping.start {
        mapping.start = to;
    } else if to == mapping.end {
        mapping.end = from;
    } else {
        // A hole: the rest stays mapped on both sides, which one entry cannot say.
        return fail(ENOMEM);
    }
    if mapping.start >= mapping.end {
        let block = mapping.block;
        mapping.block = core::ptr::null_mut();
        // SAFETY: all of it is unmapped.
        unsafe { free(block) };
    }
    0
}

/// POSIX's `mprotect`: pages stay readable and writable, so only asking for that can succeed.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mprotect(_start: *mut u8, _size: usize, protection: i32) -> i32 {
    if protection == 3 { 0 } else { fail(EOPNOTSUPP) }
}

/// POSIX's `msync`: memory has no file behind it.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn msync(_start: *mut u8, _size: usize, _flags: i32) -> i32 {
    0
}

/// POSIX's `mlock`: all memory is resident.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mlock(_start: *const u8, _size: usize) -> i32 {
    0
}

/// POSIX's `munlock`: memory stays resident.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn munlock(_start: *const u8, _size: usize) -> i32 {
    0
}

/// POSIX's `madvise`: MADV_DONTNEED (4) clears, as Linux says of anonymous memory; other advice is
/// taken note of.
///
/// # Safety
/// The memory must be the caller's.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn madvise(start: *mut u8, size: usize, advice: i32) -> i32 {
    if advice == 4 {
        // SAFETY: the caller's memory.
        unsafe { memset(start, 0, size) };
    }
    0
}

/// GNU's `mremap`.
///
/// # Safety
/// As for `munmap`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mremap(
    start: *mut u8,
    old_size: usize,
    new_size: usize,
    flags: i32,
) -> *mut u8 {
    let whole = table()
        .iter()
        .any(|m| !m.block.is_null() && m.start == start.addr());
    if !whole || flags & 1 == 0 {
        return failed(if whole { ENOMEM } else { EINVAL });
    }
    let new = mmap(core::ptr::null_mut(), new_size, 3, MAP_ANONYMOUS | 2, -1, 0);
    if new != FAILED {
        // SAFETY: both have the sizes given.
        unsafe {
            super::memory::memcpy(new, start, old_size.min(new_size));
            munmap(start, old_size);
        }
    }
    new
}

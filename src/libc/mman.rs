// SPDX-License-Identifier: ISC
//! sys/mman.h (POSIX, Linux): anonymous memory, page granular, never executable.
//!
//! Memory that can be used at once is whole pages of the heap, at their own address (`pages.rs`, `lent.rs`). Address space that is
//! only set aside (PROT_NONE), and memory that is not to be had in one piece, lie in a reservation of the Solo5 part, which
//! pages of the heap are put behind (`space.rs`). Over another Solo5, which has none, what is set aside is memory at once,
//! and pages stay readable and writable.

use super::errno::{
    EACCES, EBADF, EEXIST, EINVAL, ENODEV, ENOMEM, ENOSYS, EOPNOTSUPP, fail, set_errno,
};
use super::lent;
use super::memory::memset;
use super::pages;
use super::platform::Cell;
use super::space::{self, Access};
use core::ops::Range;

const FAILED: *mut u8 = core::ptr::without_provenance_mut(usize::MAX);
const PAGE: usize = super::heap::PAGE;
const LARGE: usize = 2 << 20;
const MAP_FIXED: i32 = 0x10;
const MAP_ANONYMOUS: i32 = 0x20;
const MAP_HUGETLB: i32 = 0x40000;
const MAP_FIXED_NOREPLACE: i32 = 0x100000;
const MADV_DONTNEED: i32 = 4;

/// Has a page at its own address ever been made less than writable? Then those given back are made so again.
static PROTECTED: Cell<bool> = Cell::new(false);

fn failed(number: i32) -> *mut u8 {
    set_errno(number);
    FAILED
}

fn pointer(address: usize) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(address)
}

/// What a protection asks for; an error number where it cannot be had.
fn access(protection: i32) -> Result<Access, i32> {
    match protection {
        0 => Ok(Access::Nothing),
        1 => Ok(Access::Read),
        2 | 3 => Ok(Access::Write),
        // No page is ever both writable and executable, and text is only what was linked.
        4..=7 => Err(EOPNOTSUPP),
        _ => Err(EINVAL),
    }
}

/// The whole pages of a range, if it starts with one and does not wrap.
fn whole(start: *mut u8, size: usize) -> Option<Range<usize>> {
    let end = start
        .addr()
        .checked_add(size.checked_next_multiple_of(PAGE)?)?;
    start
        .addr()
        .is_multiple_of(PAGE)
        .then_some(start.addr()..end)
}

/// POSIX's `mmap`: zeroed memory at an address of libc's choice, or (MAP_FIXED) anew within a mapping.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mmap(
    at: *mut u8,
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
    let access = match access(protection) {
        Ok(access) => access,
        Err(number) => return failed(number),
    };
    let Some(whole_size) = size.checked_next_multiple_of(PAGE) else {
        return failed(ENOMEM);
    };
    if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0 {
        let Some(range) = whole(at, size) else {
            return failed(EINVAL);
        };
        return match anew(range, access, flags & MAP_FIXED_NOREPLACE != 0) {
            Ok(()) => at,
            Err(number) => failed(number),
        };
    }
    let align = if flags & MAP_HUGETLB != 0 {
        LARGE
    } else {
        PAGE
    };
    match somewhere(whole_size, align, access) {
        Some(start) => pointer(start),
        None => failed(ENOMEM),
    }
}

/// New memory, or address space where nothing may be done with it yet.
fn somewhere(size: usize, align: usize, access: Access) -> Option<usize> {
    if access == Access::Nothing
        && let Some(start) = space::reserve(size)
    {
        return Some(start);
    }
    if let Some(start) = take(size, align) {
        // SAFETY: pages of nobody else's.
        unsafe { memset(pointer(start), 0, size) };
        if access == Access::Read {
            PROTECTED.set(true);
            let _ = space::protect(start..start + size, access);
        }
        return Some(start);
    }
    // Not in one piece, but perhaps in several.
    let start = space::reserve(size)?;
    if space::back(start..start + size, access).is_err() {
        space::release(start..start + size);
        return None;
    }
    Some(start)
}

/// Pages of the heap, after what malloc keeps free at its top has been asked back, or else out of what it keeps free below.
pub(super) fn take(size: usize, align: usize) -> Option<usize> {
    let found = pages::take(size / PAGE, align).or_else(|| {
        super::malloc::malloc_trim(0);
        pages::take(size / PAGE, align)
    });
    match found {
        Some(_) => pages::count(size, 0),
        None if align == PAGE => return lent::take(size / PAGE),
        None => {}
    }
    found
}

/// Gives back pages that `take` returned, or any part of them.
pub(super) fn put(range: Range<usize>) {
    if !lent::give_back(&range) {
        pages::give_back(range.start, range.len());
        pages::count(0, range.len());
    }
}

/// Are all pages of this range taken?
fn are_used(range: &Range<usize>) -> bool {
    pages::are_used(range.start, range.len()) || lent::are_used(range)
}

/// Maps a range of existing mappings anew: what was in it is gone.
fn anew(range: Range<usize>, access: Access, no_replace: bool) -> Result<(), i32> {
    let reserved = space::is_reserved(&range);
    if !reserved && !are_used(&range) {
        // Memory lies where libc says, not where the caller wants it.
        return Err(ENOMEM);
    }
    if no_replace {
        return Err(EEXIST);
    }
    if reserved {
        space::drop_memory(range.clone());
        return match access {
            Access::Nothing => Ok(()),
            _ => space::back(range, access),
        };
    }
    if PROTECTED.get() {
        space::protect(range.clone(), Access::Write)?;
    }
    // SAFETY: the caller's own mapping, of which it wants nothing any more.
    unsafe { memset(pointer(range.start), 0, range.len()) };
    if access == Access::Write || space::get().is_none() {
        return Ok(());
    }
    PROTECTED.set(true);
    space::protect(range, access)
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

/// POSIX's `munmap`: the memory is free again, page by page. Pages that are not mapped are passed over.
///
/// # Safety
/// Nothing may use the memory any more.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn munmap(start: *mut u8, size: usize) -> i32 {
    let Some(range) = whole(start, size).filter(|range| !range.is_empty()) else {
        return fail(EINVAL);
    };
    if space::is_reserved(&range) {
        space::drop_memory(range.clone());
        space::release(range);
    } else if are_used(&range) {
        give_back(range);
    } else {
        for page in range.step_by(PAGE) {
            let one = page..page + PAGE;
            if space::is_reserved(&one) {
                space::drop_memory(one.clone());
                space::release(one);
            } else if are_used(&one) {
                give_back(one);
            }
        }
    }
    0
}

fn give_back(range: Range<usize>) {
    if PROTECTED.get() && space::protect(range.clone(), Access::Write).is_err() {
        // Better lost than handed out and then not writable.
        return;
    }
    put(range);
}

/// POSIX's `mprotect`, of mappings and of any other memory of the heap. Contents stay; address space that was only set
/// aside gets zeroed memory when something may be done with it.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mprotect(start: *mut u8, size: usize, protection: i32) -> i32 {
    let access = match access(protection) {
        Ok(access) => access,
        Err(number) => return fail(number),
    };
    let Some(range) = whole(start, size) else {
        return fail(EINVAL);
    };
    if range.is_empty() {
        return 0;
    }
    if space::get().is_none() {
        return if access == Access::Write {
            0
        } else {
            fail(EOPNOTSUPP)
        };
    }
    let reserved = space::is_reserved(&range);
    let done = if reserved {
        if access == Access::Nothing {
            Ok(())
        } else {
            space::back_the_rest(range.clone(), access)
        }
        .and_then(|()| space::protect(range, access))
    } else {
        PROTECTED.set(true);
        space::protect(range, access)
    };
    match done {
        Ok(()) => 0,
        // Text, constants and the program's own variables keep the rights that they were linked with.
        Err(EINVAL) => fail(EACCES),
        Err(number) => fail(number),
    }
}

/// POSIX's `msync`: memory has no file behind it.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn msync(_start: *mut u8, _size: usize, _flags: i32) -> i32 {
    0
}

/// BSD's `mincore`: which pages are resident is not told, ENOSYS.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn mincore(_start: *mut u8, _size: usize, _to: *mut u8) -> i32 {
    fail(ENOSYS)
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

/// Linux's `madvise`: MADV_DONTNEED clears, and gives memory back where nothing may be done with it (PROT_NONE); other
/// advice is taken note of.
///
/// # Safety
/// The memory must be the caller's.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn madvise(start: *mut u8, size: usize, advice: i32) -> i32 {
    let Some(range) = whole(start, size) else {
        return fail(EINVAL);
    };
    if advice != MADV_DONTNEED || range.is_empty() {
        return 0;
    }
    if space::is_reserved(&range) {
        space::clear(range);
    } else if PROTECTED.get() && space::get().is_some() {
        space::clear_in_place(range);
    } else if are_used(&range) {
        // SAFETY: the caller's memory.
        unsafe { memset(start, 0, range.len()) };
    } else {
        return fail(ENOMEM);
    }
    0
}

/// Linux's `mremap`: in place where it shrinks, else (MREMAP_MAYMOVE) moved.
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
    let (Some(old), Some(new)) = (whole(start, old_size), whole(start, new_size)) else {
        return failed(EINVAL);
    };
    let mapped = space::is_reserved(&old) || are_used(&old);
    if old.is_empty() || new.is_empty() || !mapped || flags & !1 != 0 {
        return failed(EINVAL);
    }
    if new.end <= old.end {
        if new.end < old.end {
            // SAFETY: the caller wants it no more.
            unsafe { munmap(pointer(new.end), old.end - new.end) };
        }
        return start;
    }
    if flags == 0 {
        return failed(ENOMEM);
    }
    let Some(moved) = somewhere(new.len(), PAGE, Access::Write) else {
        return failed(ENOMEM);
    };
    // SAFETY: both have the old size.
    unsafe {
        super::memory::memcpy(pointer(moved), start, old.len());
        munmap(start, old.len());
    }
    pointer(moved)
}

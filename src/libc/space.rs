// SPDX-License-Identifier: ISC
//! Address space with pages of the heap behind it, over the Solo5 part's private symbols (`src/solo5/reservations.rs`),
//! which are looked for weakly.

use super::errno::{EINVAL, ENOMEM};
use super::memory::memset;
use super::mman::{put, take};
use super::pages;
use super::platform::Cell;
use super::weak::weak;
use core::ops::Range;
use libc_core::intervals::Intervals;

const PAGE: usize = super::heap::PAGE;
const LARGE: usize = 2 << 20;

/// Asked of the Solo5 part once, and divided here: half of what it has.
const WINDOW: usize = 256 << 30;

/// Pages given for page tables at a time.
const TABLES: usize = 8;

/// What may be done with a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Nothing = 0,
    Read = 1,
    Write = 3,
}

/// The Solo5 part's functions.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Space {
    reserve: extern "C" fn(usize) -> usize,
    back: extern "C" fn(usize, usize, usize, i32) -> i32,
    unback: extern "C" fn(usize, usize) -> i32,
    backing: unsafe extern "C" fn(usize, usize, *mut usize) -> usize,
    protect: extern "C" fn(usize, usize, i32) -> i32,
    give_tables: extern "C" fn(usize, usize) -> i32,
}

/// The functions, where the Solo5 part has them.
pub(super) fn get() -> Option<Space> {
    let addresses: [usize; 6] = [
        weak!("solo5__xen_reserve"),
        weak!("solo5__xen_back"),
        weak!("solo5__xen_unback"),
        weak!("solo5__xen_backing"),
        weak!("solo5__xen_protect"),
        weak!("solo5__xen_give_tables"),
    ];
    if addresses.contains(&0) {
        return None;
    }
    // SAFETY: functions of these types, in this order; as for their addresses, `Space` is `repr(C)`.
    Some(unsafe { core::mem::transmute::<[usize; 6], Space>(addresses) })
}

/// The window, and what of it is free. Empty until it is first needed.
static WINDOW_AT: Cell<usize> = Cell::new(0);
static FREE: Cell<Intervals<64>> = Cell::new(Intervals::new());

fn free() -> &'static mut Intervals<64> {
    // SAFETY: the cell is valid, and no borrow outlives a call in this file.
    unsafe { &mut *FREE.as_ptr() }
}

/// Sets address space aside, `size` bytes, whole pages.
pub(super) fn reserve(size: usize) -> Option<usize> {
    let space = get()?;
    if WINDOW_AT.get() == 0 {
        let start = (space.reserve)(WINDOW);
        if start == 0 {
            return None;
        }
        WINDOW_AT.set(start);
        free().insert(start, start + WINDOW);
    }
    free().take(size, if size >= LARGE { LARGE } else { PAGE })
}

/// Has all of the range been set aside?
pub(super) fn is_reserved(range: &Range<usize>) -> bool {
    let window = WINDOW_AT.get();
    window != 0
        && range.start >= window
        && range.end <= window + WINDOW
        && free().is_apart_from(range.start, range.end)
}

/// Address space that nobody uses any more, with nothing behind it. Where there would be too many pieces it is lost.
pub(super) fn release(range: Range<usize>) {
    free().insert(range.start, range.end);
}

/// Puts fresh, zeroed memory behind a range that has none: all of it, or ENOMEM and none.
pub(super) fn back(range: Range<usize>, access: Access) -> Result<(), i32> {
    let space = get().ok_or(ENOMEM)?;
    if back_some(&space, range.clone(), access) {
        Ok(())
    } else {
        drop_memory(range);
        Err(ENOMEM)
    }
}

/// In as few pieces as there are; false where memory ends.
fn back_some(space: &Space, range: Range<usize>, access: Access) -> bool {
    let size = range.len();
    // Large pages where both sides allow them.
    let large = (size >= LARGE && range.start.is_multiple_of(LARGE))
        .then(|| pages::take(size / PAGE, LARGE).inspect(|_| pages::count(size, 0)))
        .flatten();
    let Some(memory) = large.or_else(|| take(size, PAGE)) else {
        if size == PAGE {
            return false;
        }
        let middle = range.start + (size / 2).next_multiple_of(PAGE);
        return back_some(space, range.start..middle, access)
            && back_some(space, middle..range.end, access);
    };
    // SAFETY: pages of nobody else's.
    unsafe { memset(core::ptr::with_exposed_provenance_mut(memory), 0, size) };
    let writable = i32::from(access == Access::Write);
    let mut done = (space.back)(range.start, memory, size, writable) == 0;
    while !done && more_tables(space) {
        done = (space.back)(range.start, memory, size, writable) == 0;
    }
    if !done {
        put(memory..memory + size);
    }
    done
}

/// Gives memory for page tables, if that is what was missing.
fn more_tables(space: &Space) -> bool {
    let Some(memory) = pages::take(TABLES, PAGE) else {
        return false;
    };
    if (space.give_tables)(memory, TABLES * PAGE) == 0 {
        pages::count(TABLES * PAGE, 0);
        return true;
    }
    pages::give_back(memory, TABLES * PAGE);
    false
}

/// The first page from an address on that has memory behind it: where, that memory, and what may be done with it.
fn next(space: &Space, from: usize, end: usize) -> Option<(usize, usize, usize)> {
    let mut memory = 0;
    // SAFETY: writable.
    let page = unsafe { (space.backing)(from, end, &raw mut memory) };
    (page < end).then_some((page, memory & !(PAGE - 1), memory & 3))
}

/// Fresh memory behind those pages of a range that have none.
pub(super) fn back_the_rest(range: Range<usize>, access: Access) -> Result<(), i32> {
    let space = get().ok_or(ENOMEM)?;
    let mut at = range.start;
    while at < range.end {
        let page = next(&space, at, range.end).map_or(range.end, |(page, ..)| page);
        if at < page {
            back(at..page, access)?;
        }
        at = page + PAGE;
    }
    Ok(())
}

/// Takes the memory behind a range away and gives it back to the heap.
pub(super) fn drop_memory(range: Range<usize>) {
    let Some(space) = get() else { return };
    let mut at = range.start;
    while let Some((start, memory, _)) = next(&space, at, range.end) {
        // As far as it is in one piece.
        let mut size = PAGE;
        while let Some((page, more, _)) = next(&space, start + size, range.end)
            && page == start + size
            && more == memory + size
        {
            size += PAGE;
        }
        (space.unback)(start, size);
        put(memory..memory + size);
        at = start + size;
    }
}

/// Zeroes what is behind a range; where nothing may be done with a page, its memory is given back.
pub(super) fn clear(range: Range<usize>) {
    let Some(space) = get() else { return };
    let mut at = range.start;
    while let Some((page, memory, access)) = next(&space, at, range.end) {
        if access == Access::Nothing as usize {
            drop_memory(page..page + PAGE);
        } else {
            // SAFETY: the caller's memory, at its own address, where it is writable.
            unsafe { memset(core::ptr::with_exposed_provenance_mut(memory), 0, PAGE) };
        }
        at = page + PAGE;
    }
}

/// Zeroes pages at their own address, whatever may be done with them.
pub(super) fn clear_in_place(range: Range<usize>) {
    let Some(space) = get() else { return };
    let mut at = range.start;
    while let Some((page, memory, access)) = next(&space, at, range.end) {
        (space.protect)(page, PAGE, Access::Write as i32);
        // SAFETY: the caller's memory.
        unsafe { memset(core::ptr::with_exposed_provenance_mut(memory), 0, PAGE) };
        (space.protect)(page, PAGE, access as i32);
        at = page + PAGE;
    }
}

/// Changes what may be done with pages that have memory: EINVAL where the range is none that may be changed, ENOMEM where
/// page tables ran out.
pub(super) fn protect(range: Range<usize>, access: Access) -> Result<(), i32> {
    let space = get().ok_or(EINVAL)?;
    loop {
        match (space.protect)(range.start, range.len(), access as i32) {
            0 => return Ok(()),
            -1 => return Err(EINVAL),
            _ if more_tables(&space) => {}
            _ => return Err(ENOMEM),
        }
    }
}

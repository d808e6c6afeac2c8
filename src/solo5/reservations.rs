// SPDX-License-Identifier: ISC
//! Private symbols for libc's memory mappings: address space with nothing behind it, RAM of the caller's put behind it page
//! by page, and what may be done with a page. Nothing here is ever executable (W^X), and text, read-only data, tables and
//! stacks cannot be named: only reservations and the RAM that the application was given.

use super::entropy;
use crate::arch::paging::{self, NOTHING, READ, RESERVATIONS, WRITE};
use crate::mm::layout::PAGE;
use crate::mm::{frames, heap_range};
use core::ops::Range;
use spin::Mutex;
use xen_proto::placement;

/// End of the address space handed out so far; 0 before the first reservation, which starts at random in the lower half.
static RESERVED: Mutex<u64> = Mutex::new(0);

/// Reservations of this size and more start at a multiple of it, so that large pages can be behind them.
const LARGE: u64 = 2 << 20;

/// Sets aside `size` bytes of address space, rounded up to pages, with nothing behind it. Returns its address, 0 when
/// none is left. The whole window is 512 GiB, of which the upper half is there at least.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_reserve(size: usize) -> usize {
    let mut end = RESERVED.lock();
    if *end == 0 {
        let room = (RESERVATIONS.end - RESERVATIONS.start) / 2;
        *end = RESERVATIONS.start + placement::shift(room, entropy::windows());
    }
    let Some(size) = (size as u64).checked_next_multiple_of(PAGE) else {
        return 0;
    };
    let start = if size >= LARGE {
        end.next_multiple_of(LARGE)
    } else {
        *end
    };
    // A page that is never backed keeps neighbours apart.
    match start.checked_add(size + PAGE) {
        Some(next) if next <= RESERVATIONS.end => {
            *end = next;
            start as usize
        }
        _ => 0,
    }
}

/// Puts RAM of the caller's, `size` bytes at `memory`, behind `address` in a reservation, read-only or writable, never
/// executable. All page aligned. Returns 0, or -1 when it is not in the window or no frame is left for a page table;
/// then nothing is backed.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_back(address: usize, memory: usize, size: usize, writable: i32) -> i32 {
    let Some(range) = reserved(address, size).filter(|_| (memory as u64).is_multiple_of(PAGE))
    else {
        return -1;
    };
    let flags = if writable != 0 { WRITE } else { READ };
    match paging::current().map(range.clone(), memory as u64, flags) {
        Ok(()) => {
            x86_64::instructions::tlb::flush_all();
            0
        }
        Err(paging::OutOfTables) => {
            unback(range);
            -1
        }
    }
}

/// Takes away what is behind `size` bytes at `address`; the RAM is the caller's again. Returns 0, or -1 when the range
/// is not in the window.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_unback(address: usize, size: usize) -> i32 {
    let Some(range) = reserved(address, size) else {
        return -1;
    };
    unback(range);
    0
}

/// The first page from `address` on, before `end`, that has RAM behind it, in a reservation or in RAM that the application
/// was given; `end` where there is none. `memory` gets the address of that RAM plus what may be done with the page: 0
/// nothing, 1 read, 3 read and write.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_backing(address: usize, end: usize, memory: *mut usize) -> usize {
    let start = address & !(PAGE as usize - 1);
    let Some(size) = end.checked_sub(start) else {
        return end;
    };
    let Some(range) = reserved(start, size).or_else(|| given(start, size)) else {
        return end;
    };
    let Some((page, frame, flags)) = paging::current().next_mapped(range) else {
        return end;
    };
    let protection = if flags.contains(WRITE) {
        3
    } else {
        usize::from(flags.contains(READ))
    };
    // SAFETY: the caller's variable.
    unsafe { memory.write(frame as usize + protection) };
    page as usize
}

/// What may be done with `size` bytes at `address`, both page aligned, in a reservation or in RAM that the application was
/// given: 0 nothing, 1 read, 3 read and write. Contents stay. Returns 0; -1 when the range is of another kind or
/// `protection` another number; -2 when no frame is left for a page table, and then the range's start may have changed.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_protect(address: usize, size: usize, protection: i32) -> i32 {
    let flags = match protection {
        0 => NOTHING,
        1 => READ,
        3 => WRITE,
        _ => return -1,
    };
    let Some(range) = reserved(address, size).or_else(|| given(address, size)) else {
        return -1;
    };
    let done = paging::current().protect(range, flags);
    x86_64::instructions::tlb::flush_all();
    if done.is_ok() { 0 } else { -2 }
}

/// Gives RAM of the application's, page aligned, for page tables once they have run out; it is never given back. Returns 0,
/// or -1 when it is not that RAM or frames are left.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_give_tables(memory: usize, size: usize) -> i32 {
    match given(memory, size) {
        Some(range) if frames::give(range.clone()) => 0,
        _ => -1,
    }
}

fn unback(range: Range<u64>) {
    // Without a table there is nothing to take away, so running out of frames for one is no failure.
    let tables = paging::current();
    let mut rest = range;
    while let Some((page, ..)) = tables.next_mapped(rest.clone()) {
        let _ = tables.unmap(page);
        rest.start = page + PAGE;
    }
}

/// The range, if it is page aligned and has been reserved.
fn reserved(address: usize, size: usize) -> Option<Range<u64>> {
    let range = pages(address, size)?;
    let inside = range.start >= RESERVATIONS.start && range.end <= *RESERVED.lock();
    inside.then_some(range)
}

/// The range, if it is page aligned and RAM that the application was given.
fn given(address: usize, size: usize) -> Option<Range<u64>> {
    let range = pages(address, size)?;
    let given = heap_range::given()?;
    let holds = |ram: &Range<u64>| ram.start <= range.start && range.end <= ram.end;
    (holds(&given.heap) || given.extra.iter().any(holds)).then_some(range)
}

fn pages(address: usize, size: usize) -> Option<Range<u64>> {
    let start = address as u64;
    let end = start.checked_add(size as u64)?;
    (start | end).is_multiple_of(PAGE).then_some(start..end)
}

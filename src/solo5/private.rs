// SPDX-License-Identifier: ISC
//! Private symbols between this part and the others. The first one is upstream's too; the rest are ours, and whoever
//! uses them refers to them weakly, so that it also links with upstream's bindings.

use super::fault::{self, Handler};
use crate::arch::paging::{self, RESERVATIONS, WINDOW_SIZE};
use crate::mm::heap_range;
use crate::mm::layout::PAGE;
use crate::xen::shutdown::{self, Reason};
use core::ops::Range;
use spin::Mutex;

/// End of the address space handed out so far.
static RESERVED: Mutex<u64> = Mutex::new(RESERVATIONS.start);

/// The guest-physical window in which foreign grants can be mapped, readable and writable, never executable, holding no
/// RAM: its address and its size, 1 GiB. Its page tables are made when it is first asked for; size 0 when they cannot be.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_get_gntmap_area(address: *mut u64, size: *mut usize) {
    static MAPPED: spin::Once<bool> = spin::Once::new();
    let start = heap_range::given().map_or(0, |given| given.window);
    let mapped = *MAPPED.call_once(|| {
        start != 0
            && paging::current()
                .identity(start..start + WINDOW_SIZE, paging::WRITE)
                .is_ok()
    });
    // SAFETY: the caller's variables.
    unsafe {
        address.write(start);
        size.write(if mapped { WINDOW_SIZE as usize } else { 0 });
    }
}

/// RAM that lies outside `solo5_start_info`'s heap, mapped at its own address: the range with this index, counted
/// from 0. Its bytes are not zero. Returns 0 when there is no such range, else 1.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_get_memory(
    index: usize,
    address: *mut usize,
    size: *mut usize,
) -> i32 {
    let range = heap_range::given()
        .and_then(|given| given.extra.get(index))
        .filter(|range| range.start < range.end);
    let Some(range) = range else { return 0 };
    // SAFETY: the caller's variables.
    unsafe {
        address.write(range.start as usize);
        size.write((range.end - range.start) as usize);
    }
    1
}

/// Sets aside `size` bytes of address space, rounded up to pages, with nothing behind it. Returns its address, 0 when
/// none is left. The whole window is 512 GiB.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_reserve(size: usize) -> usize {
    let mut end = RESERVED.lock();
    let Some(size) = (size as u64).checked_next_multiple_of(PAGE) else {
        return 0;
    };
    // A page that is never backed keeps neighbours apart.
    match end.checked_add(size + PAGE) {
        Some(next) if next <= RESERVATIONS.end => {
            let start = *end;
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
    let flags = if writable != 0 {
        paging::WRITE
    } else {
        paging::READ
    };
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

fn unback(range: Range<u64>) {
    // Without a table there is nothing to take away, so running out of frames for one is no failure.
    let tables = paging::current();
    for page in range.step_by(PAGE as usize) {
        let _ = tables.unmap(page);
    }
}

/// The range, if it is page aligned and has been reserved.
fn reserved(address: usize, size: usize) -> Option<Range<u64>> {
    let start = address as u64;
    let end = start.checked_add(size as u64)?;
    let inside = start >= RESERVATIONS.start && end <= *RESERVED.lock();
    (inside && (start | end).is_multiple_of(PAGE)).then_some(start..end)
}

/// Ends the domain with the reason "reboot", once dom0 has read the console: the toolstack starts it again.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_reboot() -> ! {
    shutdown::exit(Reason::Reboot, 0)
}

/// Registers who is asked about a page fault or general protection fault before it becomes a crash; null for nobody.
/// The handler runs on the fault stack (16 KiB), may change the context, and returns 0 to have the fault reported or
/// 1 to have the context continued. See `struct solo5__xen_fault` in `c_stubs/solo5_private.h`.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_set_fault_handler(handler: Option<Handler>) {
    fault::set(handler);
}

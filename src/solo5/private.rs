// SPDX-License-Identifier: ISC
//! Private symbols between this part and the others. The first one is upstream's too; the rest are ours, and whoever
//! uses them refers to them weakly, so that it also links with upstream's bindings.

use super::fault::{self, Handler};
use crate::arch::paging::{self, WINDOW_SIZE};
use crate::mm::heap_range;
use crate::xen::console;
use crate::xen::shutdown::{self, Reason};

/// The guest-physical window in which foreign grants can be mapped, readable and writable, never executable, holding no
/// RAM: its address and its size, 1 GiB. Its page tables are made when it is first asked for; size 0 when they cannot be.
pub fn grant_window() -> (u64, usize) {
    static MAPPED: spin::Once<bool> = spin::Once::new();
    let start = heap_range::given().map_or(0, |given| given.window);
    let mapped = *MAPPED.call_once(|| {
        start != 0
            && paging::current()
                .identity(start..start + WINDOW_SIZE, paging::WRITE)
                .is_ok()
    });
    (start, if mapped { WINDOW_SIZE as usize } else { 0 })
}

/// [`grant_window`].
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_get_gntmap_area(address: *mut u64, size: *mut usize) {
    let window = grant_window();
    // SAFETY: the caller's variables.
    unsafe {
        address.write(window.0);
        size.write(window.1);
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

/// Waits for console input and takes up to `size` bytes of what there is: how many, 0 where there is no console. Bytes are
/// as typed: a terminal ends a line with CR.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_console_read(buffer: *mut u8, size: usize) -> usize {
    if size == 0 {
        return 0;
    }
    // SAFETY: the caller's buffer of that size.
    console::read(unsafe { core::slice::from_raw_parts_mut(buffer, size) })
}

/// How many bytes of console input can be read without waiting.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_console_waiting() -> usize {
    console::waiting()
}

/// Waits until console input can be read or the monotonic clock reaches `deadline`, in ns: how many bytes can.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_console_wait(deadline: u64) -> usize {
    console::wait(deadline)
}

// SPDX-License-Identifier: ISC
//! Foreign pages mapped into the window: a vector of them with one hypercall, unmapped with one.
//!
//! Interface: GNTTABOP_map_grant_ref and GNTTABOP_unmap_grant_ref.

use super::{Error, Failure, retry, table};
use crate::xen::platform::{self, FEW, PAGE, Scratch};
use crate::xen::{abi, hypercall};
use core::sync::atomic::AtomicU64;
use spin::{Mutex, Once};
use xen_proto::grant::Status;
use xen_proto::window::{self, MAX_SLOTS, SLOTS_PER_PAGE, Window};

/// A page of another domain.
#[derive(Clone, Copy, Default)]
pub struct Foreign {
    /// Whose.
    pub domid: u16,
    /// By which grant reference.
    pub reference: u32,
}

/// Which pages of the window are taken; its bitmap is made when the first page is mapped.
static WINDOW: Once<Option<Mutex<Window<'static>>>> = Once::new();

fn window() -> Result<&'static Mutex<Window<'static>>, Error> {
    let window = WINDOW.call_once(|| {
        let (_, size) = table::window();
        let slots = (size / PAGE).min(MAX_SLOTS);
        let words = platform::for_ever::<[AtomicU64; MAX_SLOTS / 64]>()?;
        // SAFETY: nobody else has the memory; a u64 has the layout of its atomic, which allows change behind a shared
        // reference.
        let words = unsafe {
            core::slice::from_raw_parts_mut(words.as_ptr().cast_mut().cast(), words.len())
        };
        Some(Mutex::new(Window::new(
            words,
            slots,
            slots / SLOTS_PER_PAGE,
        )))
    });
    window.as_ref().ok_or(Error::NoMemory)
}

/// The address of a slot.
fn address(slot: usize) -> u64 {
    table::window().0 + (slot * PAGE) as u64
}

/// Maps `pages` one after the other, all or none, and writes the handle of each to `handles`, which has as many places.
/// Returns the address of the first. A write to pages that are not `writable` faults.
pub fn map(pages: &[Foreign], writable: bool, handles: &mut [u32]) -> Result<u64, Failure> {
    let mut operations = Scratch::new(pages.len()).ok_or(Error::NoMemory)?;
    let slot = window()?.lock().take(pages.len()).map_err(Error::Window)?;
    let start = address(slot);
    let result = map_at(start, pages, writable, &mut operations);
    if let Err(failure) = result {
        // What Xen will not unmap stays taken.
        if roll_back(&operations) {
            give(&mut window()?.lock(), slot, pages.len());
        }
        return Err(failure);
    }
    for (handle, operation) in handles.iter_mut().zip(operations.iter()) {
        *handle = operation.handle;
    }
    Ok(start)
}

fn map_at(
    start: u64,
    pages: &[Foreign],
    writable: bool,
    operations: &mut [abi::gnttab_map_grant_ref],
) -> Result<(), Failure> {
    let flags = abi::GNTMAP_host_map | if writable { 0 } else { abi::GNTMAP_readonly };
    for (index, (operation, page)) in operations.iter_mut().zip(pages).enumerate() {
        *operation = abi::gnttab_map_grant_ref {
            host_addr: start + (index * PAGE) as u64,
            flags,
            ref_: page.reference,
            dom: page.domid,
            // What Xen does not come to has not been mapped.
            status: abi::GNTST_general_error as i16,
            ..Default::default()
        };
    }
    // SAFETY: the addresses are slots of the window, which holds no RAM, and they are ours.
    let call = |operations: &mut [_]| unsafe { hypercall::grant_map(operations) };
    call(operations)?;
    retry(operations, |operation| operation.status, call)?;
    for (index, operation) in operations.iter().enumerate() {
        Status::check(operation.status).map_err(|status| Failure {
            error: Error::Status(status),
            index: Some(index),
        })?;
    }
    if !writable && !platform::protect_window(start, pages.len(), false) {
        platform::protect_window(start, pages.len(), true);
        return Err(Error::NoMemory.into());
    }
    Ok(())
}

/// Unmaps those of a vector that were mapped, with one hypercall where there is memory for that; whether none is left.
fn roll_back(operations: &[abi::gnttab_map_grant_ref]) -> bool {
    let (mut undo, some) = match Scratch::new(operations.len()) {
        Some(undo) => (undo, operations.len()),
        None => match Scratch::new(FEW) {
            Some(undo) => (undo, FEW),
            None => return false,
        },
    };
    operations.chunks(some.max(1)).all(|chunk| {
        let mapped = chunk.iter().filter(|operation| operation.status == 0);
        let mut count = 0;
        for (undo, operation) in undo.iter_mut().zip(mapped) {
            *undo = abi::gnttab_unmap_grant_ref {
                host_addr: operation.host_addr,
                handle: operation.handle,
                ..Default::default()
            };
            count += 1;
        }
        let undo = undo.get_mut(..count).unwrap_or_default();
        // SAFETY: the pages were mapped just now, and nobody has seen them.
        count == 0
            || unsafe { hypercall::grant_unmap(undo) }.is_ok()
                && undo.iter().all(|operation| operation.status == 0)
    })
}

/// Unmaps what [`map`] mapped at `start`, by its handles. Pages that Xen refuses to unmap stay taken for ever.
///
/// # Safety
/// Nobody uses the pages any more, and `writable` is what they were mapped with.
pub unsafe fn unmap(start: u64, handles: &[u32], writable: bool) -> Result<(), Failure> {
    let mut operations =
        Scratch::<abi::gnttab_unmap_grant_ref>::new(handles.len()).ok_or(Error::NoMemory)?;
    for (index, (operation, &handle)) in operations.iter_mut().zip(handles).enumerate() {
        *operation = abi::gnttab_unmap_grant_ref {
            host_addr: start + (index * PAGE) as u64,
            handle,
            status: abi::GNTST_general_error as i16,
            ..Default::default()
        };
    }
    // SAFETY: the caller's promise.
    let call = unsafe { hypercall::grant_unmap(&mut operations) };
    if !writable {
        // The tables for it are there since it was mapped.
        platform::protect_window(start, handles.len(), true);
    }
    let first = (start - table::window().0) as usize / PAGE;
    let mut window = window()?.lock();
    let mut failure = call.err().map(Failure::from);
    if operations.iter().all(|operation| operation.status == 0) {
        give(&mut window, first, handles.len());
    } else {
        for (index, operation) in operations.iter().enumerate() {
            match Status::check(operation.status) {
                Ok(()) => give(&mut window, first + index, 1),
                Err(status) => {
                    failure.get_or_insert(Failure {
                        error: Error::Status(status),
                        index: Some(index),
                    });
                }
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

fn give(window: &mut Window<'_>, slot: usize, pages: usize) {
    // They were taken by `map`.
    let given: Result<(), window::Error> = window.give(slot, pages);
    debug_assert!(given.is_ok());
}

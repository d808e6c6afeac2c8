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
/// Returns the address of the first.
pub fn map(pages: &[Foreign], writable: bool, handles: &mut [u32]) -> Result<u64, Failure> {
    let mut operations = Scratch::new(pages.len()).ok_or(Error::NoMemory)?;
    let slot = window()?.lock().take(pages.len()).map_err(Error::Window)?;
    let result = map_at(address(slot), pages, writable, handles, &mut operations);
    if result.is_err() {
        // Taken above, and mapped no more.
        let _ = window()?.lock().give(slot, pages.len());
    }
    result
}

fn map_at(
    start: u64,
    pages: &[Foreign],
    writable: bool,
    handles: &mut [u32],
    operations: &mut [abi::gnttab_map_grant_ref],
) -> Result<u64, Failure> {
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
    call(operations)
        .and_then(|()| retry(operations, |operation| operation.status, call))
        .or_else(|error| {
            // Part of the vector may have been mapped.
            roll_back(operations).map(|()| error).and_then(Err)
        })?;
    let refused = operations
        .iter()
        .enumerate()
        .find_map(|(index, operation)| Some((index, Status::check(operation.status).err()?)));
    if let Some((index, status)) = refused {
        roll_back(operations)?;
        return Err(Failure {
            error: Error::Status(status),
            index: Some(index),
        });
    }
    for (handle, operation) in handles.iter_mut().zip(operations.iter()) {
        *handle = operation.handle;
    }
    Ok(start)
}

/// Unmaps those of a vector that were mapped, with one hypercall where there is memory for that.
fn roll_back(operations: &[abi::gnttab_map_grant_ref]) -> Result<(), hypercall::XenError> {
    let mut rest = operations;
    while !rest.is_empty() {
        let (mut undo, some) = match Scratch::new(rest.len()) {
            Some(undo) => (undo, rest.len()),
            None => match Scratch::new(FEW.min(rest.len())) {
                Some(undo) => (undo, FEW.min(rest.len())),
                None => return Err(hypercall::XenError(abi::XEN_ENOMEM)),
            },
        };
        let (now, later) = rest.split_at(some);
        let mut mapped = 0;
        for (undo, operation) in undo
            .iter_mut()
            .zip(now.iter().filter(|operation| operation.status == 0))
        {
            *undo = abi::gnttab_unmap_grant_ref {
                host_addr: operation.host_addr,
                handle: operation.handle,
                ..Default::default()
            };
            mapped += 1;
        }
        // SAFETY: the pages were mapped just now, and nobody has seen them.
        unsafe { hypercall::grant_unmap(undo.get_mut(..mapped).unwrap_or_default())? };
        rest = later;
    }
    Ok(())
}

/// Unmaps what [`map`] mapped at `start`, by its handles. Pages that Xen refuses to unmap stay taken for ever.
///
/// # Safety
/// Nobody uses the pages any more.
pub unsafe fn unmap(start: u64, handles: &[u32]) -> Result<(), Failure> {
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

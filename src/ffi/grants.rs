// SPDX-License-Identifier: ISC
//! Grants, behind `c_stubs/mirage_gnttab.c`.

use super::domid;
use super::errors::{NO_MEMORY, OUT_OF_RANGE};
use crate::xen::grants::{self, Error, Failure, Foreign, Piece};
use crate::xen::platform::Scratch;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use xen_proto::grant::RESERVED;

#[unsafe(no_mangle)]
extern "C" fn mxen_grant_entries() -> i64 {
    i64::from(grants::entries())
}

#[unsafe(no_mangle)]
extern "C" fn mxen_grant_reserved() -> i64 {
    i64::from(RESERVED)
}

#[unsafe(no_mangle)]
extern "C" fn mxen_grant_access(reference: i64, address: usize, peer: i64, writable: bool) -> i64 {
    match (reference.try_into(), domid(peer)) {
        (Ok(reference), Some(peer)) => grants::grant_access(reference, address, peer, writable)
            .map_or_else(Error::code, |()| 0),
        _ => OUT_OF_RANGE,
    }
}

#[unsafe(no_mangle)]
extern "C" fn mxen_grant_end_access(reference: i64) -> i64 {
    reference.try_into().map_or(OUT_OF_RANGE, |reference| {
        grants::end_access(reference).map_or_else(Error::code, i64::from)
    })
}

/// `struct mxen_foreign`.
#[repr(C)]
struct CForeign {
    domid: i64,
    reference: i64,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_grant_map(
    pages: *const CForeign,
    count: usize,
    writable: bool,
    handles: *mut u32,
    failed: *mut i64,
) -> i64 {
    // SAFETY: the caller's arrays, of `count` elements each, and its variable.
    let (pages, handles, failed) = unsafe {
        (
            from_raw_parts(pages, count),
            from_raw_parts_mut(handles, count),
            &mut *failed,
        )
    };
    *failed = -1;
    let Some(mut foreign) = Scratch::new(count) else {
        return NO_MEMORY;
    };
    for (index, (to, page)) in foreign.iter_mut().zip(pages).enumerate() {
        match (domid(page.domid), page.reference.try_into()) {
            (Some(domid), Ok(reference)) => *to = Foreign { domid, reference },
            _ => {
                *failed = index as i64;
                return OUT_OF_RANGE;
            }
        }
    }
    answer(
        grants::map(&foreign, writable, handles),
        failed,
        |address| address as i64,
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_grant_unmap(
    address: usize,
    handles: *const u32,
    count: usize,
    writable: bool,
) -> i64 {
    // SAFETY: the caller's array. Its contract says that nobody uses the pages any more.
    let result = unsafe { grants::unmap(address as u64, from_raw_parts(handles, count), writable) };
    answer(result, &mut 0, |()| 0)
}

/// `struct mxen_copy`.
#[repr(C)]
struct CCopy {
    local: usize,
    domid: i64,
    reference: i64,
    offset: i64,
    length: i64,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_grant_copy(
    pieces: *const CCopy,
    count: usize,
    to_peer: bool,
    failed: *mut i64,
) -> i64 {
    // SAFETY: the caller's array and its variable.
    let (pieces, failed) = unsafe { (from_raw_parts(pieces, count), &mut *failed) };
    *failed = -1;
    let Some(mut checked) = Scratch::new(count) else {
        return NO_MEMORY;
    };
    for (index, (to, piece)) in checked.iter_mut().zip(pieces).enumerate() {
        let Some(piece) = check(piece) else {
            *failed = index as i64;
            return OUT_OF_RANGE;
        };
        *to = piece;
    }
    // SAFETY: the caller's memory at each `local`.
    answer(unsafe { grants::copy(&checked, to_peer) }, failed, |()| 0)
}

fn check(piece: &CCopy) -> Option<Piece> {
    let (offset, length): (u16, u16) =
        (piece.offset.try_into().ok()?, piece.length.try_into().ok()?);
    (u32::from(offset) + u32::from(length) <= 4096).then_some(Piece {
        local: piece.local,
        domid: domid(piece.domid)?,
        reference: piece.reference.try_into().ok()?,
        offset,
        length,
    })
}

fn answer<T>(result: Result<T, Failure>, failed: &mut i64, value: impl FnOnce(T) -> i64) -> i64 {
    match result {
        Ok(result) => value(result),
        Err(failure) => {
            *failed = failure.index.map_or(-1, |index| index as i64);
            failure.error.code()
        }
    }
}

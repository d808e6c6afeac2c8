// SPDX-License-Identifier: ISC
//! Grant copy: Xen copies between this domain's memory and pages granted to it, without mapping them.
//!
//! Interface: GNTTABOP_copy, one operation for what lies within one page on either side.

use super::{Error, Failure, frame, retry};
use crate::xen::platform::{PAGE, Scratch};
use crate::xen::{abi, hypercall};
use xen_proto::grant::Status;

/// Bytes to copy, within one page of the peer's.
#[derive(Clone, Copy, Default)]
pub struct Piece {
    /// The local side's first byte; may cross pages.
    pub local: usize,
    /// Whose page.
    pub domid: u16,
    /// By which grant reference.
    pub reference: u32,
    /// Where in the peer's page.
    pub offset: u16,
    /// How many bytes; `offset + length` is at most 4096.
    pub length: u16,
}

/// Copies `pieces`, into the peers' pages or out of them, with one hypercall for all. On failure some may have been
/// copied.
///
/// # Safety
/// The local memory must be the caller's, to read or, out of the peers' pages, to write.
pub unsafe fn copy(pieces: &[Piece], to_peer: bool) -> Result<(), Failure> {
    // Each piece is at most a page long, so its local side touches two pages at most.
    let mut operations = Scratch::new(pieces.len() * 2).ok_or(Error::NoMemory)?;
    let mut used = 0;
    for piece in pieces {
        let mut done = 0;
        while done < piece.length {
            let at = piece.local + usize::from(done);
            let length = (PAGE - at % PAGE).min(usize::from(piece.length - done)) as u16;
            if let Some(operation) = operations.get_mut(used) {
                *operation = one(piece, done, at, length, to_peer)?;
            }
            used += 1;
            done += length;
        }
    }
    let operations = operations.get_mut(..used).ok_or(Error::OutOfRange)?;
    if operations.is_empty() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    let call = |operations: &mut [_]| unsafe { hypercall::grant_copy(operations) };
    call(operations)?;
    retry(operations, |operation| operation.status, call)?;
    let mut operations = operations.iter();
    for (index, piece) in pieces.iter().enumerate() {
        let mut left = piece.length;
        while left > 0 {
            let Some(operation) = operations.next() else {
                break;
            };
            Status::check(operation.status).map_err(|status| Failure {
                error: Error::Status(status),
                index: Some(index),
            })?;
            left -= operation.len;
        }
    }
    Ok(())
}

fn one(
    piece: &Piece,
    done: u16,
    at: usize,
    length: u16,
    to_peer: bool,
) -> Result<abi::gnttab_copy, Error> {
    let local = abi::gnttab_copy_gnttab_copy_ptr {
        u: abi::gnttab_copy_gnttab_copy_ptr__bindgen_ty_1 { gmfn: frame(at)? },
        domid: abi::XEN_DOMID_SELF as u16,
        offset: (at % PAGE) as u16,
    };
    let remote = abi::gnttab_copy_gnttab_copy_ptr {
        u: abi::gnttab_copy_gnttab_copy_ptr__bindgen_ty_1 {
            ref_: piece.reference,
        },
        domid: piece.domid,
        offset: piece.offset + done,
    };
    let (source, dest, flags) = if to_peer {
        (local, remote, abi::GNTCOPY_dest_gref)
    } else {
        (remote, local, abi::GNTCOPY_source_gref)
    };
    Ok(abi::gnttab_copy {
        source,
        dest,
        len: length,
        flags: flags as u16,
        status: abi::GNTST_general_error as i16,
    })
}

// SPDX-License-Identifier: ISC
//! The extern "C" face of the bindings, one file per stub file of c_stubs/. `c_stubs/mirage_xen.h` is the contract.
//!
//! Numbers come as OCaml gave them, as 64-bit integers, and are checked here. A negative result is an [`errors`] code,
//! which the C side turns into an OCaml exception.

mod block;
mod checksum;
mod devices;
mod errors;
mod evtchn;
mod grants;
mod net;
mod owned;
mod params;
mod store;

/// A domain id; `None` when it is no 16-bit number.
fn domid(number: i64) -> Option<u16> {
    number.try_into().ok()
}

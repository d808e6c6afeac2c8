// SPDX-License-Identifier: ISC
//! The core's connection to xenstore for our own bindings, which refer to these weakly and make one of their own over
//! another core. A program that uses neither them nor a device has none of it.

use crate::xen::store::{self, Receiver, Store};
use xen_proto::xenstore::{Error, Kind};

fn with<T>(f: impl FnOnce(&mut Store) -> T) -> Option<T> {
    store::get().map(|store| f(&mut store.lock()))
}

/// Connects if need be, and has `receiver` take what comes for the caller; the connection's port, or -1 when the domain has no
/// xenstore.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_store_attach(receiver: Receiver) -> i64 {
    with(|store| i64::from(store.link().attach(receiver))).unwrap_or(-1)
}

/// Sends a request, `size` bytes of `payload` in a message of type `kind`; its number. 0 when there is no room for it yet, -1
/// when it is too big, -2 when xenstored is lost for good. The payload is not null.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_store_submit(
    kind: u32,
    transaction: u32,
    payload: *const u8,
    size: usize,
) -> i64 {
    // SAFETY: the caller's buffer of that size.
    let payload = unsafe { core::slice::from_raw_parts(payload, size) };
    match with(|store| store.submit(Kind(kind), transaction, payload)) {
        Some(Ok(number)) => i64::from(number),
        Some(Err(Error::Busy)) => 0,
        Some(Err(Error::TooBig)) => -1,
        _ => -2,
    }
}

/// Handles what has come: the receiver gets its part. -1 when xenstored is lost for good, else 0.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_store_poll() -> i32 {
    match with(Store::tend) {
        Some(Ok(())) => 0,
        _ => -1,
    }
}

// SPDX-License-Identifier: ISC
//! xenstore, behind `c_stubs/mirage_xenstore.c`.

use crate::xen::store_client;
use xen_proto::xenstore::Error;

/// A message: `struct mxen_store_message`.
#[repr(C)]
struct Message {
    kind: i32,
    number: u32,
    payload: *const u8,
    size: usize,
}

#[unsafe(no_mangle)]
extern "C" fn mxen_store_connect() -> i64 {
    store_client::connect().map_or(0, i64::from)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_store_submit(
    kind: u32,
    transaction: u32,
    payload: *const u8,
    size: usize,
) -> i64 {
    // SAFETY: the caller's buffer of that size.
    let payload = unsafe { core::slice::from_raw_parts(payload, size) };
    match store_client::submit(kind, transaction, payload) {
        Ok(number) => i64::from(number),
        Err(Error::Busy) => 0,
        Err(Error::TooBig) => -1,
        Err(_) => -2,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_store_next(message: *mut Message) -> i32 {
    let found = store_client::peek(|found| Message {
        // A small number, or one of store_client's own, which are -1 and below.
        kind: found.kind.cast_signed(),
        number: found.number,
        payload: found.payload.as_ptr(),
        size: found.payload.len(),
    });
    match found {
        Err(_) => -1,
        Ok(None) => 0,
        Ok(Some(found)) => {
            // SAFETY: the caller's variable.
            unsafe { message.write(found) }
            1
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn mxen_store_drop() {
    store_client::drop_first();
}

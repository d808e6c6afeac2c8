// SPDX-License-Identifier: ISC
//! The Internet checksum, behind `c_stubs/mirage_checksum6.c`.

use crate::checksum::{checksum, sum};
use core::slice::from_raw_parts;
use xen_proto::checksum::Sum;

// `struct mxen_sum` of the contract.
const _: () = assert!(size_of::<Sum>() <= 8 && align_of::<Sum>() <= 8);

/// # Safety
/// `data` has `length` readable bytes, or there are none.
unsafe fn bytes<'a>(data: *const u8, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { from_raw_parts(data, length) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_checksum(data: *const u8, length: usize) -> u16 {
    // SAFETY: the caller's buffer.
    checksum(unsafe { bytes(data, length) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_checksum_start(state: *mut Sum) {
    // SAFETY: the caller's variable.
    unsafe { state.write(Sum::new()) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_checksum_add(state: *mut Sum, data: *const u8, length: usize) {
    // SAFETY: the caller's variable, started, and its buffer.
    unsafe { (*state).add(bytes(data, length), sum) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mxen_checksum_finish(state: *const Sum) -> u16 {
    // SAFETY: as above.
    unsafe { (*state).checksum() }
}

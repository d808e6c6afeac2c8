// SPDX-License-Identifier: ISC
//! `solo5_block_*`, and what they have no name for.

use super::super::{DEVICES, Device, acquire, with};
use super::make;
use super::transfer::{Buffer, transfer};
use crate::solo5::api::Solo5Result;
use core::ffi::c_char;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use xen_proto::block::Operation;
use xen_proto::manifest::Kind;

/// `struct solo5_block_info`.
#[repr(C)]
pub struct BlockInfo {
    capacity: u64,
    block_size: u64,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_block_acquire(
    name: *const c_char,
    handle: *mut u64,
    info: *mut BlockInfo,
) -> Solo5Result {
    let describe = |device: &mut dyn Device| {
        if let Some(geometry) = device.block().and_then(|block| block.driver.geometry) {
            // SAFETY: the caller's structure.
            unsafe {
                info.write(BlockInfo {
                    capacity: geometry.capacity(),
                    block_size: geometry.block,
                });
            }
        }
    };
    // SAFETY: the caller's name.
    match unsafe { acquire(Kind::Block, name, make, describe) } {
        Ok(number) => {
            // SAFETY: the caller's variable.
            unsafe { handle.write(number as u64) }
            Solo5Result::Ok
        }
        Err(result) => result,
    }
}

/// Whether `size` is that of one block, as Solo5 has it.
fn is_one_block(handle: u64, size: usize) -> bool {
    let block = with(&mut DEVICES.lock(), handle, |device, _| {
        device.block()?.driver.geometry
    });
    block.is_some_and(|geometry| geometry.block == size as u64)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_block_write(
    handle: u64,
    offset: u64,
    buffer: *const u8,
    size: usize,
) -> Solo5Result {
    if !is_one_block(handle, size) {
        return Solo5Result::Invalid;
    }
    // SAFETY: the caller's buffer of that size.
    let bytes = unsafe { from_raw_parts(buffer, size) };
    transfer(handle, Operation::Write, offset, Buffer::From(bytes))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_block_read(
    handle: u64,
    offset: u64,
    buffer: *mut u8,
    size: usize,
) -> Solo5Result {
    if !is_one_block(handle, size) {
        return Solo5Result::Invalid;
    }
    // SAFETY: the caller's buffer of that size. Any bytes it has are bytes.
    let bytes = unsafe { from_raw_parts_mut(buffer, size) };
    transfer(handle, Operation::Read, offset, Buffer::To(bytes))
}

/// What Solo5's interface has no function for: reads (0) and writes (1) of any number of blocks, a flush (3; what was written
/// before stays whatever happens), a discard (5) of `size` bytes. The numbers are blkif's.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_block(
    handle: u64,
    operation: u32,
    offset: u64,
    buffer: *mut u8,
    size: usize,
) -> Solo5Result {
    let (operation, buffer) = match operation {
        // SAFETY: the caller's buffer of that size. Any bytes it has are bytes.
        0 => (
            Operation::Read,
            Buffer::To(unsafe { from_raw_parts_mut(buffer, size) }),
        ),
        // SAFETY: the caller's buffer of that size.
        1 => (
            Operation::Write,
            Buffer::From(unsafe { from_raw_parts(buffer, size) }),
        ),
        3 => (Operation::Flush, Buffer::None(0)),
        5 => (Operation::Discard, Buffer::None(size)),
        _ => return Solo5Result::Invalid,
    };
    transfer(handle, operation, offset, buffer)
}

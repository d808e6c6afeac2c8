// SPDX-License-Identifier: ISC
//! Thread-local storage: the block that the FS base points at.
//!
//! Interface: the x86-64 ELF TLS ABI, variant II: data below the thread pointer, the thread control block at it, whose
//! first word points at itself. Its word at 0x28 is the stack canary that an ordinary Linux gcc compiles in (glibc's
//! `tcbhead_t`).

use super::ssp;
use crate::mm::layout;
use x86_64::VirtAddr;
use x86_64::registers::model_specific::FsBase;

/// Bytes of the thread control block; glibc's macros reach no further than 0x30.
const CONTROL_BLOCK: usize = 128;
const CANARY: usize = 0x28;

/// Bytes that a block needs, wherever it is placed.
pub fn size() -> usize {
    let (data, align) = layout::tls_size_and_align();
    data + align + CONTROL_BLOCK
}

/// The thread pointer of the block at `block`.
pub fn thread_pointer(block: usize) -> usize {
    let (data, align) = layout::tls_size_and_align();
    (block + data).next_multiple_of(align.max(size_of::<usize>()))
}

/// Fills the block at `block`: initial data, zeros, and the control block.
///
/// # Safety
/// `block` is the start of [`size`] writable bytes that are nobody else's.
pub unsafe fn fill(block: usize) {
    let (data, _) = layout::tls_size_and_align();
    let image = layout::tls_image();
    let pointer = thread_pointer(block);
    let start = (pointer - data) as *mut u8;
    // SAFETY: data and control block lie within the caller's block.
    unsafe {
        start.write_bytes(0, data + CONTROL_BLOCK);
        start.copy_from_nonoverlapping(image.as_ptr(), image.len());
        (pointer as *mut usize).write(pointer);
        ((pointer + CANARY) as *mut u64).write(ssp::canary());
    }
}

/// Sets the FS base.
///
/// # Safety
/// Code that uses thread-local data or the canary needs a filled block there.
pub unsafe fn set_base(pointer: usize) {
    FsBase::write(VirtAddr::new_truncate(pointer as u64));
}

/// Gives the boot CPU its block, in the image's own data.
pub fn init() {
    ssp::init();
    let block = layout::boot_tls().start as usize;
    // SAFETY: the linker script sets the block aside, sized as `size` says.
    unsafe {
        fill(block);
        set_base(thread_pointer(block));
    }
}

// SPDX-License-Identifier: ISC
//! Multiboot, version 1, as far as a boot loader in a Xen domain needs it: the header by which GRUB knows an image, and
//! the structure that it leaves instead of Xen's [`StartInfo`].
//!
//! Source: Multiboot Specification version 0.6.96, sections 3.1 (header) and 3.3 (boot information). Only the command
//! line is taken: what memory there is Xen itself is asked, since a loader need not say it, and loaders in domains do not
//! know all of it.

use crate::bytes::u32_at;
use crate::start_info::{Error, StartInfo};

/// The header's magic number, in the first 8 KiB of the image's file.
pub const HEADER_MAGIC: u32 = 0x1bad_b002;
/// What the header asks for: nothing. Without address fields the loader reads the ELF file.
pub const HEADER_FLAGS: u32 = 0;
/// Makes the sum of the header's three words 0.
pub const HEADER_CHECKSUM: u32 = 0u32.wrapping_sub(HEADER_MAGIC).wrapping_sub(HEADER_FLAGS);
/// What a loader leaves in `%eax`.
pub const LOADER_MAGIC: u32 = 0x2bad_b002;

/// Bytes of the structure up to and with the command line's address.
pub const SIZE: usize = 20;

/// Byte offset of `flags`.
const OFFSET_FLAGS: usize = 0;
/// Byte offset of `cmdline`.
const OFFSET_CMDLINE: usize = 16;
/// The bit of `flags` that says that `cmdline` is there.
const HAS_CMDLINE: u32 = 1 << 2;

/// What the structure at the start of `bytes` says, as Xen would have: without a memory map, which has to be asked for.
///
/// # Errors
///
/// [`Error::Truncated`] below [`SIZE`] bytes.
pub fn start_info(bytes: &[u8]) -> Result<StartInfo, Error> {
    let word = |at| u32_at(bytes, at).ok_or(Error::Truncated);
    let (flags, cmdline) = (word(OFFSET_FLAGS)?, word(OFFSET_CMDLINE)?);
    Ok(StartInfo {
        version: 0,
        flags: 0,
        nr_modules: 0,
        modlist_paddr: 0,
        cmdline_paddr: if flags & HAS_CMDLINE == 0 {
            0
        } else {
            u64::from(cmdline)
        },
        rsdp_paddr: 0,
        memmap_paddr: 0,
        memmap_entries: 0,
    })
}

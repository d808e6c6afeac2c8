// SPDX-License-Identifier: ISC
//! The PVH start-of-day structure, which Xen leaves in memory and points `%ebx` at.
//!
//! Layout: xen/include/public/arch-x86/hvm/start_info.h (`struct hvm_start_info`,
//! `struct hvm_modlist_entry`). Version 0 ends before the memory map; later versions only add
//! fields, so any version above 1 reads as version 1. Address 0 means "not present".

use crate::bytes::{u32_at, u64_at};
use crate::memory_map;

/// `XEN_HVM_START_MAGIC_VALUE`: "xEn3" with the 0x80 bit of the "E" set.
pub const MAGIC: u32 = 0x336e_c578;
/// Bytes of the structure in version 0, and the least that [`StartInfo::parse`] asks for.
pub const SIZE_V0: usize = 40;
/// Bytes of the structure from version 1 on.
pub const SIZE_V1: usize = 56;
/// Bytes of one `struct hvm_modlist_entry`.
pub const MODULE_SIZE: usize = 32;

/// Byte offset of `magic`.
pub const OFFSET_MAGIC: usize = 0;
/// Byte offset of `version`.
pub const OFFSET_VERSION: usize = 4;
/// Byte offset of `flags`.
pub const OFFSET_FLAGS: usize = 8;
/// Byte offset of `nr_modules`.
pub const OFFSET_NR_MODULES: usize = 12;
/// Byte offset of `modlist_paddr`.
pub const OFFSET_MODLIST: usize = 16;
/// Byte offset of `cmdline_paddr`.
pub const OFFSET_CMDLINE: usize = 24;
/// Byte offset of `rsdp_paddr`.
pub const OFFSET_RSDP: usize = 32;
/// Byte offset of `memmap_paddr`, from version 1 on.
pub const OFFSET_MEMMAP: usize = 40;
/// Byte offset of `memmap_entries`, from version 1 on.
pub const OFFSET_MEMMAP_ENTRIES: usize = 48;

/// Why a start-of-day structure cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes end before the structure of their version does.
    Truncated,
    /// The magic number is another one, given here: this is no PVH boot.
    BadMagic(u32),
    /// The memory map would run past the end of physical memory.
    MemmapOutOfRange,
    /// The module list would run past the end of physical memory.
    ModulesOutOfRange,
}

impl Error {
    /// The error as a line for the console.
    pub const fn text(self) -> &'static str {
        match self {
            Error::Truncated => "start_info: truncated",
            Error::BadMagic(_) => "start_info: wrong magic number, not a PVH boot",
            Error::MemmapOutOfRange => "start_info: memory map out of range",
            Error::ModulesOutOfRange => "start_info: module list out of range",
        }
    }
}

/// The structure's fields. Addresses are guest-physical, 0 when absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartInfo {
    /// Version of the structure; fields that a version lacks read as 0.
    pub version: u32,
    /// `SIF_*` flags.
    pub flags: u32,
    /// How many modules [`modlist_paddr`](Self::modlist_paddr) lists; 0 when that is absent.
    pub nr_modules: u32,
    /// Where the array of [`Module`]s is.
    pub modlist_paddr: u64,
    /// Where the command line is, ended by a zero byte.
    pub cmdline_paddr: u64,
    /// Where the ACPI root pointer is.
    pub rsdp_paddr: u64,
    /// Where the memory map is.
    pub memmap_paddr: u64,
    /// How many entries the memory map has; 0 when it is absent: ask `XENMEM_memory_map` then.
    pub memmap_entries: u32,
}

impl StartInfo {
    /// Reads the structure from `bytes`, which start at its first byte and may run past its end.
    ///
    /// # Errors
    ///
    /// See [`Error`]. `bytes` of [`SIZE_V1`] or more are never [`Error::Truncated`].
    pub fn parse(bytes: &[u8]) -> Result<StartInfo, Error> {
        let word = |at| u32_at(bytes, at).ok_or(Error::Truncated);
        let long = |at| u64_at(bytes, at).ok_or(Error::Truncated);
        let magic = word(OFFSET_MAGIC)?;
        if magic != MAGIC {
            return Err(Error::BadMagic(magic));
        }
        let mut info = StartInfo {
            version: word(OFFSET_VERSION)?,
            flags: word(OFFSET_FLAGS)?,
            nr_modules: word(OFFSET_NR_MODULES)?,
            modlist_paddr: long(OFFSET_MODLIST)?,
            cmdline_paddr: long(OFFSET_CMDLINE)?,
            rsdp_paddr: long(OFFSET_RSDP)?,
            memmap_paddr: 0,
            memmap_entries: 0,
        };
        if info.version >= 1 {
            info.memmap_paddr = long(OFFSET_MEMMAP)?;
            info.memmap_entries = word(OFFSET_MEMMAP_ENTRIES)?;
        }
        if info.memmap_paddr == 0 || info.memmap_entries == 0 {
            info.memmap_paddr = 0;
            info.memmap_entries = 0;
        }
        if info.modlist_paddr == 0 || info.nr_modules == 0 {
            info.modlist_paddr = 0;
            info.nr_modules = 0;
        }
        if !fits(info.memmap_paddr, info.memmap_bytes()) {
            return Err(Error::MemmapOutOfRange);
        }
        if !fits(info.modlist_paddr, info.modlist_bytes()) {
            return Err(Error::ModulesOutOfRange);
        }
        Ok(info)
    }

    /// Bytes that the memory map takes at [`memmap_paddr`](Self::memmap_paddr).
    pub const fn memmap_bytes(&self) -> u64 {
        self.memmap_entries as u64 * memory_map::TABLE_ENTRY_SIZE as u64
    }

    /// Bytes that the module list takes at [`modlist_paddr`](Self::modlist_paddr).
    pub const fn modlist_bytes(&self) -> u64 {
        self.nr_modules as u64 * MODULE_SIZE as u64
    }
}

/// Whether `len` bytes at `addr` lie below the end of physical memory.
fn fits(addr: u64, len: u64) -> bool {
    addr.checked_add(len)
        .is_some_and(|end| end <= memory_map::PHYSICAL_LIMIT)
}

/// One entry of the module list. Addresses are guest-physical, 0 when absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// Where the module is.
    pub paddr: u64,
    /// Bytes of the module.
    pub size: u64,
    /// Where the module's own command line is, ended by a zero byte.
    pub cmdline_paddr: u64,
}

impl Module {
    /// Reads the entry at the start of `bytes`.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] below [`MODULE_SIZE`] bytes, [`Error::ModulesOutOfRange`] when the
    /// module would run past the end of physical memory.
    pub fn parse(bytes: &[u8]) -> Result<Module, Error> {
        if bytes.len() < MODULE_SIZE {
            return Err(Error::Truncated);
        }
        let long = |at| u64_at(bytes, at).ok_or(Error::Truncated);
        let module = Module {
            paddr: long(0)?,
            size: long(8)?,
            cmdline_paddr: long(16)?,
        };
        if !fits(module.paddr, module.size) {
            return Err(Error::ModulesOutOfRange);
        }
        Ok(module)
    }
}

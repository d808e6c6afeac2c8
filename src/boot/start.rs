// SPDX-License-Identifier: ISC
//! What Xen handed over: start_info, the memory map and the command line, read in place.
//!
//! Interface: `xen/include/public/arch-x86/hvm/start_info.h`; `XENMEM_memory_map` in `xen/include/public/memory.h`
//! for version 0 of the structure, which has no map. A boot loader's structure is read as such a version 0.

use crate::mm::memory::{LOW_END, Memory};
use crate::xen::{crash, hypercall};
use core::ops::Range;
use xen_proto::memory_map::Entries;
use xen_proto::start_info::{Error, Module, SIZE_V0, SIZE_V1, StartInfo};
use xen_proto::{memory_map, multiboot, options};

/// The identity mapping that `entry.s` made reaches this far.
pub const BOOT_MAPPED: u64 = 1 << 32;

/// The application gets a string: what ends it must follow.
const NO_CMDLINE: &[u8] = b"\0".split_at(0).0;

/// Room for the map that version 0 has to ask for: the toolstack's has four entries, firmware's up to 128.
const ASKED_MAP: usize = 128 * memory_map::E820_ENTRY_SIZE;

/// The start information, checked, and the memory it lies in.
pub struct Start {
    /// The command line, without its final zero, cut to what the contract allows.
    pub cmdline: &'static [u8],
    /// Whether the command line had to be cut.
    pub cmdline_cut: bool,
    /// The memory map.
    pub map: Entries<'static>,
    /// What the boot information occupies, all of it to be kept out of the heap.
    pub kept: [Range<u64>; 4],
    /// Where the modules are.
    modules: &'static [u8],
}

/// Reads the start information at `paddr`; `loader` is a boot loader's magic number, or anything.
pub fn read(paddr: u64, loader: u32) -> Start {
    let size = if version(paddr) == 0 {
        SIZE_V0
    } else {
        SIZE_V1
    };
    let info = match StartInfo::parse(bytes(paddr, size as u64)) {
        Ok(info) => info,
        Err(Error::BadMagic(_)) if loader == multiboot::LOADER_MAGIC => {
            match multiboot::start_info(bytes(paddr, size as u64)) {
                Ok(info) => info,
                Err(error) => crash::early("multiboot", error.text()),
            }
        }
        Err(error) => crash::early("start_info", error.text()),
    };
    let (cmdline, cmdline_cut) = match info.cmdline_paddr {
        0 => (NO_CMDLINE, false),
        at => options::line(bytes(
            at,
            (options::MAX_LENGTH as u64 + 1).min(BOOT_MAPPED.saturating_sub(at)),
        )),
    };
    let map = match info.memmap_entries {
        0 => Entries::e820(ask_for_map()),
        _ => Entries::table(bytes(info.memmap_paddr, info.memmap_bytes())),
    };
    if cmdline_cut {
        // SAFETY: the byte after the kept part, in the string's own memory, which nobody else uses.
        unsafe { cmdline.as_ptr().add(cmdline.len()).cast_mut().write(0) }
    }
    let cmdline_end =
        info.cmdline_paddr + cmdline.len() as u64 + u64::from(info.cmdline_paddr != 0);
    Start {
        kept: [
            paddr..paddr + size as u64,
            info.cmdline_paddr..cmdline_end,
            info.memmap_paddr..info.memmap_paddr + info.memmap_bytes(),
            info.modlist_paddr..info.modlist_paddr + info.modlist_bytes(),
        ],
        modules: bytes(info.modlist_paddr, info.modlist_bytes()),
        cmdline,
        cmdline_cut,
        map,
    }
}

impl Start {
    /// Copies the command line out of low memory, where boot loaders leave it and nothing will be mapped at its own address.
    pub fn leave_low_memory(&mut self, memory: &mut Memory) {
        let size = self.cmdline.len();
        if self.cmdline.as_ptr() as u64 >= LOW_END {
            return;
        }
        if size == 0 {
            self.cmdline = NO_CMDLINE;
            return;
        }
        let copy = memory.take_from_top(size as u64 + 1) as *mut u8;
        // SAFETY: RAM that nobody has, mapped by the boot tables as by the final ones, of that size with the final zero.
        self.cmdline = unsafe {
            copy.copy_from_nonoverlapping(self.cmdline.as_ptr(), size);
            copy.add(size).write(0);
            core::slice::from_raw_parts(copy, size)
        };
    }

    /// The modules that the toolstack loaded beside the kernel.
    pub fn modules(&self) -> impl Iterator<Item = Module> {
        self.modules
            .chunks_exact(xen_proto::start_info::MODULE_SIZE)
            .filter_map(|bytes| Module::parse(bytes).ok())
    }
}

fn version(paddr: u64) -> u32 {
    let head = bytes(paddr, 8);
    head.last_chunk::<4>()
        .map_or(0, |version| u32::from_le_bytes(*version))
}

/// Boot memory that Xen or its toolstack wrote.
fn bytes(paddr: u64, len: u64) -> &'static [u8] {
    if len == 0 {
        return &[];
    }
    if paddr.checked_add(len).is_none_or(|end| end > BOOT_MAPPED) {
        crash::early("start_info", "points above 4 GiB");
    }
    // SAFETY: (1) the range is mapped by the boot tables, and stays mapped as RAM in the final ones; (2) nobody
    // writes to it: memory::init keeps it out of what is given away; (3) addresses without RAM read as ones.
    unsafe { core::slice::from_raw_parts(paddr as *const u8, len as usize) }
}

/// The map from the hypervisor, for those that do not pass one.
fn ask_for_map() -> &'static [u8] {
    static MAP: spin::Once<([u8; ASKED_MAP], usize)> = spin::Once::new();
    let (map, len) = MAP.call_once(|| {
        let mut map = [0; ASKED_MAP];
        match hypercall::memory_map(&mut map) {
            Ok(entries) => (map, entries * memory_map::E820_ENTRY_SIZE),
            Err(error) => crash::hypercall("XENMEM_memory_map", error),
        }
    });
    map.get(..*len).unwrap_or(map)
}

// SPDX-License-Identifier: ISC
//! Page tables: an identity mapping of all RAM with W^X, and the windows above it.
//!
//! Interface: Intel SDM vol. 3, chapter 4 (4-level paging). Virtual addresses, from the bottom:
//!
//! | Range | Mapped |
//! |---|---|
//! | below 1 MiB | never |
//! | 1 MiB to [`IDENTITY_END`] | RAM at its own address, the toolstack's special pages, the grant window |
//! | [`POOL_ALIAS`] | the frames of the page tables, where they lie in low memory |
//! | [`RESERVATIONS`] | address space that is backed page by page |

mod verify;

pub use verify::verify;

use crate::mm::frames;
use crate::mm::layout::{self, PAGE};
use crate::mm::memory::{LOW_END, Memory};
use crate::xen::crash;
use core::ops::Range;
use x86_64::PhysAddr;
use x86_64::instructions::tlb;
use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::{PageTable, PageTableFlags as Flags, PhysFrame};

/// End of what is mapped one to one. RAM above it would stay unused.
pub const IDENTITY_END: u64 = 511 << 30;

/// Where low memory is reached, one GiB slot above the identity mapping.
pub const POOL_ALIAS: u64 = IDENTITY_END;

/// Address space for reservations: the second 512 GiB slot.
pub const RESERVATIONS: Range<u64> = 1 << 39..2 << 39;

/// Guest-physical space for foreign grants and for pages that Xen maps for us; holds no RAM.
pub const WINDOW_SIZE: u64 = 1 << 30;

const LARGE: u64 = 2 << 20;
/// Code.
pub const EXECUTE: Flags = Flags::PRESENT;
/// Constants.
pub const READ: Flags = Flags::PRESENT.union(Flags::NO_EXECUTE);
/// Everything else.
pub const WRITE: Flags = READ.union(Flags::WRITABLE);

/// Mapped, but nothing may be done there: the frame is remembered.
pub const NOTHING: Flags = Flags::BIT_9.union(Flags::NO_EXECUTE);

/// No frame is left for a page table.
#[derive(Debug)]
pub struct OutOfTables;

/// Builds the tables and switches to them.
pub fn init(memory: &Memory) {
    if build(memory).is_err() {
        crash::too_little_memory(memory.ram.total());
    }
}

fn build(memory: &Memory) -> Result<(), OutOfTables> {
    let root = frames::allocate().ok_or(OutOfTables)?;
    let tables = Tables { root };
    let image = layout::image();
    tables.identity(layout::text(), EXECUTE)?;
    tables.let_execute(layout::text());
    tables.identity(layout::rodata(), READ)?;
    tables.identity(layout::data(), WRITE)?;
    tables.identity(layout::names(), READ)?;
    for guard in layout::guards() {
        tables.unmap(guard)?;
    }
    for range in memory.ram.ranges() {
        tables.identity(range.start.max(LOW_END)..range.end.min(image.start), WRITE)?;
        tables.identity(range.start.max(image.end)..range.end, WRITE)?;
    }
    tables.identity(layout::SPECIAL_PAGES, WRITE)?;
    let alias = if memory.pool.end <= LOW_END {
        tables.map(
            POOL_ALIAS + memory.pool.start..POOL_ALIAS + memory.pool.end,
            memory.pool.start,
            WRITE,
        )?;
        POOL_ALIAS
    } else {
        0
    };
    // SAFETY: the tables map all that runs now (text, data, the boot stack) where it is, and the pool at `alias`.
    unsafe {
        Cr3::write(
            PhysFrame::containing_address(PhysAddr::new(root)),
            Cr3Flags::empty(),
        )
    }
    frames::set_offset(alias);
    Ok(())
}

/// The tables in use.
pub fn current() -> Tables {
    Tables {
        root: Cr3::read().0.start_address().as_u64(),
    }
}

/// A tree of page tables, by the frame of its root.
pub struct Tables {
    root: u64,
}

impl Tables {
    /// Maps `range` at its own address.
    pub fn identity(&self, range: Range<u64>, flags: Flags) -> Result<(), OutOfTables> {
        self.map(range.clone(), range.start, flags)
    }

    /// Maps page-aligned `range` to the frames from `physical` on, in 2 MiB pages where both are aligned.
    pub fn map(&self, range: Range<u64>, physical: u64, flags: Flags) -> Result<(), OutOfTables> {
        let mut at = range.start;
        while at < range.end {
            let frame = physical + (at - range.start);
            let directory = self.directory(at)?;
            if (at | frame).is_multiple_of(LARGE) && range.end - at >= LARGE {
                // As many large pages as this directory takes.
                let end = range.end.min((at | (512 * LARGE - 1)) + 1);
                let mut frame = frame;
                while end - at >= LARGE {
                    set(directory, index(at, 21), frame, flags | Flags::HUGE_PAGE);
                    at += LARGE;
                    frame += LARGE;
                }
            } else {
                let table = self.table(directory, at)?;
                let end = range.end.min((at | (LARGE - 1)) + 1);
                let mut frame = frame;
                while at < end {
                    set(table, index(at, 12), frame, flags);
                    at += PAGE;
                    frame += PAGE;
                }
            }
        }
        Ok(())
    }

    /// Lets what lies in `range` be executed by each level above the leaves. Where none does, nothing below can be.
    fn let_execute(&self, range: Range<u64>) {
        for address in (range.start & !(LARGE - 1)..range.end).step_by(LARGE as usize) {
            let mut table = frames::table(self.root);
            for shift in [39, 30, 21] {
                // SAFETY: a table of this tree, and `map` has made all on the way.
                let entry = unsafe { &mut (&mut *table)[index(address, shift)] };
                entry.set_flags(entry.flags() - Flags::NO_EXECUTE);
                table = frames::table(entry.addr().as_u64());
            }
        }
    }

    /// Takes the page at `address` out of the mapping; a large page is split.
    pub fn unmap(&self, address: u64) -> Result<(), OutOfTables> {
        let table = self.table(self.directory(address)?, address)?;
        set(table, index(address, 12), 0, Flags::empty());
        tlb::flush(x86_64::VirtAddr::new(address));
        Ok(())
    }

    /// Changes what may be done with page-aligned `range`, in large pages where they are whole: [`NOTHING`], [`READ`] or
    /// [`WRITE`]. Pages that have nothing behind them stay so. The caller flushes.
    pub fn protect(&self, range: Range<u64>, flags: Flags) -> Result<(), OutOfTables> {
        let mut at = range.start;
        while at < range.end {
            let (table, index, size) = match self.leaf(at) {
                Ok(leaf) => leaf,
                Err(hole) => {
                    at = (at & !(hole - 1)) + hole;
                    continue;
                }
            };
            if size == LARGE && (!at.is_multiple_of(LARGE) || range.end - at < LARGE) {
                // Splits it.
                self.table(self.directory(at)?, at)?;
                continue;
            }
            // SAFETY: as in `set`.
            let entry = unsafe { &mut (&mut *table)[index] };
            let kind = entry.flags() & Flags::HUGE_PAGE;
            entry.set_flags(flags | kind);
            at += size;
        }
        Ok(())
    }

    /// The first page of page-aligned `range` that has a frame behind it, whatever may be done there: its address, the
    /// frame, and the entry's flags.
    pub fn next_mapped(&self, range: Range<u64>) -> Option<(u64, u64, Flags)> {
        let mut at = range.start;
        while at < range.end {
            match self.leaf(at) {
                Ok((table, index, size)) => {
                    // SAFETY: as in `set`.
                    let entry = unsafe { &(&*table)[index] };
                    return Some((at, entry.addr().as_u64() + (at & (size - 1)), entry.flags()));
                }
                Err(size) => at = (at & !(size - 1)) + size,
            }
        }
        None
    }

    /// The entry that maps an address, with the size of its page; or the size of the hole it lies in.
    fn leaf(&self, address: u64) -> Result<(*mut PageTable, usize, u64), u64> {
        let mut table = frames::table(self.root);
        let mut shift = 39;
        loop {
            let index = index(address, shift);
            // SAFETY: `table` is a table of this tree and `index` below 512.
            let entry = unsafe { &(&*table)[index] };
            let flags = entry.flags();
            if !flags.intersects(Flags::PRESENT | Flags::BIT_9) {
                return Err(1 << shift);
            }
            if shift == 12 || flags.contains(Flags::HUGE_PAGE) {
                return Ok((table, index, 1 << shift));
            }
            table = frames::table(entry.addr().as_u64());
            shift -= 9;
        }
    }

    /// Maps one page anew and forgets the old translation.
    pub fn remap(&self, address: u64, frame: u64, flags: Flags) -> Result<(), OutOfTables> {
        self.map(address..address + PAGE, frame, flags)?;
        tlb::flush(x86_64::VirtAddr::new(address));
        Ok(())
    }

    /// Whether the eight bytes at `address` can be read.
    pub fn can_read(&self, address: u64) -> bool {
        let last = address.saturating_add(7);
        self.maps(address) && (address / PAGE == last / PAGE || self.maps(last))
    }

    fn maps(&self, address: u64) -> bool {
        if address >> 47 != 0 {
            return false;
        }
        let mut table = frames::table(self.root);
        for shift in [39, 30, 21, 12] {
            // SAFETY: a table of the tree in use, read as one word, and an index below 512.
            let entry = unsafe { table.cast::<u64>().add(index(address, shift)).read() };
            let flags = Flags::from_bits_truncate(entry);
            if !flags.contains(Flags::PRESENT) {
                return false;
            }
            if shift == 12 || flags.contains(Flags::HUGE_PAGE) {
                break;
            }
            table = frames::table(entry & 0x000f_ffff_ffff_f000);
        }
        true
    }

    fn directory(&self, address: u64) -> Result<*mut PageTable, OutOfTables> {
        let pointers = next(frames::table(self.root), index(address, 39))?;
        next(pointers, index(address, 30))
    }

    fn table(
        &self,
        directory: *mut PageTable,
        address: u64,
    ) -> Result<*mut PageTable, OutOfTables> {
        next(directory, index(address, 21))
    }
}

fn index(address: u64, shift: u32) -> usize {
    (address >> shift) as usize & 511
}

/// The table that an entry refers to, made if there is none; a 2 MiB page, the only large ones there are, is split.
fn next(table: *mut PageTable, index: usize) -> Result<*mut PageTable, OutOfTables> {
    // SAFETY: `table` is a table of this tree and `index` below 512. One CPU changes the tables.
    let entry = unsafe { &mut (&mut *table)[index] };
    let flags = entry.flags();
    if flags.contains(Flags::PRESENT) && !flags.contains(Flags::HUGE_PAGE) {
        return Ok(frames::table(entry.addr().as_u64()));
    }
    let split = flags.contains(Flags::HUGE_PAGE);
    let frame = if split {
        frames::take()
    } else {
        frames::allocate()
    }
    .ok_or(OutOfTables)?;
    let below = frames::table(frame);
    if split {
        // A few instructions an entry: the heap's guard page has this in every boot.
        let mut value = entry.addr().as_u64() | (flags - Flags::HUGE_PAGE).bits();
        // SAFETY: the frame is a table of 512 words, ours alone, and each of them is written.
        let words = unsafe { &mut *below.cast::<[[u64; 4]; 128]>() };
        for group in words {
            *group = [value, value + PAGE, value + 2 * PAGE, value + 3 * PAGE];
            value += 4 * PAGE;
        }
    }
    // The leaf decides whether to write, and each level whether to execute: see `let_execute`.
    let execute = split && !flags.contains(Flags::NO_EXECUTE);
    let rights = if execute { EXECUTE } else { READ };
    entry.set_addr(PhysAddr::new(frame), rights | Flags::WRITABLE);
    Ok(below)
}

fn set(table: *mut PageTable, index: usize, frame: u64, flags: Flags) {
    // SAFETY: as in `next`; the callers name only frames that the page may show.
    unsafe { (&mut *table)[index].set_addr(PhysAddr::new_truncate(frame), flags) }
}

// SPDX-License-Identifier: ISC
//! Looks through page tables for memory that is both writable and executable.
//!
//! Interface: Intel SDM vol. 3, chapter 4 (4-level paging). A right counts only if every level grants it, which the walk
//! follows: an entry that takes a right away clears what is below it.
//!
//! Most of a table is alike, so entries are looked at [`GROUP`] at a time, then `FEW`, then one by one: what lets
//! nothing write, or nothing execute, needs no closer look. A table costs less than an instruction an entry.

/// Entries of a table.
pub const ENTRIES: usize = 512;
/// Entries that are looked at together.
pub const GROUP: usize = 64;
/// Entries that are looked at together where a group needs a closer look.
const FEW: usize = 8;

/// A table.
pub type Table = [u64; ENTRIES];

const PRESENT: u64 = 1;
/// The entry lets memory be written.
pub const WRITABLE: u64 = 1 << 1;
const LEAF: u64 = 1 << 7;
/// The entry keeps memory from being executed.
pub const NO_EXECUTE: u64 = 1 << 63;
const FRAME: u64 = 0x000f_ffff_ffff_f000;

/// How the walk sees the tables.
pub trait Tables {
    /// The table in a frame, by its physical address; `None` where none can be.
    fn table(&self, frame: u64) -> Option<&Table>;
    /// Whether a group has entries that are [`WRITABLE`] and entries that are not [`NO_EXECUTE`].
    fn is_mixed(&self, group: &[u64; GROUP]) -> bool;
}

/// The lowest virtual address that is mapped both writable and executable by the tree of tables at `root`, or that
/// cannot be looked at; `None` when there is none.
pub fn first_writable_executable(tables: &impl Tables, root: u64) -> Option<u64> {
    walk(tables, root, 39, 0)
}

/// As above, for the table in `frame`, whose entries map `1 << shift` bytes each from `base` on, all writable.
fn walk(tables: &impl Tables, frame: u64, shift: u32, base: u64) -> Option<u64> {
    let Some(table) = tables.table(frame) else {
        return Some(base);
    };
    let leaf = if shift == 12 { PRESENT } else { PRESENT | LEAF };
    for (number, group) in table.as_chunks::<GROUP>().0.iter().enumerate() {
        if !tables.is_mixed(group) {
            continue;
        }
        for (part, few) in group.as_chunks::<FEW>().0.iter().enumerate() {
            let [a, b, c, d, e, f, g, h] = *few;
            if (a | b | c | d | e | f | g | h) & WRITABLE == 0
                || a & b & c & d & e & f & g & h & NO_EXECUTE != 0
            {
                continue;
            }
            for (i, &entry) in few.iter().enumerate() {
                if entry & (PRESENT | WRITABLE | NO_EXECUTE) != PRESENT | WRITABLE {
                    continue;
                }
                let at = base + (((number * GROUP + part * FEW + i) as u64) << shift);
                if entry & leaf == leaf {
                    return Some(canonical(at));
                }
                if let Some(found) = walk(tables, entry & FRAME, shift - 9, at) {
                    return Some(found);
                }
            }
        }
    }
    None
}

/// An address of 48 bits as the processor has it.
const fn canonical(address: u64) -> u64 {
    ((address << 16) as i64 >> 16) as u64
}

// SPDX-License-Identifier: ISC
//! The memory map, from what Xen reports to the page ranges a guest may use as RAM.
//!
//! Two raw layouts: `struct hvm_memmap_table_entry` of
//! xen/include/public/arch-x86/hvm/start_info.h (24 bytes) and the E820 entries that
//! `XENMEM_memory_map` fills (xen/include/public/memory.h; 20 bytes, packed, as the ACPI
//! specification's section 15 lays them out). Types are the same in both.
//!
//! A page is RAM when every byte of it is called RAM by some entry and no byte of it is called
//! anything else by any entry, whatever the order of the entries and however they overlap.

use crate::bytes::{u32_at, u64_at};

/// The type of RAM: `XEN_HVM_MEMMAP_TYPE_RAM`. Every other type, known or not, is not RAM.
pub const TYPE_RAM: u32 = 1;
/// Bytes of one `struct hvm_memmap_table_entry`.
pub const TABLE_ENTRY_SIZE: usize = 24;
/// Bytes of one E820 entry.
pub const E820_ENTRY_SIZE: usize = 20;
/// Bytes of a page.
pub const PAGE_SIZE: u64 = 4096;
/// End of physical memory: the architecture has 52 address bits at most (Intel SDM 3A, 4.1.4).
pub const PHYSICAL_LIMIT: u64 = 1 << 52;

/// One entry as reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// First byte.
    pub addr: u64,
    /// Bytes; 0 is an empty entry.
    pub size: u64,
    /// [`TYPE_RAM`], or anything else for what is not RAM.
    pub kind: u32,
}

/// Iterates over the entries of a raw table; a partial entry at the end is ignored.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    stride: usize,
}

impl<'a> Entries<'a> {
    /// Over `struct hvm_memmap_table_entry`s, as start_info points at.
    pub const fn table(bytes: &'a [u8]) -> Self {
        Entries {
            bytes,
            stride: TABLE_ENTRY_SIZE,
        }
    }

    /// Over E820 entries, as `XENMEM_memory_map` fills in.
    pub const fn e820(bytes: &'a [u8]) -> Self {
        Entries {
            bytes,
            stride: E820_ENTRY_SIZE,
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let (entry, rest) = self.bytes.split_at_checked(self.stride)?;
        self.bytes = rest;
        Some(Entry {
            addr: u64_at(entry, 0)?,
            size: u64_at(entry, 8)?,
            kind: u32_at(entry, 16)?,
        })
    }
}

/// A range of physical addresses, in a [`MemoryMap`] page-aligned and not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

impl Range {
    /// Bytes in the range.
    pub const fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Whether there is no byte in the range.
    pub const fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

/// Usable RAM: at most `N` page-aligned ranges, sorted, apart from each other.
///
/// When more than `N` ranges would be needed the smallest is given up, so a map may say less than
/// there is, never more; [`dropped`](Self::dropped) counts the bytes.
#[derive(Clone, Debug)]
pub struct MemoryMap<const N: usize> {
    ranges: [Range; N],
    len: usize,
    dropped: u64,
    ignored: u32,
    top_of_ram: u64,
}

const EMPTY: Range = Range { start: 0, end: 0 };

impl<const N: usize> MemoryMap<N> {
    /// The map that `entries` describe, cut at `limit`, the end of what the guest maps.
    ///
    /// Entries may come in any order, overlap, repeat, be empty and be unaligned; the iterator
    /// runs twice, since what is not RAM wins over what is. An entry that runs past
    /// [`PHYSICAL_LIMIT`] or wraps cannot be true: as RAM it is ignored, as anything else it
    /// reserves all there is from its start on. Both count in [`ignored`](Self::ignored).
    pub fn from_entries<I>(entries: I, limit: u64) -> Self
    where
        I: Iterator<Item = Entry> + Clone,
    {
        let mut map = MemoryMap {
            ranges: [EMPTY; N],
            len: 0,
            dropped: 0,
            ignored: 0,
            top_of_ram: 0,
        };
        let limit = limit.min(PHYSICAL_LIMIT);
        for entry in entries.clone().filter(|entry| entry.kind == TYPE_RAM) {
            let end = entry.addr.saturating_add(entry.size);
            if end > PHYSICAL_LIMIT {
                map.ignored = map.ignored.saturating_add(1);
                continue;
            }
            if entry.size != 0 {
                map.top_of_ram = map.top_of_ram.max(end);
            }
            map.add(entry.addr, end.min(limit));
        }
        for entry in entries.filter(|entry| entry.kind != TYPE_RAM) {
            let end = entry.addr.saturating_add(entry.size);
            if end > PHYSICAL_LIMIT {
                map.ignored = map.ignored.saturating_add(1);
            }
            map.cut(entry.addr, end);
        }
        map.align();
        map
    }

    /// The usable ranges, sorted by address.
    pub fn ranges(&self) -> &[Range] {
        self.ranges.get(..self.len).unwrap_or(&[])
    }

    /// End of the highest usable range; 0 when there is none.
    pub fn highest_address(&self) -> u64 {
        self.ranges().last().map_or(0, |range| range.end)
    }

    /// End of the highest RAM that any entry names, whether usable, below the limit, or not:
    /// what is mapped over anything below this hides memory.
    pub const fn top_of_ram(&self) -> u64 {
        self.top_of_ram
    }

    /// Bytes in all ranges together.
    pub fn total(&self) -> u64 {
        self.ranges().iter().map(Range::len).sum()
    }

    /// Bytes given up because more than `N` ranges were needed.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many entries ran past the end of physical memory.
    pub const fn ignored(&self) -> u32 {
        self.ignored
    }

    /// Takes every page that has a byte in `start..end` out of the map; an empty range takes none.
    pub fn subtract(&mut self, start: u64, end: u64) {
        if start < end {
            let last = end.checked_next_multiple_of(PAGE_SIZE).unwrap_or(u64::MAX);
            self.cut(start & !(PAGE_SIZE - 1), last);
        }
    }

    /// Unites `start..end` with the map, byte by byte.
    fn add(&mut self, mut start: u64, mut end: u64) {
        if start >= end {
            return;
        }
        let mut kept = 0;
        for i in 0..self.len {
            let Some(&range) = self.ranges.get(i) else {
                break;
            };
            if range.end < start || range.start > end {
                if let Some(slot) = self.ranges.get_mut(kept) {
                    *slot = range;
                    kept += 1;
                }
            } else {
                start = start.min(range.start);
                end = end.max(range.end);
            }
        }
        self.len = kept;
        self.insert(Range { start, end });
    }

    /// Takes `start..end` out of the map, byte by byte.
    fn cut(&mut self, start: u64, end: u64) {
        let mut i = 0;
        while start < end && i < self.len {
            let Some(slot) = self.ranges.get_mut(i) else {
                break;
            };
            let range = *slot;
            i += 1;
            if range.end <= start || range.start >= end {
                continue;
            }
            let below = Range {
                start: range.start,
                end: range.start.max(start),
            };
            let above = Range {
                start: range.end.min(end),
                end: range.end,
            };
            if below.is_empty() {
                *slot = above;
                if above.is_empty() {
                    i -= 1;
                    self.remove(i);
                }
            } else {
                *slot = below;
                if !above.is_empty() {
                    // Nothing above the cut can meet it again: ranges lie apart.
                    self.insert(above);
                    return;
                }
            }
        }
    }

    /// Puts a range that touches no other in its place, giving up the smallest when full.
    fn insert(&mut self, range: Range) {
        if self.len == N {
            let smallest = (0..N).min_by_key(|&i| self.ranges.get(i).map_or(0, Range::len));
            match smallest.and_then(|i| Some((i, self.ranges.get(i)?.len()))) {
                Some((i, len)) if len < range.len() => {
                    self.dropped += len;
                    self.remove(i);
                }
                _ => {
                    self.dropped += range.len();
                    return;
                }
            }
        }
        let at = self
            .ranges()
            .partition_point(|other| other.start < range.start);
        self.len += 1;
        if let Some(tail) = self.ranges.get_mut(at..self.len) {
            tail.rotate_right(1);
            if let Some(slot) = tail.first_mut() {
                *slot = range;
            }
        }
    }

    fn remove(&mut self, at: usize) {
        if let Some(tail) = self.ranges.get_mut(at..self.len) {
            tail.rotate_left(1);
            self.len -= 1;
        }
    }

    /// Shrinks every range to the whole pages in it.
    fn align(&mut self) {
        let mut i = 0;
        while i < self.len {
            let Some(range) = self.ranges.get_mut(i) else {
                break;
            };
            range.end &= !(PAGE_SIZE - 1);
            range.start = range
                .start
                .checked_next_multiple_of(PAGE_SIZE)
                .unwrap_or(range.end);
            if range.is_empty() {
                self.remove(i);
            } else {
                i += 1;
            }
        }
    }
}

// SPDX-License-Identifier: ISC
//! The RAM of the domain, and what of it is already taken at boot.

use super::layout::{self, PAGE};
use crate::arch::paging;
use crate::boot::Start;
use core::ops::Range;
use xen_proto::memory_map::MemoryMap;

/// More ranges than any toolstack makes; the smallest are given up beyond it.
const MAX_RANGES: usize = 32;

/// Memory below the image: never mapped at its own address, so that a null pointer faults with any offset a
/// structure can have.
pub const LOW_END: u64 = 0x10_0000;

/// Page-table frames set aside when low memory is missing: enough for the first mappings of a reservation.
const POOL_FROM_TOP: u64 = 64 * PAGE;

/// Less than this and no program could start; the domain ends with a clear line instead of a fault.
const LEAST_HEAP: u64 = 64 * 1024;

/// The RAM map and how it is divided.
pub struct Memory {
    /// All RAM, as Xen's map says.
    pub ram: MemoryMap<MAX_RANGES>,
    /// RAM that nothing occupies.
    free: MemoryMap<MAX_RANGES>,
    /// Frames for page tables.
    pub pool: Range<u64>,
}

/// Reads the map and takes out what the image, the boot information and the page tables occupy.
pub fn init(start: &Start) -> Memory {
    let ram = MemoryMap::from_entries(start.map.clone(), paging::IDENTITY_END);
    let mut free = ram.clone();
    let image = layout::image();
    free.subtract(image.start, image.end);
    // The first page holds nothing: its address is the null pointer's.
    free.subtract(0, PAGE);
    for kept in &start.kept {
        free.subtract(kept.start, kept.end);
    }
    for module in start.modules() {
        free.subtract(module.paddr, module.paddr.saturating_add(module.size));
    }
    let mut memory = Memory {
        ram,
        free,
        pool: 0..0,
    };
    memory.pool = memory.take_pool();
    super::frames::init(memory.pool.clone());
    memory
}

impl Memory {
    /// Low memory is of no other use, since it is not mapped at its own address: page tables live there.
    fn take_pool(&mut self) -> Range<u64> {
        let low = self
            .free
            .ranges()
            .iter()
            .map(|r| r.start..r.end.min(LOW_END))
            .max_by_key(|r| r.end.saturating_sub(r.start));
        let pool = match low {
            Some(low) if low.start < low.end && low.end - low.start >= POOL_FROM_TOP => low,
            _ => {
                let heap = self.largest();
                if heap.end - heap.start < POOL_FROM_TOP + LEAST_HEAP {
                    too_small(&self.ram);
                }
                heap.end - POOL_FROM_TOP..heap.end
            }
        };
        self.free.subtract(pool.start, pool.end);
        self.free.subtract(0, LOW_END);
        pool
    }

    /// The largest free range that a 32-bit frame number's worth of old code can address: the heap.
    fn largest(&self) -> Range<u64> {
        let below = |r: &xen_proto::memory_map::Range| r.start..r.end.min(crate::boot::BOOT_MAPPED);
        self.free
            .ranges()
            .iter()
            .map(below)
            .filter(|r| r.start < r.end)
            .max_by_key(|r| r.end - r.start)
            .unwrap_or(0..0)
    }

    /// Takes whole pages of at least `size` bytes off the end of the largest range below 4 GiB; their address.
    pub fn take_from_top(&mut self, size: u64) -> u64 {
        let range = self.largest();
        let size = size.next_multiple_of(PAGE);
        if range.end - range.start < size + LEAST_HEAP {
            too_small(&self.ram);
        }
        self.free.subtract(range.end - size, range.end);
        range.end - size
    }

    /// Takes the largest range below 4 GiB, for the heap and the stack.
    pub fn take_largest(&mut self) -> Range<u64> {
        let heap = self.largest();
        if heap.end - heap.start < LEAST_HEAP {
            too_small(&self.ram);
        }
        self.free.subtract(heap.start, heap.end);
        heap
    }

    /// What nobody has taken: memory above 4 GiB, and pieces between.
    pub fn rest(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.free.ranges().iter().map(|r| r.start..r.end)
    }
}

fn too_small(ram: &MemoryMap<MAX_RANGES>) -> ! {
    crate::xen::crash::too_little_memory(ram.total())
}

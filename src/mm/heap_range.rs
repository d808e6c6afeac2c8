// SPDX-License-Identifier: ISC
//! The heap that the application gets, and the main stack above it.
//!
//! Solo5's contract has one contiguous heap with the stack growing down from its end. Here the stack is a stated
//! size, and a page between the two is left unmapped. Where exactly they lie is left to chance
//! (`xen_proto::placement`):
//!
//! ```text
//! image | start_info … | extra | heap_start … heap_start + heap_size | guard page | stack … top … | extra
//! ```

use super::layout::{self, PAGE};
use super::memory::Memory;
use crate::arch::paging::{self, WINDOW_SIZE};
use crate::boot::BOOT_MAPPED;
use crate::solo5::entropy;
use crate::solo5::options::{self, Settings};
use crate::xen::crash;
use crate::xen::line::Line;
use core::ops::Range;
use spin::Once;
use xen_proto::placement;

/// The default stack is this part of memory, within the two limits below.
const STACK_PART: u64 = 8;
const STACK_MOST: u64 = 8 << 20;
/// A stack asked for with less than this could not even report its overflow.
const STACK_LEAST: u64 = 64 << 10;

/// Extra ranges that are remembered for the libc part.
const MAX_EXTRA: usize = 31;

/// What the application may use.
pub struct Given {
    /// The heap proper.
    pub heap: Range<u64>,
    /// The main stack, its guard page right below.
    pub stack: Range<u64>,
    /// RAM that is not part of the heap range, for those who ask (`solo5__xen_get_memory`).
    pub extra: [Range<u64>; MAX_EXTRA],
    /// Where the window for foreign grants starts: above all RAM and 4 GiB, where Xen leaves everything free, by less than
    /// its own size: Xen's toolstack walks all frames up to the highest one ever used when it dumps or saves a domain.
    pub window: u64,
}

static GIVEN: Once<Given> = Once::new();

/// What `init` decided.
pub fn given() -> Option<&'static Given> {
    GIVEN.get()
}

/// Divides the rest of memory; returns the main stack's top.
pub fn init(memory: &mut Memory, settings: &Settings) -> u64 {
    let range = layout::device_hooks()
        .iter()
        .fold(memory.take_largest(), |heap, reserve| {
            reserve(heap, settings)
        });
    let most = (range.end - range.start) / 2;
    let stack_size =
        match settings.stack {
            None => (memory.ram.total() / STACK_PART).min(STACK_MOST).min(most) & !(PAGE - 1),
            Some(size) => match size.checked_next_multiple_of(PAGE) {
                Some(size) if size <= most && size >= STACK_LEAST => size,
                _ => crash::refuse(Line::new().text(
                    "Solo5: --solo5:stack: must be at least 64k and at most half of the memory",
                )),
            },
        };
    let place = placement::divide(range, stack_size, entropy::placement());
    if paging::current().unmap(place.heap.end).is_err() {
        crash::too_little_memory(memory.ram.total());
    }
    let mut extra = [const { 0..0 }; MAX_EXTRA];
    let pieces = [place.below, place.above];
    let pieces = memory
        .rest()
        .chain(pieces.into_iter().filter(|piece| !piece.is_empty()));
    for (slot, range) in extra.iter_mut().zip(pieces) {
        *slot = range;
    }
    options::log_memory(memory, &place.heap, &place.stack);
    let window = memory
        .ram
        .top_of_ram()
        .max(BOOT_MAPPED)
        .next_multiple_of(WINDOW_SIZE);
    GIVEN.call_once(|| Given {
        heap: place.heap,
        stack: place.stack,
        extra,
        window: window + placement::shift(WINDOW_SIZE, entropy::windows()),
    });
    place.top
}

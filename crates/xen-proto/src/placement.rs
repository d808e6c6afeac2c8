// SPDX-License-Identifier: ISC
//! Where the heap, the main stack and the windows lie: at random within what each has room for.
//!
//! ```text
//! below | heap | guard page | stack | above
//! ```
//!
//! What is below and above is memory like any other, handed out as extra ranges. Solo5's contract, in which the stack
//! grows down towards one heap of the greatest part of memory, leaves no more room than that.

use core::ops::Range;

const PAGE: u64 = 4096;
/// Windows move by large pages, so that large pages still map them.
const LARGE: u64 = 2 << 20;

/// The most of a range that goes below the heap and above the stack, as parts of it and in pages.
const BELOW: (u64, u64) = (64, 1024);
const ABOVE: (u64, u64) = (128, 256);

/// Random numbers, one for each thing to be placed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chance(pub u64);

impl Chance {
    /// A number below `count`, and a chance for the next. Slightly more often a small one, by less than `count` in
    /// 2^63; `count` of 0 counts as 1.
    const fn below(self, count: u64) -> (u64, Chance) {
        let product = self.0 as u128 * (if count == 0 { 1 } else { count }) as u128;
        ((product >> 64) as u64, Chance(product as u64))
    }
}

/// How the range for heap and stack is divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Memory below the heap.
    pub below: Range<u64>,
    /// The heap, which ends at the guard page.
    pub heap: Range<u64>,
    /// The stack, which starts after it.
    pub stack: Range<u64>,
    /// Memory above the stack.
    pub above: Range<u64>,
    /// The stack pointer to start with, a multiple of 16, in the stack's last page.
    pub top: u64,
}

/// Divides `range`, whole pages of at least `stack` and two more, with a stack of `stack` bytes, whole pages. `chance` is
/// `None` for the heap at the start of the range and the stack at its end.
pub fn divide(range: Range<u64>, stack: u64, chance: Option<Chance>) -> Placement {
    let (mut below, mut above, mut top) = (0, 0, 0);
    if let Some(chance) = chance {
        let pages = (range.end - range.start).saturating_sub(stack) / PAGE;
        let part = |(part, most): (u64, u64)| (pages / part).min(most) + 1;
        let (number, chance) = chance.below(part(BELOW));
        below = number * PAGE;
        let (number, chance) = chance.below(part(ABOVE));
        above = number * PAGE;
        let (number, _) = chance.below(PAGE / 16);
        top = number * 16;
    }
    let heap = range.start + below;
    let end = range.end - above;
    let guard = end - stack - PAGE;
    Placement {
        below: range.start..heap,
        heap: heap..guard,
        stack: end - stack..end,
        above: end..range.end,
        top: end - top,
    }
}

/// How far a window of address space is moved up, within `room` bytes: whole large pages, 0 without a chance.
pub fn shift(room: u64, chance: Option<Chance>) -> u64 {
    chance.map_or(0, |chance| chance.below(room / LARGE).0 * LARGE)
}

// SPDX-License-Identifier: ISC
//! Who has which page of the guest-physical window that foreign grants are mapped into.
//!
//! The window is address space without memory, so it may be far larger than what is ever mapped
//! at once. That is what keeps fragmentation away: all requests are served first-fit from the
//! low end, and first-fit never reaches beyond `limit × log2(longest)` slots while no more than
//! `limit` are in use and no request is longer than `longest` (J. M. Robson, Worst case
//! fragmentation of first fit and best fit storage allocation strategies, 1977). With
//! [`SLOTS_PER_PAGE`] slots for each page that may be mapped and requests up to [`LONGEST_RUN`],
//! a request fails only when the limit itself is reached, which is more than the 90 % asked for.
//! In a smaller window runs may fail earlier; single pages still never do.
//!
//! Free slots are bits in three levels, each bit telling of 64 bits below it: the lowest free slot
//! is three bit scans away. Runs look at free words only.

/// Slots a page to be mapped, for which no fragmentation is promised.
pub const SLOTS_PER_PAGE: usize = 16;
/// The longest run, in pages, for which no fragmentation is promised.
pub const LONGEST_RUN: usize = 512;
/// Most slots that three levels reach: 1 GiB of window.
pub const MAX_SLOTS: usize = 64 * 64 * 64;

/// Why there are no slots, or why slots cannot be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// As many pages are mapped as the limit says.
    Full,
    /// There is room, but no run that long.
    Fragmented,
    /// An empty run, or slots given back that were not taken.
    NotTaken,
}

impl Error {
    /// The error as text.
    pub const fn text(self) -> &'static str {
        match self {
            Error::Full => "grant mapping window full",
            Error::Fragmented => "grant mapping window fragmented",
            Error::NotTaken => "grant mapping window: slots were not taken",
        }
    }
}

/// The window's slots, one for each page, numbered from 0.
pub struct Window<'a> {
    /// A set bit is a free slot.
    free: &'a mut [u64],
    /// A set bit is a word of `free` that is not 0.
    middle: [u64; 64],
    /// A set bit is a word of `middle` that is not 0.
    top: u64,
    slots: usize,
    used: usize,
    limit: usize,
}

impl<'a> Window<'a> {
    /// An empty window of `slots` slots, of which `limit` may be used at once, in `free`, a word
    /// for 64 slots. Slots past the end of `free` or past [`MAX_SLOTS`] do not exist.
    pub fn new(free: &'a mut [u64], slots: usize, limit: usize) -> Self {
        let slots = slots.min(MAX_SLOTS).min(free.len() * 64);
        let limit = limit.min(slots);
        let mut window = Window {
            free,
            middle: [0; 64],
            top: 0,
            slots,
            used: 0,
            limit,
        };
        for word in 0..window.free.len() {
            let left = slots.saturating_sub(word * 64);
            window.set(word, if left < 64 { (1 << left) - 1 } else { u64::MAX });
        }
        window
    }

    /// How many slots are taken.
    pub const fn used(&self) -> usize {
        self.used
    }

    /// How many may be.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Takes the lowest free slot.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] at the limit.
    pub fn take_one(&mut self) -> Result<usize, Error> {
        if self.used >= self.limit || self.top == 0 {
            return Err(Error::Full);
        }
        let group = self.top.trailing_zeros() as usize;
        let word = group * 64 + self.middle[group % 64].trailing_zeros() as usize;
        let bits = self.free.get(word).copied().unwrap_or(0);
        self.set(word, bits & bits.wrapping_sub(1));
        self.used += 1;
        Ok(word * 64 + bits.trailing_zeros() as usize)
    }

    /// Takes `pages` slots in a row, the lowest such run, and returns the first.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] when the limit leaves no room for them, [`Error::Fragmented`] when there is
    /// no such run, [`Error::NotTaken`] for none.
    pub fn take(&mut self, pages: usize) -> Result<usize, Error> {
        match pages {
            0 => return Err(Error::NotTaken),
            1 => return self.take_one(),
            _ if pages > self.limit - self.used => return Err(Error::Full),
            _ => {}
        }
        let start = self.find(pages).ok_or(Error::Fragmented)?;
        self.mark(start, pages, false);
        self.used += pages;
        Ok(start)
    }

    /// Gives `pages` slots from `start` on back.
    ///
    /// # Errors
    ///
    /// [`Error::NotTaken`], and nothing changes, when one of them was not taken.
    pub fn give(&mut self, start: usize, pages: usize) -> Result<(), Error> {
        if pages == 0 || pages > self.used || !self.is_taken(start, pages) {
            return Err(Error::NotTaken);
        }
        self.mark(start, pages, true);
        self.used -= pages;
        Ok(())
    }

    /// The start of the lowest run of `pages` free slots.
    fn find(&self, pages: usize) -> Option<usize> {
        // A run that is free up to the end of the word before the one looked at.
        let (mut start, mut len) = (0, 0);
        let first = self.top.trailing_zeros() as usize * 64;
        for (index, &word) in self.free.iter().enumerate().skip(first) {
            let at = index * 64;
            if len == 0 {
                start = at;
            }
            let low = word.trailing_ones() as usize;
            if len + low >= pages {
                return Some(start);
            }
            if low == 64 {
                len += 64;
                continue;
            }
            if let Some(inside) = run_inside(word, pages) {
                return Some(at + inside);
            }
            len = word.leading_ones() as usize;
            start = at + 64 - len;
        }
        None
    }

    fn is_taken(&self, start: usize, pages: usize) -> bool {
        let inside = start
            .checked_add(pages)
            .is_some_and(|end| end <= self.slots);
        inside
            && pieces(start, pages)
                .all(|(word, bits)| self.free.get(word).is_some_and(|free| free & bits == 0))
    }

    fn mark(&mut self, start: usize, pages: usize, free: bool) {
        for (word, bits) in pieces(start, pages) {
            let old = self.free.get(word).copied().unwrap_or(0);
            self.set(word, if free { old | bits } else { old & !bits });
        }
    }

    /// Sets a word of slots, and what the levels above tell of it.
    fn set(&mut self, word: usize, bits: u64) {
        let Some(slot) = self.free.get_mut(word) else {
            return;
        };
        *slot = bits;
        let (group, bit) = (word / 64 % 64, 1 << (word % 64));
        let middle = &mut self.middle[group];
        *middle = if bits != 0 {
            *middle | bit
        } else {
            *middle & !bit
        };
        let bit = 1 << group;
        self.top = if *middle != 0 {
            self.top | bit
        } else {
            self.top & !bit
        };
    }
}

/// The words that `pages` slots from `start` on lie in, with their bits in each.
fn pieces(start: usize, pages: usize) -> impl Iterator<Item = (usize, u64)> {
    let end = start.saturating_add(pages);
    let mut at = start;
    core::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let (word, low) = (at / 64, at % 64);
        let len = (64 - low).min(end - at);
        at += len;
        Some((word, (u64::MAX >> (64 - len)) << low))
    })
}

/// The lowest run of `pages` set bits that lies within `word`.
fn run_inside(word: u64, pages: usize) -> Option<usize> {
    if pages > 64 {
        return None;
    }
    // Each step leaves the bits at which a run twice as long, or what is left of it, starts.
    let (mut starts, mut have) = (word, 1);
    while have < pages && starts != 0 {
        let by = have.min(pages - have);
        starts &= starts >> by;
        have += by;
    }
    (starts != 0).then(|| starts.trailing_zeros() as usize)
}

// SPDX-License-Identifier: ISC
//! Which pages of a region are in use: a bit a page, searched a word at a time.
//!
//! Pages are counted from the region's upper end downwards, so that what is in use stays near that end and the rest, below,
//! is left to somebody else.

/// Page states of a region over memory of the caller's.
pub struct PageMap<'a> {
    used: &'a mut [u64],
    /// One past the last page in use.
    extent: &'a mut usize,
    /// No page below this one is free.
    lowest: &'a mut usize,
}

impl<'a> PageMap<'a> {
    /// A map over `used`, in which a set bit is a page in use; `extent` and `lowest` are kept between calls, 0 at first.
    pub fn new(used: &'a mut [u64], extent: &'a mut usize, lowest: &'a mut usize) -> Self {
        PageMap {
            used,
            extent,
            lowest,
        }
    }

    /// Takes `count` pages in a row below page `limit`, such that `top` minus the page after them is a multiple of
    /// `align`: the first of them, or `None` when there are none. `top` is the number of the page above page 0.
    pub fn take(&mut self, count: usize, limit: usize, top: usize, align: usize) -> Option<usize> {
        let limit = limit.min(self.used.len() * 64);
        let mut first = *self.lowest;
        loop {
            first = self.next(first, limit, false)?;
            if *self.lowest == first || self.next(*self.lowest, first, false).is_none() {
                *self.lowest = first;
            }
            let end = first.checked_add(count).filter(|end| *end <= limit)?;
            first += (top - end) % align;
            let end = first + count;
            if end > limit {
                return None;
            }
            match self.next(first, end, true) {
                Some(taken) => first = taken + 1,
                None => break,
            }
        }
        self.mark(first, count);
        Some(first)
    }

    /// Marks pages as in use.
    pub fn mark(&mut self, first: usize, count: usize) {
        for (word, mask) in words(first, count) {
            self.used[word] |= mask;
        }
        *self.extent = (*self.extent).max(first + count);
    }

    /// Marks pages as free.
    pub fn clear(&mut self, first: usize, count: usize) {
        for (word, mask) in words(first, count) {
            self.used[word] &= !mask;
        }
        *self.lowest = (*self.lowest).min(first);
        if first + count >= *self.extent {
            let last = self.used[..first.div_ceil(64)]
                .iter()
                .rposition(|word| *word != 0);
            *self.extent = last.map_or(0, |word| {
                word * 64 + 64 - self.used[word].leading_zeros() as usize
            });
        }
    }

    /// Are all of these pages in use?
    pub fn all_used(&self, first: usize, count: usize) -> bool {
        first + count <= *self.extent && self.next(first, first + count, false).is_none()
    }

    /// The first page from `at` on, before `limit`, that is in use (or free).
    fn next(&self, at: usize, limit: usize, used: bool) -> Option<usize> {
        let mut at = at;
        while at < limit {
            let word = self.used[at / 64];
            let word = (if used { word } else { !word }) >> (at % 64);
            if word != 0 {
                let found = at + word.trailing_zeros() as usize;
                return (found < limit).then_some(found);
            }
            at = (at / 64 + 1) * 64;
        }
        None
    }
}

/// The words that hold a range of bits, each with those bits.
fn words(first: usize, count: usize) -> impl Iterator<Item = (usize, u64)> {
    let end = first + count;
    let after = if count == 0 {
        first / 64
    } else {
        end.div_ceil(64)
    };
    (first / 64..after).map(move |word| {
        let low = first.max(word * 64) - word * 64;
        let high = end.min(word * 64 + 64) - word * 64;
        (word, (u64::MAX >> (64 - (high - low))) << low)
    })
}

#[cfg(test)]
mod tests {
    use super::PageMap;
    extern crate std;
    use std::vec::Vec;

    /// The map beside a plain list of booleans, with a fixed random sequence of takes and clears.
    #[test]
    fn same_as_a_list() {
        const PAGES: usize = 300;
        const TOP: usize = 1003;
        let (mut words, mut extent, mut lowest) = ([0; 5], 0, 0);
        let mut model = [false; PAGES];
        let mut held: Vec<(usize, usize)> = Vec::new();
        let mut seed = 7u64;
        let mut random = |below: usize| {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (seed >> 33) as usize % below
        };
        for _ in 0..20_000 {
            let mut map = PageMap::new(&mut words, &mut extent, &mut lowest);
            if random(2) == 0 {
                let count = 1 + random(70);
                let align = [1, 1, 8][random(3)];
                let fits = |first: &usize| {
                    (TOP - first - count).is_multiple_of(align)
                        && model[*first..first + count].iter().all(|used| !used)
                };
                let expected = (0..=PAGES - count).find(fits);
                assert_eq!(map.take(count, PAGES, TOP, align), expected);
                if let Some(first) = expected {
                    model[first..first + count].fill(true);
                    held.push((first, count));
                }
            } else if !held.is_empty() {
                let (first, count) = held.swap_remove(random(held.len()));
                assert!(map.all_used(first, count));
                // A part of it, and the rest later.
                let part = 1 + random(count);
                map.clear(first, part);
                model[first..first + part].fill(false);
                if part < count {
                    held.push((first + part, count - part));
                }
                assert!(!map.all_used(first, count));
            }
            assert_eq!(
                extent,
                model
                    .iter()
                    .rposition(|used| *used)
                    .map_or(0, |last| last + 1)
            );
        }
    }

    #[test]
    fn no_overflow_at_the_ends() {
        let (mut words, mut extent, mut lowest) = ([0; 2], 0, 0);
        let mut map = PageMap::new(&mut words, &mut extent, &mut lowest);
        assert_eq!(map.take(usize::MAX, 128, 500, 1), None);
        assert_eq!(map.take(129, 1000, 500, 1), None);
        assert_eq!(map.take(128, 1000, 500, 1), Some(0));
        assert_eq!(map.take(1, 1000, 500, 1), None);
        map.clear(7, 0);
        assert!(map.all_used(0, 128));
        map.clear(0, 128);
        assert_eq!((extent, lowest), (0, 0));
    }
}

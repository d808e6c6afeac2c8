// SPDX-License-Identifier: ISC
//! A set of address ranges, in order and apart: the free parts of an address space.

/// At most `N` ranges, start and end, neighbours joined.
pub struct Intervals<const N: usize> {
    ranges: [(usize, usize); N],
    count: usize,
}

impl<const N: usize> Default for Intervals<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Intervals<N> {
    /// No range.
    pub const fn new() -> Self {
        Intervals {
            ranges: [(0, 0); N],
            count: 0,
        }
    }

    /// The ranges.
    pub fn ranges(&self) -> &[(usize, usize)] {
        &self.ranges[..self.count]
    }

    /// Does no range have an address in common with this one?
    pub fn is_apart_from(&self, start: usize, end: usize) -> bool {
        self.ranges().iter().all(|r| end <= r.0 || r.1 <= start)
    }

    /// Adds a range. False, and nothing is changed, where it would be one too many.
    pub fn insert(&mut self, start: usize, end: usize) -> bool {
        if start >= end {
            return true;
        }
        // Those that touch it become one with it.
        let first = self.ranges().partition_point(|r| r.1 < start);
        let after = self.ranges().partition_point(|r| r.0 <= end);
        if first == after {
            if self.count == N {
                return false;
            }
            self.ranges.copy_within(first..self.count, first + 1);
            self.ranges[first] = (start, end);
            self.count += 1;
        } else {
            self.ranges[first] = (
                self.ranges[first].0.min(start),
                self.ranges[after - 1].1.max(end),
            );
            self.ranges.copy_within(after..self.count, first + 1);
            self.count -= after - first - 1;
        }
        true
    }

    /// Takes `size` bytes out of the first range that has them at a multiple of `align`, a power of two: their address.
    /// `None` where there are none, or the rest would be one range too many.
    pub fn take(&mut self, size: usize, align: usize) -> Option<usize> {
        let fit = |&(start, end): &(usize, usize)| {
            let start = start.checked_next_multiple_of(align)?;
            let after = start.checked_add(size)?;
            (after <= end).then_some((start, after))
        };
        let at = self.ranges().iter().position(|r| fit(r).is_some())?;
        let (start, after) = fit(&self.ranges[at])?;
        let (from, to) = self.ranges[at];
        match (from == start, after == to) {
            (true, true) => {
                self.ranges.copy_within(at + 1..self.count, at);
                self.count -= 1;
            }
            (true, false) => self.ranges[at].0 = after,
            (false, true) => self.ranges[at].1 = start,
            (false, false) => {
                if self.count == N {
                    return None;
                }
                self.ranges.copy_within(at..self.count, at + 1);
                self.ranges[at].1 = start;
                self.ranges[at + 1].0 = after;
                self.count += 1;
            }
        }
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::Intervals;

    #[test]
    fn joins_and_splits() {
        let mut set = Intervals::<3>::new();
        assert!(set.insert(0x1000, 0x9000));
        assert_eq!(set.take(0x1000, 0x4000), Some(0x4000));
        assert_eq!(set.ranges(), [(0x1000, 0x4000), (0x5000, 0x9000)]);
        assert_eq!(set.take(0x4000, 1), Some(0x5000));
        assert_eq!(set.take(0x4000, 1), None);
        assert!(set.insert(0x5000, 0x6000));
        assert!(set.insert(0x8000, 0x9000));
        assert!(!set.insert(0x20000, 0x21000), "a fourth range");
        assert!(set.is_apart_from(0x4000, 0x5000));
        assert!(!set.is_apart_from(0x3fff, 0x5000));
        assert!(set.insert(0x4000, 0x5000));
        assert_eq!(set.ranges(), [(0x1000, 0x6000), (0x8000, 0x9000)]);
        assert!(set.insert(0x2000, 0x8800));
        assert_eq!(set.ranges(), [(0x1000, 0x9000)]);
        assert!(set.insert(7, 7));
        assert_eq!(set.take(usize::MAX, 1), None);
        assert_eq!(set.take(0x8000, 1 << 63), None);
        assert_eq!(set.take(0x8000, 1), Some(0x1000));
        assert!(set.ranges().is_empty());
    }

    #[test]
    fn a_full_set_stays_as_it_was() {
        let mut set = Intervals::<1>::new();
        assert!(set.insert(0x1000, 0x9000));
        assert_eq!(set.take(0x1000, 0x2000), None);
        assert_eq!(set.ranges(), [(0x1000, 0x9000)]);
    }
}

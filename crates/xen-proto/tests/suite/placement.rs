// SPDX-License-Identifier: ISC
//! Placement at random: nothing lost, nothing overlapping, every place reached.

use crate::common::{Random, cases};
use std::collections::HashSet;
use xen_proto::placement::*;

const PAGE: u64 = 4096;

#[test]
fn without_chance_the_heap_is_first_and_the_stack_last() {
    let range = 0x20_0000..0x100_0000;
    let placement = divide(range.clone(), 0x10_0000, None);
    assert_eq!(placement.heap, 0x20_0000..0xef_f000);
    assert_eq!(placement.stack, 0xf0_0000..0x100_0000);
    assert_eq!(placement.top, 0x100_0000);
    assert!(placement.below.is_empty() && placement.above.is_empty());
    assert_eq!(shift(1 << 38, None), 0);
}

#[test]
fn pieces_follow_one_another() {
    let mut random = Random::new(41);
    for _ in 0..cases(20000) {
        let start = random.next() % (1 << 22) * PAGE;
        let stack = (1 + random.next() % 2048) * PAGE;
        let range = start..start + stack + (2 + random.next() % (1 << 20)) * PAGE;
        let placement = divide(range.clone(), stack, Some(Chance(random.next())));
        let Placement {
            below,
            heap,
            stack: place,
            above,
            top,
        } = placement;
        assert_eq!((below.start, above.end), (range.start, range.end));
        assert_eq!((below.end, above.start), (heap.start, place.end));
        assert_eq!(heap.end + PAGE, place.start);
        assert_eq!(place.end - place.start, stack);
        assert!(heap.start < heap.end);
        assert!(place.contains(&(top - 1)) && place.end - top < PAGE && top % 16 == 0);
        let lost = below.end - below.start + above.end - above.start;
        assert!(lost <= (range.end - range.start) / 42);
        assert_eq!(heap.start % PAGE + heap.end % PAGE, 0);
    }
}

#[test]
fn every_place_is_reached() {
    let mut random = Random::new(42);
    let mut places = [HashSet::new(), HashSet::new(), HashSet::new()];
    for _ in 0..200_000 {
        let placement = divide(0..1 << 30, 8 << 20, Some(Chance(random.next())));
        places[0].insert(placement.heap.start);
        places[1].insert(placement.stack.end);
        places[2].insert(placement.stack.end - placement.top);
    }
    assert_eq!(places.map(|places| places.len()), [1025, 257, 256]);
    let shifts: HashSet<u64> = (0..20_000)
        .map(|_| shift(1 << 30, Some(Chance(random.next()))))
        .collect();
    assert_eq!(shifts.len(), 512);
    assert!(shifts.iter().all(|&by| by < 1 << 30 && by % (2 << 20) == 0));
}

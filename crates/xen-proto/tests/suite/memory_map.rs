// SPDX-License-Identifier: ISC
//! The memory map against a model that keeps one flag for every half KiB.

use crate::common::{Random, cases};
use xen_proto::memory_map::*;

const NO_LIMIT: u64 = PHYSICAL_LIMIT;

fn ram(addr: u64, size: u64) -> Entry {
    Entry {
        addr,
        size,
        kind: TYPE_RAM,
    }
}

fn other(addr: u64, size: u64) -> Entry {
    Entry {
        addr,
        size,
        kind: 2,
    }
}

fn map(entries: &[Entry], limit: u64) -> Vec<(u64, u64)> {
    let map = MemoryMap::<16>::from_entries(entries.iter().copied(), limit);
    assert_eq!(map.dropped(), 0);
    map.ranges()
        .iter()
        .map(|range| (range.start, range.end))
        .collect()
}

#[test]
fn as_xen_reports_it() {
    // Unsorted, ACPI above the low memory, more memory from 4 GiB on.
    let entries = [
        ram(0x1_0000_0000, 0x4000_0000),
        other(0xfeff_8000, 0x8000),
        Entry {
            addr: 0xfc00_0000,
            size: 0x9000,
            kind: 3,
        },
        ram(0, 0xfc00_0000),
    ];
    assert_eq!(
        map(&entries, NO_LIMIT),
        [(0, 0xfc00_0000), (0x1_0000_0000, 0x1_4000_0000)]
    );
    assert_eq!(map(&entries, 0x2000_0000), [(0, 0x2000_0000)]);
    let short = MemoryMap::<8>::from_entries(entries.iter().copied(), 0x2000_0000);
    assert_eq!(short.highest_address(), 0x2000_0000);
    assert_eq!(short.top_of_ram(), 0x1_4000_0000);
}

#[test]
fn odd_entries() {
    assert_eq!(map(&[], NO_LIMIT), []);
    assert_eq!(map(&[ram(0x3000, 0)], NO_LIMIT), []);
    // Two unaligned neighbours make a whole page; alone neither does.
    assert_eq!(
        map(&[ram(0x1800, 0x800), ram(0x1000, 0x800)], NO_LIMIT),
        [(0x1000, 0x2000)]
    );
    assert_eq!(map(&[ram(0x1800, 0xf00)], NO_LIMIT), []);
    // One reserved byte costs a page.
    assert_eq!(
        map(&[ram(0, 0x4000), other(0x2fff, 1)], NO_LIMIT),
        [(0, 0x2000), (0x3000, 0x4000)]
    );
    // An empty reserved entry costs nothing.
    assert_eq!(
        map(&[ram(0, 0x4000), other(0x2fff, 0)], NO_LIMIT),
        [(0, 0x4000)]
    );
    // Unknown types are not RAM.
    let unknown = Entry {
        addr: 0x1000,
        size: 0x1000,
        kind: 0xffff_ffff,
    };
    assert_eq!(map(&[unknown, ram(0, 0x2000)], NO_LIMIT), [(0, 0x1000)]);
}

#[test]
fn above_the_address_space() {
    let wraps = [
        ram(u64::MAX - 0xfff, 0x2000),
        ram(0x1000, u64::MAX),
        ram(0, 0x8000),
    ];
    let kept = MemoryMap::<4>::from_entries(wraps.iter().copied(), NO_LIMIT);
    assert_eq!(kept.ignored(), 2);
    assert_eq!(
        kept.ranges(),
        [Range {
            start: 0,
            end: 0x8000
        }]
    );
    assert_eq!(kept.top_of_ram(), 0x8000);
    // What is not RAM reserves to the end.
    assert_eq!(
        map(&[ram(0, 0x8000), other(0x4000, u64::MAX)], NO_LIMIT),
        [(0, 0x4000)]
    );
    // To the last byte that exists, and one more.
    let last = PHYSICAL_LIMIT - 0x1000;
    assert_eq!(
        map(&[ram(last, 0x1000)], NO_LIMIT),
        [(last, PHYSICAL_LIMIT)]
    );
    assert_eq!(map(&[ram(last, 0x1001)], NO_LIMIT), []);
}

#[test]
fn full_maps_keep_the_biggest() {
    let entries = [
        ram(0x1000, 0x1000),
        ram(0x10_0000, 0x5000),
        ram(0x20_0000, 0x2000),
        ram(0x8000, 0x3000),
    ];
    let map = MemoryMap::<2>::from_entries(entries.iter().copied(), NO_LIMIT);
    let kept: Vec<_> = map.ranges().iter().map(|range| range.start).collect();
    assert_eq!(kept, [0x8000, 0x10_0000]);
    assert_eq!(map.dropped(), 0x3000);
    assert_eq!(map.total(), 0x8000);
    let none = MemoryMap::<0>::from_entries(entries.iter().copied(), NO_LIMIT);
    assert_eq!((none.ranges().len(), none.dropped()), (0, 0xb000));
    // A hole in the middle of the only range.
    let mut one = MemoryMap::<1>::from_entries([ram(0, 0x9000)].into_iter(), NO_LIMIT);
    one.subtract(0x2000, 0x3000);
    assert_eq!(
        one.ranges(),
        [Range {
            start: 0x3000,
            end: 0x9000
        }]
    );
}

#[test]
fn subtraction() {
    let mut map = MemoryMap::<8>::from_entries([ram(0, 0x20_0000)].into_iter(), NO_LIMIT);
    map.subtract(0x10_0000, 0x12_3456); // a kernel
    map.subtract(0x12_3456, 0x12_3500); // start_info behind it
    map.subtract(0, 0x1000); // page zero
    map.subtract(0x5000, 0x5000); // nothing
    map.subtract(0x1f_ffff, u64::MAX); // to the end
    let kept: Vec<_> = map
        .ranges()
        .iter()
        .map(|range| (range.start, range.end))
        .collect();
    assert_eq!(kept, [(0x1000, 0x10_0000), (0x12_4000, 0x1f_f000)]);
    map.subtract(0, u64::MAX);
    assert_eq!((map.ranges().len(), map.highest_address()), (0, 0));
}

#[test]
fn raw_tables() {
    let mut table = Vec::new();
    let mut e820 = Vec::new();
    for (addr, size, kind) in [(0x1000_u64, 0x2000_u64, 1_u32), (0xfc00_0000, 0x1000, 3)] {
        for bytes in [&mut table, &mut e820] {
            bytes.extend_from_slice(&addr.to_le_bytes());
            bytes.extend_from_slice(&size.to_le_bytes());
            bytes.extend_from_slice(&kind.to_le_bytes());
        }
        table.extend_from_slice(&[0xee; 4]);
    }
    let expected = [
        ram(0x1000, 0x2000),
        Entry {
            addr: 0xfc00_0000,
            size: 0x1000,
            kind: 3,
        },
    ];
    assert!(Entries::table(&table).eq(expected));
    assert!(Entries::e820(&e820).eq(expected));
    assert!(Entries::table(&table[..47]).eq([expected[0]]));
    assert!(Entries::e820(&e820[..19]).eq([]));
}

/// Sixteen pages, a flag for every 512 bytes.
const UNIT: u64 = 512;
const UNITS: usize = 128;

fn model(entries: &[Entry]) -> Vec<bool> {
    let mut is_ram = [false; UNITS];
    let mut is_other = [false; UNITS];
    for entry in entries {
        let flags = if entry.kind == TYPE_RAM {
            &mut is_ram
        } else {
            &mut is_other
        };
        let end = entry.addr.saturating_add(entry.size);
        if entry.kind == TYPE_RAM && end > PHYSICAL_LIMIT {
            continue;
        }
        for (unit, flag) in flags.iter_mut().enumerate() {
            let at = unit as u64 * UNIT;
            *flag |= entry.addr <= at && at < end;
        }
    }
    let usable = |unit: usize| is_ram[unit] && !is_other[unit];
    (0..UNITS / 8)
        .map(|page| (page * 8..page * 8 + 8).all(usable))
        .collect()
}

fn check<const N: usize>(entries: &[Entry], cuts: &[(u64, u64)], limit: u64) {
    let mut map = MemoryMap::<N>::from_entries(entries.iter().copied(), limit);
    let mut expected = model(entries);
    for &(start, end) in cuts {
        map.subtract(start, end);
        for (page, flag) in expected.iter_mut().enumerate() {
            let first = page as u64 * PAGE_SIZE;
            *flag &= !(start < end && start < first + PAGE_SIZE && end > first);
        }
    }
    for (page, flag) in expected.iter_mut().enumerate() {
        *flag &= (page as u64 + 1) * PAGE_SIZE <= limit;
    }
    let ranges = map.ranges();
    assert!(ranges.len() <= N);
    assert!(
        ranges.windows(2).all(|pair| pair[0].end < pair[1].start),
        "sorted and merged"
    );
    assert!(ranges.iter().all(|range| range.start < range.end));
    assert!(
        ranges
            .iter()
            .all(|range| (range.start | range.end) % PAGE_SIZE == 0)
    );
    let total: u64 = ranges.iter().map(|range| range.end - range.start).sum();
    assert_eq!(map.total(), total);
    assert_eq!(
        map.highest_address(),
        ranges.last().map_or(0, |range| range.end)
    );
    assert!(map.highest_address() <= map.top_of_ram());
    for (page, &expected) in expected.iter().enumerate() {
        let at = page as u64 * PAGE_SIZE;
        let got = ranges
            .iter()
            .any(|range| range.start <= at && at < range.end);
        assert!(
            expected || !got,
            "page {page} of {entries:?} is not RAM: {ranges:?}"
        );
        assert!(
            got || !expected || map.dropped() > 0,
            "page {page} of {entries:?} is lost"
        );
    }
}

#[test]
fn against_the_model() {
    let mut random = Random::new(2);
    for _ in 0..cases(30_000) {
        let size = UNITS as u64 * UNIT;
        let mut entries = Vec::new();
        for _ in 0..random.below(10) {
            let addr = random.below(UNITS as u64) * UNIT;
            let mut len = random.below((size - addr) / UNIT + 1) * UNIT;
            if random.one_in(20) {
                len = random.next() | (1 << 60);
            }
            let kind = if random.one_in(3) {
                random.below(9) as u32
            } else {
                TYPE_RAM
            };
            entries.push(Entry {
                addr,
                size: len,
                kind,
            });
        }
        let mut cuts = Vec::new();
        for _ in 0..random.below(4) {
            let start = random.below(size);
            cuts.push((start, start + random.below(size / 4)));
        }
        let limit = if random.one_in(4) {
            random.below(size)
        } else {
            NO_LIMIT
        };
        check::<16>(&entries, &cuts, limit);
        check::<3>(&entries, &cuts, limit);
        check::<1>(&entries, &cuts, limit);
    }
}

#[test]
fn arbitrary_entries() {
    let mut random = Random::new(3);
    for _ in 0..cases(10_000) {
        let mut numbers = || random.next() >> random.below(64);
        let entries: Vec<_> = (0..numbers() % 20)
            .map(|_| Entry {
                addr: numbers(),
                size: numbers(),
                kind: numbers() as u32 % 3,
            })
            .collect();
        let mut map = MemoryMap::<4>::from_entries(entries.iter().copied(), numbers());
        map.subtract(numbers(), numbers());
        assert!(
            map.ranges()
                .windows(2)
                .all(|pair| pair[0].end < pair[1].start)
        );
    }
}

// SPDX-License-Identifier: ISC
//! The walk through page tables, beside one that looks at every page.

use crate::common::{Random, cases};
use std::collections::HashMap;
use xen_proto::protection::*;

struct Memory(HashMap<u64, Box<Table>>);

impl Tables for Memory {
    fn table(&self, frame: u64) -> Option<&Table> {
        self.0.get(&frame).map(|table| &**table)
    }

    fn is_mixed(&self, group: &[u64; GROUP]) -> bool {
        group.iter().any(|entry| entry & WRITABLE != 0)
            && group.iter().any(|entry| entry & NO_EXECUTE == 0)
    }
}

const NX: u64 = 1 << 63;
const TABLE: u64 = 3;
const RW: u64 = 3 | NX;
const RX: u64 = 1;
const HUGE: u64 = 1 << 7;

/// Each page that the processor lets write and execute, by the manual's words.
fn slowly(memory: &Memory, frame: u64, shift: u32, base: u64, found: &mut Vec<u64>) {
    for (i, entry) in memory.0[&frame].iter().enumerate() {
        let at = base + ((i as u64) << shift);
        if entry & 3 == 3 && entry & NX == 0 {
            if shift == 12 || entry & HUGE != 0 {
                found.push(((at << 16) as i64 >> 16) as u64);
            } else {
                slowly(memory, entry & 0xf_ffff_ffff_f000, shift - 9, at, found);
            }
        }
    }
}

fn empty() -> Memory {
    Memory(HashMap::from([(0x1000, Box::new([0; ENTRIES]))]))
}

fn add(memory: &mut Memory, parent: u64, index: usize, rights: u64) -> u64 {
    let frame = 0x1000 * (memory.0.len() as u64 + 1);
    memory.0.insert(frame, Box::new([0; ENTRIES]));
    memory.0.get_mut(&parent).expect("a table")[index] = frame | rights;
    frame
}

#[test]
fn one_page_among_many_is_found() {
    let mut memory = empty();
    let pointers = add(&mut memory, 0x1000, 256, TABLE);
    let directory = add(&mut memory, pointers, 3, TABLE);
    let table = add(&mut memory, directory, 9, TABLE);
    for (i, entry) in memory
        .0
        .get_mut(&table)
        .expect("made")
        .iter_mut()
        .enumerate()
    {
        *entry = (i as u64) << 12 | if i < 100 { RX } else { RW };
    }
    assert_eq!(first_writable_executable(&memory, 0x1000), None);
    memory.0.get_mut(&table).expect("made")[300] &= !NX;
    let expected = 0xffff_8000_0000_0000 + (3 << 30) + (9 << 21) + (300 << 12);
    assert_eq!(first_writable_executable(&memory, 0x1000), Some(expected));
    // A level above that takes the right away, takes it away for all below.
    memory.0.get_mut(&pointers).expect("made")[3] |= NX;
    assert_eq!(first_writable_executable(&memory, 0x1000), None);
    memory.0.get_mut(&pointers).expect("made")[3] = directory | 1;
    assert_eq!(first_writable_executable(&memory, 0x1000), None);
    // What cannot be looked at is not taken for good.
    memory.0.get_mut(&pointers).expect("made")[5] = 0x7777_0000 | TABLE;
    assert!(first_writable_executable(&memory, 0x1000).is_some());
}

#[test]
fn as_the_slow_walk() {
    let mut random = Random::new(43);
    for _ in 0..cases(2000) {
        let mut memory = empty();
        let mut tables = vec![(0x1000, 39)];
        for _ in 0..random.next() % 12 {
            let (parent, shift) = tables[random.next() as usize % tables.len()];
            if shift > 12 {
                let rights = [TABLE, TABLE, TABLE, TABLE | NX, 1][random.next() as usize % 5];
                let index = random.next() as usize % ENTRIES;
                let frame = add(&mut memory, parent, index, rights);
                tables.push((frame, shift - 9));
            }
        }
        for (frame, shift) in tables {
            // Runs of leaves, most of them as they should be.
            for _ in 0..random.next() % 4 {
                let start = random.next() as usize % ENTRIES;
                let len = 1 + random.next() as usize % 200;
                let rights = [RW, RW, RX, RX, 1 | NX, 2, 0, 3][random.next() as usize % 8];
                let huge = if shift == 12 { 0 } else { HUGE };
                if shift > 30 {
                    continue;
                }
                for entry in memory
                    .0
                    .get_mut(&frame)
                    .expect("made")
                    .iter_mut()
                    .skip(start)
                    .take(len)
                {
                    if *entry == 0 {
                        *entry = rights | huge;
                    }
                }
            }
        }
        let mut all = Vec::new();
        slowly(&memory, 0x1000, 39, 0, &mut all);
        assert_eq!(
            first_writable_executable(&memory, 0x1000),
            all.first().copied()
        );
    }
}

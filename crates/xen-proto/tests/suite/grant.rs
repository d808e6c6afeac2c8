// SPDX-License-Identifier: ISC
//! Grant entries and references: layout, limits, and every way to give one back wrongly.

use crate::common::{Random, cases};
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::grant::*;

#[test]
fn layout() {
    use std::mem::{offset_of, size_of};
    assert_eq!((size_of::<Entry>(), size_of::<GrantPage>()), (8, 4096));
    assert_eq!((offset_of!(Entry, domid), offset_of!(Entry, frame)), (2, 4));
}

#[test]
fn one_entry() {
    let entry = Entry::default();
    assert_eq!(entry.grant(7, 0x1234, true), Ok(()));
    assert_eq!(entry.flags.load(Relaxed), PERMIT_ACCESS);
    assert_eq!(
        (entry.domid.load(Relaxed), entry.frame.load(Relaxed)),
        (7, 0x1234)
    );
    for held in [READING, WRITING, READING | WRITING] {
        entry.flags.fetch_or(held, Relaxed);
        assert_eq!(entry.end_access(), Err(Error::Busy));
        assert!(entry.is_granted());
        entry.flags.fetch_and(!held, Relaxed);
    }
    assert_eq!(entry.end_access(), Ok(()));
    assert!(!entry.is_granted());
    assert_eq!(entry.end_access(), Ok(()));
    assert_eq!(entry.grant(7, 1 << 32, false), Err(Error::BadFrame));
    assert!(!entry.is_granted());
    assert_eq!(entry.grant(7, (1 << 32) - 1, false), Ok(()));
    assert_eq!(entry.flags.load(Relaxed), PERMIT_ACCESS | READONLY);
}

#[test]
fn references_grow_with_the_table() {
    let pages: Vec<GrantPage> = (0..3).map(|_| GrantPage::default()).collect();
    let table: Vec<&GrantPage> = pages.iter().collect();
    let mut references = References::new();
    assert_eq!(references.take(&[]), Err(Error::Full));
    for len in 1..=3 {
        for _ in references.taken() as usize..len * PAGE_ENTRIES - 8 {
            let taken = references.take(&table[..len]).unwrap();
            assert!(taken >= RESERVED);
        }
        assert_eq!(references.take(&table[..len]), Err(Error::Full));
    }
    assert_eq!(references.taken(), 3 * 512 - 8);
    references.give(&table, 1000).unwrap();
    assert_eq!(references.take(&table), Ok(1000));
}

#[test]
fn wrong_references() {
    let page = GrantPage::new();
    let table = [&page];
    let mut references = References::default();
    let taken = references.take(&table).unwrap();
    for reference in [0, 7, taken + 1, 511, 512, u32::MAX] {
        assert_eq!(references.give(&table, reference), Err(Error::BadReference));
    }
    entry(&table, taken).unwrap().grant(1, 1, true).unwrap();
    assert_eq!(references.give(&table, taken), Err(Error::Busy));
    entry(&table, taken).unwrap().end_access().unwrap();
    assert_eq!(references.give(&table, taken), Ok(()));
    assert_eq!(references.give(&table, taken), Err(Error::BadReference));
    assert_eq!(references.taken(), 0);
    assert!(entry(&table, 512).is_none());
}

#[test]
fn references_are_taken_once() {
    let mut random = Random::new(50);
    let pages: Vec<GrantPage> = (0..2).map(|_| GrantPage::new()).collect();
    let table: Vec<&GrantPage> = pages.iter().collect();
    let mut references = References::new();
    let mut held = Vec::new();
    for round in 0..cases(20_000) {
        let grows = round % 2000 < 1100;
        if random.one_in(if grows { 3 } else { 1 }) && !held.is_empty() {
            let reference: u32 = held.swap_remove(random.below(held.len() as u64) as usize);
            entry(&table, reference).unwrap().end_access().unwrap();
            references.give(&table, reference).unwrap();
        } else if let Ok(reference) = references.take(&table) {
            assert!(!held.contains(&reference));
            assert!(!entry(&table, reference).unwrap().is_granted());
            entry(&table, reference)
                .unwrap()
                .grant(2, random.below(1 << 32), true)
                .unwrap();
            held.push(reference);
        }
        assert_eq!(references.taken() as usize, held.len());
    }
}

#[test]
fn a_broken_list_loses_references_only() {
    let page = GrantPage::new();
    let table = [&page];
    let mut references = References::new();
    for _ in 0..3 {
        references.take(&table).unwrap();
    }
    for reference in 8..11 {
        references.give(&table, reference).unwrap();
    }
    // Whatever ends up in the entry at the head is not followed.
    page.entries[10].frame.store(u32::MAX, Relaxed);
    assert_eq!(references.take(&table), Ok(10));
    assert_eq!(references.take(&table), Ok(11));
}

#[test]
fn status_codes() {
    assert_eq!(Status::check(0), Ok(()));
    let all: Vec<_> = (-13..0)
        .rev()
        .map(|status| Status::check(status).unwrap_err())
        .collect();
    assert_eq!(all[0], Status::GeneralError);
    assert_eq!(all[2], Status::BadReference);
    assert_eq!(all[11], Status::Again);
    assert_eq!(all[12], Status::NoSpace);
    let mut texts: Vec<_> = all.iter().map(|status| status.text()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 13);
    assert_eq!(Status::check(-14), Err(Status::Unknown(-14)));
    assert_eq!(Status::check(i16::MIN), Err(Status::Unknown(i16::MIN)));
}

/// Xen answers "not now" as often as the number says, then with the last status.
struct Operation {
    times: usize,
    calls: usize,
    status: i16,
    last: i16,
}

impl Operation {
    fn new(times: usize, last: i16) -> Self {
        let mut operation = Operation {
            times,
            calls: 0,
            status: 0,
            last,
        };
        operation.call();
        operation
    }

    fn call(&mut self) {
        self.calls += 1;
        self.status = if self.calls > self.times {
            self.last
        } else {
            -12
        };
    }
}

#[test]
fn what_is_not_possible_now_is_tried_again() {
    let operations = || [(0, 0), (3, 0), (0, -3), (1, -8), (5, 0)];
    let make = || operations().map(|(times, last)| Operation::new(times, last));
    let mut all = make();
    let call = |operation: &mut Operation| {
        operation.call();
        Ok::<(), ()>(())
    };
    assert_eq!(retry(&mut all, |it| it.status, || true, call), Ok(()));
    let seen = all.each_ref().map(|it| (it.calls - 1, it.status));
    assert_eq!(seen, operations(), "each as often as it takes, and no more");
    // Patience ends.
    let mut all = make();
    let mut rounds = 0;
    let twice = || {
        rounds += 1;
        rounds <= 2
    };
    assert_eq!(retry(&mut all, |it| it.status, twice, call), Ok(()));
    let seen = all.each_ref().map(|it| (it.calls - 1, it.status));
    assert_eq!(seen, [(0, 0), (2, -12), (0, -3), (1, -8), (2, -12)]);
    // The call itself fails.
    let failing = |_: &mut Operation| Err("no such call");
    assert_eq!(
        retry(&mut make(), |it| it.status, || true, failing),
        Err("no such call")
    );
}

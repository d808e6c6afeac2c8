// SPDX-License-Identifier: ISC
//! The console ring against a model, a daemon, and a daemon that writes anything anywhere.

use crate::common::{Random, cases};
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::console::*;

/// The daemon's half, as far as it behaves: takes at most `most` bytes.
fn take(page: &SharedPage, most: usize) -> Vec<u8> {
    let (cons, prod) = (page.out_cons.load(Relaxed), page.out_prod.load(Relaxed));
    let len = most.min(prod.wrapping_sub(cons) as usize);
    let at = |i: usize| page.output[(cons as usize + i) % OUT_SIZE].load(Relaxed);
    let bytes = (0..len).map(at).collect();
    page.out_cons.store(cons.wrapping_add(len as u32), Relaxed);
    bytes
}

fn put(page: &SharedPage, bytes: &[u8]) -> usize {
    let (cons, prod) = (page.in_cons.load(Relaxed), page.in_prod.load(Relaxed));
    let len = bytes.len().min(IN_SIZE - prod.wrapping_sub(cons) as usize);
    for (i, &byte) in bytes[..len].iter().enumerate() {
        page.input[(prod as usize + i) % IN_SIZE].store(byte, Relaxed);
    }
    page.in_prod.store(prod.wrapping_add(len as u32), Relaxed);
    len
}

#[test]
fn layout() {
    use std::mem::{align_of, offset_of, size_of};
    assert_eq!(
        (size_of::<SharedPage>(), align_of::<SharedPage>()),
        (4096, 4096)
    );
    assert_eq!(offset_of!(SharedPage, output), 1024);
    assert_eq!(offset_of!(SharedPage, in_cons), 3072);
    assert_eq!(offset_of!(SharedPage, in_prod), 3076);
    assert_eq!(offset_of!(SharedPage, out_cons), 3080);
    assert_eq!(offset_of!(SharedPage, out_prod), 3084);
}

#[test]
fn full_and_empty() {
    let page = SharedPage::default();
    let mut console = Console::new(&page);
    assert_eq!(console.free(), Some(OUT_SIZE));
    assert!(console.is_drained());
    let long = [b'a'; 5000];
    assert_eq!(console.push(&long), OUT_SIZE);
    assert_eq!((console.push(b"x"), console.free()), (0, Some(0)));
    assert!(!console.is_drained());
    assert_eq!(take(&page, 100), [b'a'; 100]);
    assert_eq!(console.push(&long), 100);
    assert_eq!(take(&page, usize::MAX).len(), OUT_SIZE);
    assert!(console.is_drained());
    assert_eq!(console.push(b""), 0);
    assert_eq!(
        (console.pull(&mut [0; 10]), console.waiting()),
        (0, Some(0))
    );
    assert_eq!(put(&page, &long), IN_SIZE);
    assert_eq!(
        (console.pull(&mut []), console.waiting()),
        (0, Some(IN_SIZE))
    );
    assert_eq!(console.pull(&mut [0; 5000]), IN_SIZE);
}

#[test]
fn streams_across_the_wrap_of_the_indices() {
    let mut random = Random::new(20);
    let page = SharedPage::new();
    for index in [&page.in_cons, &page.in_prod, &page.out_cons, &page.out_prod] {
        index.store(0_u32.wrapping_sub(50_000), Relaxed);
    }
    let mut console = Console::new(&page);
    let (mut out, mut input) = (VecDeque::new(), VecDeque::new());
    for _ in 0..cases(5_000) {
        let len = random.below(3000) as usize;
        let bytes = random.bytes(len);
        match random.below(4) {
            0 => {
                let free = console.free().unwrap();
                let pushed = console.push(&bytes);
                assert_eq!(pushed, free.min(len));
                out.extend(&bytes[..pushed]);
            }
            1 => {
                let taken = take(&page, len);
                assert!(taken.iter().all(|&byte| out.pop_front() == Some(byte)));
            }
            2 => input.extend(&bytes[..put(&page, &bytes)]),
            _ => {
                let mut buffer = bytes;
                let waiting = console.waiting().unwrap();
                let pulled = console.pull(&mut buffer);
                assert_eq!((waiting, pulled), (input.len(), waiting.min(len)));
                assert!(
                    buffer[..pulled]
                        .iter()
                        .all(|&byte| input.pop_front() == Some(byte))
                );
            }
        }
    }
}

#[test]
fn hostile_indices() {
    let mut random = Random::new(21);
    let page = SharedPage::new();
    let mut console = Console::new(&page);
    for _ in 0..cases(20_000) {
        for index in [&page.in_cons, &page.in_prod, &page.out_cons, &page.out_prod] {
            if random.one_in(2) {
                index.store((random.next() >> random.below(64)) as u32, Relaxed);
            }
        }
        let mut buffer = [0; 64];
        let (free, waiting) = (console.free(), console.waiting());
        assert!(free.is_none_or(|free| free <= OUT_SIZE));
        assert!(waiting.is_none_or(|waiting| waiting <= IN_SIZE));
        assert_eq!(console.push(&buffer), free.unwrap_or(0).min(64));
        assert_eq!(console.pull(&mut buffer), waiting.unwrap_or(0).min(64));
        assert!(free.is_some() || console.is_drained());
    }
}

mod pacing {
    use super::*;
    use xen_proto::console::pace::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_line_now_and_then_goes_out_at_once() {
        let mut pace = Pace::new();
        for second in 0..1000 {
            assert!(pace.wrote(second * 1000 * MS), "{second}");
            pace.told();
            assert!(!pace.is_pending());
        }
    }

    #[test]
    fn a_burst_is_followed_by_silence_but_not_for_long() {
        let mut pace = Pace::new();
        let start = 5_000 * MS;
        for _ in 0..BURST {
            assert!(pace.wrote(start));
            pace.told();
        }
        assert!(!pace.wrote(start + 1) && pace.is_pending());
        assert!(!pace.is_late(start + LONGEST) && pace.is_late(start + 1 + LONGEST));
        // What comes later tells of what came before.
        assert!(!pace.wrote(start + LONGEST) && pace.wrote(start + 1 + LONGEST));
        pace.told();
        assert!(!pace.is_pending() && !pace.is_late(u64::MAX));
    }

    /// However lines come, at most so many events that a tenth or so of what the daemon serves is used.
    #[test]
    fn events_are_few_however_lines_come() {
        let mut random = Random::new(60);
        for _ in 0..cases(200) {
            let mut pace = Pace::new();
            let (mut now, mut events) = (random.below(1 << 40), 0u64);
            let start = now;
            let step = 1 + random.below(200 * MS);
            for _ in 0..2000 {
                now += random.below(step);
                // Full rings and sleeps tell of the rest; here nothing else does.
                if pace.wrote(now) {
                    events += 1;
                    pace.told();
                }
                assert!(pace.is_pending() || !pace.is_late(now));
            }
            let most = u64::from(BURST) + (now - start) / REFILL + (now - start) / LONGEST + 2;
            assert!(events <= most, "{events} in {} ms", (now - start) / MS);
        }
    }
}

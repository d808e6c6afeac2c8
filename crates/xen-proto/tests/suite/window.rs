// SPDX-License-Identifier: ISC
//! The window's slots against a plain model, and against what fragments it most.

use crate::common::{Random, cases};
use xen_proto::window::*;

#[test]
fn full_and_empty() {
    let mut free = [0; 4];
    let mut window = Window::new(&mut free, 200, 1000);
    assert_eq!(window.limit(), 200);
    for slot in 0..200 {
        assert_eq!(window.take_one(), Ok(slot));
    }
    assert_eq!(window.take_one(), Err(Error::Full));
    assert_eq!(window.take(2), Err(Error::Full));
    assert_eq!(window.give(200, 1), Err(Error::NotTaken));
    assert_eq!(window.give(199, 2), Err(Error::NotTaken));
    assert_eq!(window.give(63, 2), Ok(()));
    assert_eq!(window.give(64, 1), Err(Error::NotTaken));
    assert_eq!(window.give(62, 2), Err(Error::NotTaken));
    assert_eq!(window.give(100, 1), Ok(()));
    assert_eq!(window.take(3), Err(Error::Fragmented));
    assert_eq!(window.take(2), Ok(63));
    assert_eq!((window.take_one(), window.used()), (Ok(100), 200));
    for start in (0..200).step_by(50) {
        assert_eq!(window.give(start, 50), Ok(()));
    }
    assert_eq!(window.take(200), Ok(0));
    assert_eq!(window.give(0, 200), Ok(()));
    assert_eq!(
        (window.take(0), window.give(0, 0)),
        (Err(Error::NotTaken), Err(Error::NotTaken))
    );
    assert_eq!(window.give(usize::MAX, 1), Err(Error::NotTaken));
    assert_eq!(window.give(0, usize::MAX), Err(Error::NotTaken));
}

#[test]
fn largest() {
    let mut free = vec![0; MAX_SLOTS / 64 + 5];
    let mut window = Window::new(&mut free, usize::MAX, usize::MAX);
    assert_eq!(window.limit(), MAX_SLOTS);
    assert_eq!(window.take(MAX_SLOTS), Ok(0));
    assert_eq!(window.give(MAX_SLOTS - 1, 1), Ok(()));
    assert_eq!(window.take_one(), Ok(MAX_SLOTS - 1));
    assert_eq!(Window::new(&mut [], 10, 10).take_one(), Err(Error::Full));
}

#[test]
fn against_a_model() {
    let mut random = Random::new(40);
    let slots = 700;
    let mut free = [0; 11];
    let mut window = Window::new(&mut free, slots, 600);
    let mut model = vec![true; slots];
    let mut runs = Vec::new();
    for _ in 0..cases(10_000) {
        let most = 1 << random.below(8);
        let len = 1 + random.below(most) as usize;
        if random.one_in(2) && !runs.is_empty() {
            let (start, len) = runs.swap_remove(random.below(runs.len() as u64) as usize);
            assert_eq!(window.give(start, len), Ok(()));
            model[start..start + len].fill(true);
        } else {
            let used = model.iter().filter(|&&free| !free).count();
            let first = (0..=slots - len).find(|&at| model[at..at + len].iter().all(|&free| free));
            let expected = match first {
                _ if used + len > 600 => Err(Error::Full),
                None => Err(Error::Fragmented),
                Some(start) => Ok(start),
            };
            assert_eq!(window.take(len), expected, "{len} pages with {used} used");
            if let Ok(start) = expected {
                model[start..start + len].fill(false);
                runs.push((start, len));
            }
        }
        assert_eq!(window.used(), model.iter().filter(|&&free| !free).count());
        let (start, len) = (random.below(720) as usize, 1 + random.below(9) as usize);
        if start + len > slots || model[start..start + len].iter().any(|&free| free) {
            assert_eq!(window.give(start, len), Err(Error::NotTaken));
        }
    }
}

/// Pages that may be mapped in the tests below.
const LIMIT: usize = 4096;

/// Runs of all lengths, at 90 % to 100 % of the limit: none may fail while the limit allows it.
#[test]
fn no_fragmentation_at_random() {
    for (seed, longest) in [(41, 16), (42, 64), (43, LONGEST_RUN)] {
        let mut random = Random::new(seed);
        let mut free = vec![0; LIMIT * SLOTS_PER_PAGE / 64];
        let mut window = Window::new(&mut free, LIMIT * SLOTS_PER_PAGE, LIMIT);
        let mut runs = Vec::new();
        for _ in 0..cases(20_000) {
            let len = 1 + random.below(longest as u64) as usize;
            if window.used() + len <= LIMIT {
                runs.push((window.take(len).unwrap(), len));
            }
            while window.used() > LIMIT * 9 / 10
                && (random.one_in(3) || window.used() + len > LIMIT)
            {
                let (start, len) = runs.swap_remove(random.below(runs.len() as u64) as usize);
                window.give(start, len).unwrap();
            }
        }
    }
}

/// The worst case for first-fit: fill with runs of one length, keep of each just enough to
/// spoil it for the next, twice as long, and go on.
#[test]
fn no_fragmentation_by_an_adversary() {
    let mut free = vec![0; LIMIT * SLOTS_PER_PAGE / 64];
    let mut window = Window::new(&mut free, LIMIT * SLOTS_PER_PAGE, LIMIT);
    let mut taken: Vec<usize> = Vec::new();
    let mut len = 1;
    let mut reach = 0;
    while len <= LONGEST_RUN {
        while window.used() + len <= LIMIT {
            let start = window.take(len).unwrap();
            taken.extend(start..start + len);
            reach = reach.max(start + len);
        }
        // Keep the one page in each aligned block of twice the length that blocks most.
        let block = len * 2;
        taken.sort_unstable();
        let mut kept = Vec::new();
        for &slot in &taken {
            if kept
                .last()
                .is_none_or(|&last: &usize| last / block != slot / block)
            {
                kept.push(slot);
            } else {
                window.give(slot, 1).unwrap();
            }
        }
        taken = kept;
        len = block;
    }
    assert!(reach > 2 * LIMIT, "the adversary is too weak: {reach}");
    assert!(reach < LIMIT * 10, "worse than the bound: {reach}");
}

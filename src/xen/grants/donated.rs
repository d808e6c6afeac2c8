// SPDX-License-Identifier: ISC
//! Grant references that the OCaml program's own pool has handed over to Rust for good, so that neither finds the other's
//! in use.

use spin::Mutex;

/// References above this many cannot be handed over: as many as Xen allows by default, 64 frames of 512.
const LIMIT: usize = 32768;

/// A bit a reference.
type Bits = [u64; LIMIT / 64];

struct Donated {
    /// Was handed over.
    ours: Bits,
    /// Is not in use.
    free: Bits,
    /// No word before this one has a free one.
    first: usize,
}

static DONATED: Mutex<Donated> = Mutex::new(Donated {
    ours: [0; LIMIT / 64],
    free: [0; LIMIT / 64],
    first: LIMIT / 64,
});

fn place(reference: u32) -> (usize, u64) {
    (reference as usize / 64, 1 << (reference % 64))
}

/// Takes a reference over; false when its number is too large.
pub fn donate(reference: u32) -> bool {
    let (word, bit) = place(reference);
    let mut donated = DONATED.lock();
    let Some(ours) = donated.ours.get_mut(word) else {
        return false;
    };
    *ours |= bit;
    drop(donated);
    give(reference)
}

/// One that is free.
pub fn take() -> Option<u32> {
    let mut donated = DONATED.lock();
    let first = donated.first;
    let rest = donated.free.get_mut(first..)?;
    let Some(ahead) = rest.iter().position(|&word| word != 0) else {
        donated.first = LIMIT / 64;
        return None;
    };
    let word = rest.get_mut(ahead)?;
    let bit = word.trailing_zeros();
    *word &= *word - 1;
    donated.first = first + ahead;
    Some((first + ahead) as u32 * 64 + bit)
}

/// Keeps one for its next use; false when it was not handed over.
pub fn give(reference: u32) -> bool {
    let (word, bit) = place(reference);
    let mut donated = DONATED.lock();
    let ours = donated.ours.get(word).is_some_and(|word| word & bit != 0);
    if let Some(free) = donated.free.get_mut(word).filter(|_| ours) {
        *free |= bit;
        donated.first = donated.first.min(word);
    }
    ours
}

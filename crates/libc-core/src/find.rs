// SPDX-License-Identifier: ISC
//! Searching one byte string for another (C11 7.24.5.7, POSIX `memmem`) in linear time and constant
//! space, by the two-way algorithm (Crochemore and Perrin, 1991).

/// The greatest suffix of `needle` in the given order of bytes: where it starts, and its period.
fn greatest_suffix(needle: &[u8], reversed: bool) -> (usize, usize) {
    let (mut start, mut candidate, mut offset, mut period) = (0, 1, 0, 1);
    while candidate + offset < needle.len() {
        let (a, b) = (needle[candidate + offset], needle[start + offset]);
        if a == b {
            offset += 1;
            if offset == period {
                candidate += period;
                offset = 0;
            }
        } else if (a < b) != reversed {
            candidate += offset + 1;
            offset = 0;
            period = candidate - start;
        } else {
            start = candidate;
            candidate += 1;
            (offset, period) = (0, 1);
        }
    }
    (start, period)
}

/// Where `needle` first occurs in `haystack`.
#[must_use]
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    let (plain, reversed) = (
        greatest_suffix(needle, false),
        greatest_suffix(needle, true),
    );
    let (split, mut period) = plain.max(reversed);
    // If the part before the split recurs one period later, the whole needle has that period and
    // a match's tail need not be compared again; otherwise any long enough step is safe.
    let periodic = needle.get(period..period + split) == Some(&needle[..split]);
    if !periodic {
        period = split.max(needle.len() - split) + 1;
    }
    let mut at = 0;
    let mut known = 0;
    while let Some(window) = haystack.get(at..at + needle.len()) {
        let from = split.max(known);
        if let Some(wrong) = (from..needle.len()).find(|&i| needle[i] != window[i]) {
            at += wrong - split + 1;
            known = 0;
            continue;
        }
        if (known..split).all(|i| needle[i] == window[i]) {
            return Some(at);
        }
        at += period;
        known = if periodic { needle.len() - period } else { 0 };
    }
    None
}

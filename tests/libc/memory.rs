// SPDX-License-Identifier: ISC
//! The `mem*` functions over random sizes, alignments and overlaps, up against a page that faults.

use crate::machine::{Guarded, PAGE};
use crate::ours::memory::*;
use crate::support::{Random, cases};

/// A size: mostly small, at times up to most of a page.
fn size(random: &mut Random) -> usize {
    let most = random.pick(&[4, 20, 40, 80, 200, 400, 1500]);
    random.below(most) as usize
}

fn fill(random: &mut Random, bytes: &mut [u8]) {
    for byte in bytes {
        *byte = random.next() as u8;
    }
}

/// Runs a property on the plain functions and on those for wide registers. Tests beside this one may
/// get either, which must not matter.
fn both(property: fn()) {
    WIDE.set(false);
    property();
    choose();
    property();
    // Whatever this processor says of its string instructions.
    for string in [false, true] {
        STRING.set(string);
        property();
    }
    choose();
}

#[test]
fn plain_and_wide() {
    for property in [
        copying, moving, filling, comparing, searching, lengths, large,
    ] {
        both(property);
    }
}

fn copying() {
    let mut random = Random(31);
    let (mut from, mut to) = (Guarded::new(), Guarded::new());
    for _ in 0..cases() {
        let size = size(&mut random);
        let (before, after) = (
            random.below(40) as usize,
            random.below(40) as usize * random.below(2) as usize,
        );
        fill(&mut random, from.end(size + before));
        to.end(size + before + after).fill(0xee);
        let source = from.end(size + before)[before..].as_ptr();
        let place = &mut to.end(size + before + after)[before..];
        // SAFETY: both have `size` bytes.
        let result = unsafe { memcpy(place.as_mut_ptr(), source, size) };
        assert_eq!(result, place.as_mut_ptr());
        assert_eq!(&place[..size], from.end(size), "{size}");
        let whole = to.end(size + before + after);
        assert!(
            whole[..before]
                .iter()
                .chain(&whole[before + size..])
                .all(|&b| b == 0xee),
            "{size}"
        );
    }
}

fn moving() {
    let mut random = Random(32);
    let mut page = Guarded::new();
    for _ in 0..cases() {
        let size = size(&mut random);
        let span = size + random.pick(&[1, 5, 17, 40, 70, 150, 1000]);
        let (from, to) = (
            random.below((span - size) as u64 + 1) as usize,
            random.below((span - size) as u64 + 1) as usize,
        );
        let bytes = page.end(span);
        fill(&mut random, bytes);
        let mut expected = bytes.to_vec();
        expected.copy_within(from..from + size, to);
        // SAFETY: both ranges lie in the span.
        unsafe { memmove(bytes.as_mut_ptr().add(to), bytes.as_ptr().add(from), size) };
        assert_eq!(bytes, expected, "{size} bytes from {from} to {to}");
    }
}

fn filling() {
    let mut random = Random(33);
    let mut page = Guarded::new();
    for _ in 0..cases() {
        let size = size(&mut random);
        let (before, after) = (
            random.below(40) as usize,
            random.below(40) as usize * random.below(2) as usize,
        );
        let bytes = page.end(before + size + after);
        bytes.fill(0xee);
        // SAFETY: the range lies in the page.
        unsafe { memset(bytes.as_mut_ptr().add(before), 0x1a3, size) };
        let right = |(i, &b): (usize, &u8)| {
            b == if (before..before + size).contains(&i) {
                0xa3
            } else {
                0xee
            }
        };
        assert!(bytes.iter().enumerate().all(right), "{size} at {before}");
    }
}

fn comparing() {
    let mut random = Random(34);
    let (mut a, mut b) = (Guarded::new(), Guarded::new());
    for _ in 0..cases() {
        let size = size(&mut random);
        let bytes: Vec<u8> = (0..size).map(|_| random.next() as u8).collect();
        let mut other = bytes.clone();
        for _ in 0..random.below(3) {
            if size > 0 {
                other[random.below(size as u64) as usize] = random.next() as u8;
            }
        }
        let (x, y) = (a.put(&bytes), b.put(&other));
        // SAFETY: both have `size` bytes.
        unsafe {
            assert_eq!(memcmp(x, y, size).signum(), bytes.cmp(&other) as i32);
            assert_eq!(bcmp(x, y, size) != 0, bytes != other);
        }
    }
}

fn searching() {
    let mut random = Random(35);
    let mut page = Guarded::new();
    for _ in 0..cases() {
        let size = size(&mut random);
        let byte = random.below(3) as u8;
        let bytes: Vec<u8> = (0..size)
            .map(|_| {
                if random.one_in(30) {
                    random.below(4) as u8
                } else {
                    9
                }
            })
            .collect();
        let start = page.put(&bytes);
        let index = |found: *const u8| (!found.is_null()).then(|| found.addr() - start.addr());
        // SAFETY: `start` has `size` bytes.
        unsafe {
            assert_eq!(
                index(memchr(start, i32::from(byte) | 0x100, size)),
                bytes.iter().position(|&b| b == byte)
            );
            assert_eq!(
                index(memrchr(start, byte.into(), size)),
                bytes.iter().rposition(|&b| b == byte)
            );
            if bytes.contains(&byte) {
                assert_eq!(
                    index(rawmemchr(start, byte.into())),
                    bytes.iter().position(|&b| b == byte)
                );
                // A match ends the search, whatever the size says.
                assert_eq!(
                    index(memchr(start, byte.into(), usize::MAX)),
                    bytes.iter().position(|&b| b == byte)
                );
            }
        }
    }
}

#[test]
fn searching_for_strings() {
    let mut random = Random(36);
    for _ in 0..cases() {
        let letters = 1 + random.below(3);
        let mut text = |most: u64| -> Vec<u8> {
            let length = random.below(most);
            (0..length)
                .map(|_| b'a' + random.below(letters) as u8)
                .collect()
        };
        let (haystack, needle) = (text(120), text(9));
        let (haystack, needle) = if haystack.len() % 7 == 0 {
            (haystack.repeat(3), haystack.repeat(2))
        } else {
            (haystack, needle)
        };
        let expected = if needle.is_empty() {
            Some(0)
        } else {
            haystack.windows(needle.len()).position(|w| w == needle)
        };
        // SAFETY: both are readable.
        let found = unsafe {
            memmem(
                haystack.as_ptr(),
                haystack.len(),
                needle.as_ptr(),
                needle.len(),
            )
        };
        assert_eq!(
            (!found.is_null()).then(|| found.addr() - haystack.as_ptr().addr()),
            expected,
            "{haystack:?} {needle:?}"
        );
    }
}

fn lengths() {
    let mut page = Guarded::new();
    for size in 1..PAGE.min(300) {
        let mut bytes = vec![b'x'; size];
        bytes[size - 1] = 0;
        let start = page.put(&bytes);
        // SAFETY: terminated.
        unsafe {
            assert_eq!(strlen(start), size - 1);
            for limit in [0, 1, size - 1, size, size + 1, usize::MAX] {
                assert_eq!(
                    crate::ours::string::strnlen(start, limit),
                    limit.min(size - 1)
                );
            }
        }
    }
    // Without a NUL, strnlen must not look past its limit.
    let start = page.put(&[b'x'; 100]);
    // SAFETY: 100 bytes are readable.
    assert_eq!(unsafe { crate::ours::string::strnlen(start, 100) }, 100);
}

/// Sizes at which the functions change their ways, one to several pages.
fn large() {
    let mut random = Random(37);
    let mut bytes = vec![0_u8; 40_000];
    for _ in 0..cases() / 50 {
        let size = match random.below(3) {
            0 => 4090 + random.below(20) as usize,
            1 => 8185 + random.below(20) as usize,
            _ => 300 + random.below(15_000) as usize,
        };
        fill(&mut random, &mut bytes);
        let from = random.below(20_000) as usize;
        let near = random.below(300) as usize;
        let to = match random.below(3) {
            0 => from + near,
            1 => from.saturating_sub(near),
            _ => random.below(20_000) as usize,
        };
        let mut expected = bytes.clone();
        expected.copy_within(from..from + size, to);
        let start = bytes.as_mut_ptr();
        // SAFETY: every range ends before 36 000.
        unsafe {
            assert_eq!(memmove(start.add(to), start.add(from), size), start.add(to));
            assert!(bytes == expected, "{size} bytes from {from} to {to}");
            let byte = random.next() as u8;
            expected[to..to + size].fill(byte);
            assert_eq!(memset(start.add(to), byte.into(), size), start.add(to));
            assert!(bytes == expected, "{size} bytes at {to}");
            let other = expected.clone();
            assert_eq!(memcmp(start.add(to), other[to..].as_ptr(), size), 0);
            assert!(memchr(start.add(to), !i32::from(byte), size).is_null());
            let place = random.below(size as u64) as usize;
            *start.add(to + place) = !byte;
            assert_eq!(
                memcmp(start.add(to), other[to..].as_ptr(), size).signum(),
                (!byte).cmp(&byte) as i32
            );
            assert_eq!(
                memchr(start.add(to), !i32::from(byte), size),
                start.add(to + place)
            );
            if byte == 0xff {
                assert_eq!(strlen(start.add(to)), place);
            }
        }
    }
}

// SPDX-License-Identifier: ISC
//! The vectorised Internet checksum against the RFC's own words, on every length and alignment that matters.

#[path = "../src/checksum.rs"]
#[allow(dead_code, reason = "the test calls some of it directly")]
mod checksum;

#[path = "support/long.rs"]
mod long;

use long::long;
use xen_proto::checksum::{BlockSum, Sum, checksum as finish, sum_reference};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

fn avx2(bytes: &[u8]) -> u64 {
    assert!(checksum::has_avx2(), "the test's machine has no AVX2");
    // SAFETY: the processor has AVX2.
    unsafe { checksum::sum_avx2(bytes) }
}

/// Every way to sum a block that this processor has.
fn ways() -> Vec<(&'static str, BlockSum)> {
    let mut ways: Vec<(&'static str, BlockSum)> =
        vec![("chosen", checksum::sum), ("SSE2", checksum::sum_sse2)];
    if checksum::has_avx2() {
        ways.push(("AVX2", avx2));
    }
    ways
}

fn cases() -> usize {
    if long() { 1_000_000 } else { 10_000 }
}

#[test]
fn every_length_and_alignment_is_exact() {
    let mut random = Random(1);
    let bytes: Vec<u8> = (0..4096).map(|_| random.next() as u8).collect();
    for len in 0..700 {
        for start in 0..33 {
            let part = &bytes[start..start + len];
            assert_eq!(
                checksum::checksum(part),
                finish(part, sum_reference),
                "{len} bytes at {start}"
            );
        }
    }
    for (name, way) in ways() {
        for len in 0..700 {
            for start in 0..33 {
                let part = &bytes[start..start + len];
                assert_eq!(
                    finish(part, way),
                    finish(part, sum_reference),
                    "{name}: {len} bytes at {start}"
                );
            }
        }
    }
}

#[test]
fn random_blocks_and_lists_are_exact() {
    let mut random = Random(2);
    let bytes: Vec<u8> = (0..200_000).map(|_| random.next() as u8).collect();
    for _ in 0..cases() {
        let parts: Vec<&[u8]> = (0..random.below(5))
            .map(|_| {
                let most = if random.below(50) == 0 { 100_000 } else { 300 };
                let len = random.below(most);
                let start = random.below(bytes.len() - len);
                &bytes[start..start + len]
            })
            .collect();
        let whole = parts.concat();
        let expected = finish(&whole, sum_reference);
        assert_eq!(checksum::checksum(&whole), expected);
        for (name, way) in ways() {
            let mut sum = Sum::new();
            for part in &parts {
                sum.add(part, way);
            }
            assert_eq!(sum.checksum(), expected, "{name}");
        }
    }
}

#[test]
fn extreme_values_do_not_overflow() {
    for byte in [0x00, 0x7f, 0x80, 0xff] {
        // Longer than one emptying of the 32-bit lanes.
        let bytes = vec![byte; 3 << 20];
        for (name, way) in ways() {
            assert_eq!(
                finish(&bytes, way),
                finish(&bytes, sum_reference),
                "{name}: {byte:#x}"
            );
        }
    }
    for len in 0..300 {
        let ones = vec![0xff; len];
        assert_eq!(checksum::checksum(&ones), finish(&ones, sum_reference));
    }
    assert_eq!(checksum::checksum(&[]), 0xffff);
    assert_eq!(checksum::checksum(&[0xff; 6]), 0);
}

// SPDX-License-Identifier: ISC
//! The checksum against a naive reference, in one buffer and in parts of any length.

use crate::common::{Random, cases};
use xen_proto::checksum::*;

/// RFC 1071, section 4.1, byte by byte.
fn naive(bytes: &[u8]) -> u16 {
    let mut sum = 0_u64;
    for (i, &byte) in bytes.iter().enumerate() {
        sum += u64::from(byte) << if i % 2 == 0 { 8 } else { 0 };
    }
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

const ALL: [BlockSum; 3] = [sum_reference, sum_carry, sum_lanes];

#[test]
fn examples() {
    for block in ALL {
        // RFC 1071, section 3.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&bytes, block), !0xddf2);
        assert_eq!(checksum(&[], block), 0xffff);
        assert_eq!(checksum(&[0; 33], block), 0xffff);
        assert_eq!(checksum(&[0xff; 64], block), 0);
        assert_eq!(checksum(&[0xab], block), !0xab00);
    }
}

#[test]
fn every_length_and_alignment() {
    let mut random = Random::new(30);
    for fill in 0..3 {
        let bytes = match fill {
            0 => random.bytes(2100),
            fill => vec![if fill == 1 { 0xff } else { 0 }; 2100],
        };
        for len in (0..260).chain([1499, 1500, 1501, 2047, 2048]) {
            for start in 0..33 {
                let part = &bytes[start..start + len];
                for block in ALL {
                    assert_eq!(checksum(part, block), naive(part), "{len} bytes at {start}");
                }
            }
        }
    }
}

#[test]
fn parts() {
    let mut random = Random::new(31);
    for _ in 0..cases(10_000) {
        let len = random.below(300) as usize;
        let bytes = random.bytes(len);
        let mut rest = &bytes[..];
        let mut sum = Sum::new();
        let block = ALL[random.below(3) as usize];
        while !rest.is_empty() {
            let len = random.below(rest.len() as u64 + 1) as usize;
            sum.add(&rest[..len], block);
            rest = &rest[len..];
        }
        assert_eq!(sum.checksum(), naive(&bytes));
    }
}

#[test]
fn folding() {
    for sum in [
        0,
        1,
        0xffff,
        0x1_0000,
        u64::MAX,
        u64::MAX - 1,
        0xffff_ffff,
        1 << 63,
        0xfffe_ffff_ffff_fffe,
    ] {
        let mut expected = sum;
        while expected >> 16 != 0 {
            expected = (expected & 0xffff) + (expected >> 16);
        }
        assert_eq!(u64::from(fold(sum)), expected, "{sum:x}");
    }
}

// SPDX-License-Identifier: ISC
//! The vectorised Internet checksum beside a chain of 64-bit additions with carry, which is how it was done before, and
//! the `internet-checksum` crate. Nanoseconds a call, the least of many rounds.

#[path = "../src/checksum.rs"]
#[allow(dead_code, reason = "the benchmark calls some of it directly")]
mod checksum;

use std::hint::black_box;
use std::time::Instant;

/// Upstream's method: a carry put back after each eight bytes, then folding until nothing is left above sixteen bits.
fn add_with_carry(bytes: &[u8]) -> u16 {
    let mut sum = 0_u64;
    let mut add = |word: u64| {
        sum = sum.wrapping_add(word);
        if sum < word {
            sum += 1;
        }
    };
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        add(u64::from_le_bytes(*word));
    }
    let (pairs, last) = rest.as_chunks::<2>();
    for pair in pairs {
        add(u64::from(u16::from_le_bytes(*pair)));
    }
    if let [byte] = last {
        add(u64::from(*byte));
    }
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16).swap_bytes()
}

/// The crate's answer, in the order of the others.
fn crate_checksum(bytes: &[u8]) -> u16 {
    u16::from_be_bytes(internet_checksum::checksum(bytes))
}

/// Nanoseconds a call of each: the calls are alike, through a pointer that the compiler cannot see through, and the three
/// take turns, so that what else the machine does meets all of them.
fn least(calls: u32, data: &[u8], ways: [fn(&[u8]) -> u16; 3]) -> [f64; 3] {
    let mut least = [f64::INFINITY; 3];
    for _ in 0..400 {
        for (least, way) in least.iter_mut().zip(ways) {
            let way = black_box(way);
            let start = Instant::now();
            for _ in 0..calls {
                black_box(way(black_box(data)));
            }
            let each = start.elapsed().as_nanos() as f64 / f64::from(calls);
            *least = least.min(each);
        }
    }
    least
}

fn main() {
    println!(
        "| bytes | ours, ns | add with carry, ns | internet-checksum, ns | ours is faster by |"
    );
    println!("|---:|---:|---:|---:|---|");
    for (bytes, calls) in [
        (20, 10_000),
        (64, 10_000),
        (256, 5000),
        (1500, 1000),
        (65536, 50),
    ] {
        let data: Vec<u8> = (0..bytes).map(|i: usize| (i * 7 + i / 256) as u8).collect();
        let [ours, carry, theirs] = least(
            calls,
            &data,
            [checksum::checksum, add_with_carry, crate_checksum],
        );
        println!(
            "| {bytes} | {ours:.1} | {carry:.1} | {theirs:.1} | {:.1}, {:.1} |",
            carry / ours,
            theirs / ours
        );
    }
}

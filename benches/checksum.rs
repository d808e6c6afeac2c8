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

fn least(calls: u32, mut f: impl FnMut() -> u16) -> f64 {
    (0..200)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(f());
            }
            start.elapsed().as_nanos() as f64 / f64::from(calls)
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() {
    println!(
        "| bytes | ours, ns | add with carry, ns | internet-checksum, ns | ours is faster by |"
    );
    println!("|---:|---:|---:|---:|---|");
    for (bytes, calls) in [(64, 10_000), (1500, 1000), (65536, 50)] {
        let data: Vec<u8> = (0..bytes).map(|i: usize| (i * 7 + i / 256) as u8).collect();
        let ours = least(calls, || checksum::checksum(black_box(&data)));
        let carry = least(calls, || add_with_carry(black_box(&data)));
        let theirs = least(calls, || {
            u16::from_be_bytes(internet_checksum::checksum(black_box(&data)))
        });
        println!(
            "| {bytes} | {ours:.1} | {carry:.1} | {theirs:.1} | {:.1}, {:.1} |",
            carry / ours,
            theirs / ours
        );
    }
}

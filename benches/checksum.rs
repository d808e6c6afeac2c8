// SPDX-License-Identifier: ISC
//! The vectorised Internet checksum beside a chain of 64-bit additions with carry, which is how it was done before, and
//! the `internet-checksum` crate. Nanoseconds a call, the least of many rounds.

#[path = "../src/checksum.rs"]
#[allow(dead_code, reason = "the benchmark calls some of it directly")]
mod checksum;

use std::hint::black_box;
use std::time::Instant;
use xen_proto::checksum::{checksum as finish, sum_carry};

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
        let ours = least(calls, || finish(black_box(&data), checksum::sum));
        let carry = least(calls, || finish(black_box(&data), sum_carry));
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

// SPDX-License-Identifier: ISC
//! The generator behind our `getrandom` beside the `getrandom` crate, which asks this machine's kernel. Nanoseconds a call,
//! the least of many rounds. Ours is seeded again after each mebibyte, as in a domain, but with bytes that are there: what
//! drawing on the processor and on times costs in a domain is its own affair, once a mebibyte or a minute.

use std::hint::black_box;
use std::time::Instant;
use xen_proto::entropy::generator::Generator;

fn least(calls: u32, mut way: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        way();
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn main() {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("this machine has random bytes");
    let mut generator = Generator::new();
    println!("| bytes | ours, ns | getrandom, ns | ours is faster by |\n|---:|---:|---:|---|");
    for (bytes, calls) in [
        (16, 2000),
        (32, 2000),
        (256, 1000),
        (4096, 200),
        (65536, 20),
    ] {
        let mut buffer = vec![0; bytes];
        let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
        // They take turns, so that what else the machine does meets both.
        for _ in 0..200 {
            ours = ours.min(least(calls, || {
                if generator.is_due() {
                    generator.seed(&seed);
                }
                generator.fill(black_box(&mut buffer));
            }));
            theirs = theirs.min(least(calls, || {
                getrandom::fill(black_box(&mut buffer)).expect("random bytes");
            }));
        }
        println!(
            "| {bytes} | {ours:.1} | {theirs:.1} | {:.1} |",
            theirs / ours
        );
    }
}

// SPDX-License-Identifier: ISC
//! The fuzz targets' bodies, run here on random input, so that an ordinary test builds and tries
//! them; the fuzzer itself is in the directory `fuzz` of the repository.

mod block;
mod boot;
mod console;
mod evtchn;
mod input;
mod net;
mod tables;
mod xenstore;

use crate::common::{Random, cases};

#[test]
fn on_random_input() {
    let mut random = Random::new(60);
    for run in [
        block::run,
        boot::run,
        console::run,
        evtchn::run,
        net::run,
        tables::run,
        xenstore::run,
    ] {
        for _ in 0..cases(300) {
            let most = 1 << random.below(13);
            let len = random.below(most) as usize;
            let mut bytes = random.bytes(len);
            // Small numbers reach further than random ones.
            if random.one_in(2) {
                let bits = random.below(8);
                bytes.iter_mut().for_each(|byte| *byte &= (1 << bits) - 1);
            }
            run(&bytes);
        }
    }
}

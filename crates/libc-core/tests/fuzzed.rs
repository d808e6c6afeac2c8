// SPDX-License-Identifier: ISC
//! The fuzz targets' bodies on the corpus and on random input; the fuzzer itself is in the directory
//! `fuzz` of the repository.

mod support;

#[path = "fuzz/format.rs"]
mod format;
#[path = "fuzz/numbers.rs"]
mod numbers;
#[path = "fuzz/numbers_support.rs"]
mod numbers_support;
#[path = "fuzz/scan.rs"]
mod scan;

use support::{Random, cases};

/// A folder of the corpus, the body that reads it, and what its input is made of.
type Target = (&'static str, fn(&[u8]), &'static [u8]);

const TARGETS: [Target; 3] = [
    (
        "format",
        format::run,
        b"%%%%%0123456789.*$-+ #'hlLqjztdiouxXcsfFeEgGaAnmpb",
    ),
    (
        "scan",
        scan::run,
        b"%%%%%0123456789*$[]^-hlLqjztmdiouxXcsfpn abc\n",
    ),
    ("numbers", numbers::run, b"0123456789.eEpPxX+-infatyINF()_ "),
];

#[test]
fn on_the_corpus() {
    for (name, run, _) in TARGETS {
        let folder = format!("{}/tests/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut files = 0;
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder}: {e}")) {
            run(&std::fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files > 0, "{folder} is empty");
    }
}

#[test]
fn on_random_input() {
    let mut random = Random(101);
    for (_, run, alphabet) in TARGETS {
        for _ in 0..cases() {
            let length = random.below(60);
            let plain = random.one_in(8);
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    if plain {
                        random.next() as u8
                    } else {
                        random.pick(alphabet)
                    }
                })
                .collect();
            run(&bytes);
        }
    }
}

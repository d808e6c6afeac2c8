// SPDX-License-Identifier: ISC
//! Random bytes on a real Xen: from the core, through libc, and as mirage-crypto-rng draws them.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason};
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

const NO_RDRAND: &str = r#"cpuid = "host,rdrand=0,rdseed=0""#;

/// Bits of `solo5__xen_entropy`.
const PROCESSOR: u64 = 1;
const JITTER: u64 = 2;

fn run(name: &str, config: &[&str]) -> Outcome {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/guests/{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    boot(&elf, config)
}

fn boot(elf: &Path, config: &[&str]) -> Outcome {
    let outcome = Lab::shared().run(Guest {
        cmdline: "--solo5:quiet".into(),
        config: config.iter().map(|line| line.to_string()).collect(),
        ..Guest::new(elf)
    });
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{config:?}: {outcome}"
    );
    outcome
}

fn numbers(outcome: &Outcome, name: &str) -> Vec<u64> {
    outcome
        .text()
        .lines()
        .filter_map(|line| {
            line.trim_end()
                .strip_prefix(name)?
                .strip_prefix(' ')?
                .parse()
                .ok()
        })
        .collect()
}

#[test]
fn bytes_are_random_and_their_sources_known() {
    let mut words = HashSet::new();
    for config in [&[][..], &[NO_RDRAND], &[NO_RDRAND]] {
        let outcome = run("solo5_entropy", config);
        let sources = if config.is_empty() {
            PROCESSOR | JITTER
        } else {
            JITTER
        };
        assert_eq!(numbers(&outcome, "sources"), [sources], "{outcome}");
        for word in numbers(&outcome, "word") {
            assert!(words.insert(word), "twice: {outcome}");
        }
    }
    assert_eq!(words.len(), 12);
}

/// Debian's mirage-crypto-rng, as it is: its Fortuna is seeded by the processor and by getrandom.
#[test]
fn mirage_crypto_is_seeded_by_getrandom() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let elf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("random.xen");
    let output = Command::new(root.join("tools/xen-ocaml"))
        .arg("build")
        .arg(root.join("tests/archives/random.ml"))
        .args(["--package", "mirage-crypto-rng.unix", "-o"])
        .arg(&elf)
        .output()
        .expect("tools/xen-ocaml starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut seen = HashSet::new();
    for config in [&[][..], &[NO_RDRAND], &[NO_RDRAND]] {
        let outcome = boot(&elf, config);
        let text = outcome.text();
        let digits = text.lines().filter_map(|line| {
            line.strip_prefix("system ")
                .or_else(|| line.strip_prefix("fortuna "))
        });
        for digits in digits {
            assert_eq!(digits.trim_end().len(), 64, "{outcome}");
            assert!(seen.insert(digits.to_owned()), "twice: {outcome}");
        }
    }
    assert_eq!(seen.len(), 9, "{seen:?}");
}

// SPDX-License-Identifier: ISC
//! What memory may be used for, and that no two boots are alike, on a real Xen.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason};
use std::collections::HashMap;
use std::path::Path;

fn run(name: &str, cmdline: &str, config: &[&str]) -> Outcome {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/guests/{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    Lab::shared().run(Guest {
        cmdline: cmdline.into(),
        config: config.iter().map(|line| line.to_string()).collect(),
        ..Guest::new(elf)
    })
}

fn passes(name: &str, cmdline: &str, config: &[&str]) -> Outcome {
    let outcome = run(name, cmdline, config);
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{cmdline} {config:?}: {outcome}"
    );
    outcome
}

/// A processor as it was before it had a generator.
const NO_RDRAND: &str = r#"cpuid = "host,rdrand=0,rdseed=0""#;

#[test]
fn only_text_is_executable_and_nothing_constant_writable() {
    for test in ["tables", "registers", "stacks"] {
        passes("solo5_protection", test, &[]);
    }
    // Memory above 4 GiB and memory in an odd place are no different.
    for memory in ["memory = 3", "memory = 1500"] {
        passes("solo5_protection", "tables", &[memory]);
    }
}

#[test]
fn the_boots_own_check_finds_what_is_wrong() {
    passes("solo5_protection", "found", &[]);
}

/// The lines `NAME NUMBER` of a guest.
fn numbers(outcome: &Outcome) -> HashMap<String, u64> {
    outcome
        .text()
        .lines()
        .filter_map(|line| {
            let (name, number) = line.trim_end().split_once(' ')?;
            Some((name.to_string(), number.parse().ok()?))
        })
        .collect()
}

/// Some boots: how many different values each number had.
fn values(cmdline: &str, config: &[&str], count: usize) -> HashMap<String, usize> {
    let boots: Vec<_> = (0..count)
        .map(|_| numbers(&passes("solo5_protection", cmdline, config)))
        .collect();
    boots[0]
        .keys()
        .map(|name| {
            let mut seen: Vec<u64> = boots.iter().map(|boot| boot[name]).collect();
            seen.sort();
            seen.dedup();
            (name.clone(), seen.len())
        })
        .collect()
}

const PLACES: [&str; 5] = ["heap", "guard", "stack", "window", "reservation"];

#[test]
fn no_two_boots_are_alike() {
    for config in [&[][..], &[NO_RDRAND]] {
        let values = values("--solo5:quiet layout", config, 4);
        for secret in ["canary", "secret"] {
            assert_eq!(values[secret], 4, "{secret}: {values:?}");
        }
        for place in PLACES {
            // Seven bits at least in 32 MB: that all boots agree by chance is as good as impossible, once in two million times.
            assert!(values[place] >= 2, "{place}: {values:?}");
        }
    }
}

#[test]
fn boots_are_alike_on_request_but_for_their_secrets() {
    let values = values("--solo5:norandom --solo5:quiet layout", &[], 2);
    for place in PLACES {
        assert_eq!(values[place], 1, "{place}: {values:?}");
    }
    assert_eq!((values["canary"], values["secret"]), (2, 2), "{values:?}");
}

#[test]
fn a_domain_without_rdrand_says_so_when_asked() {
    let outcome = passes("solo5_protection", "--solo5:debug layout", &[NO_RDRAND]);
    assert!(
        outcome
            .text()
            .contains("Solo5: entropy: times, for want of RDRAND"),
        "{outcome}"
    );
    let outcome = passes("solo5_protection", "--solo5:debug layout", &[]);
    assert!(
        outcome
            .text()
            .contains("Solo5: entropy: the processor's generator"),
        "{outcome}"
    );
}

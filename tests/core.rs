// SPDX-License-Identifier: ISC
//! The booting core on a real Xen: what Solo5's API promises, what the hardware stops, what bad input becomes.

#[path = "support/lab.rs"]
mod lab;
#[path = "support/crash_report.rs"]
#[allow(dead_code, reason = "of reports the first line is enough here")]
mod report;

#[path = "core/image.rs"]
mod image;
#[path = "core/memory.rs"]
mod memory;

use lab::{Guest, Lab, Outcome, Reason, long};
use report::matches;
use std::path::Path;

fn guest(name: &str, cmdline: &str) -> Guest {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/guests/{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    Guest {
        cmdline: cmdline.into(),
        ..Guest::new(elf)
    }
}

fn basics(cmdline: &str) -> Guest {
    guest("solo5_basics", cmdline)
}

fn run(guest: Guest) -> Outcome {
    Lab::shared().run(guest)
}

/// Runs a test of `solo5_basics` that is to end well.
fn passes(test: &str) -> Outcome {
    let outcome = run(basics(test));
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{test}: {outcome}"
    );
    outcome
}

fn lines(outcome: &Outcome) -> Vec<String> {
    outcome
        .text()
        .lines()
        .map(|line| line.trim_end_matches('\r').to_string())
        .collect()
}

#[test]
fn the_version_comes_first_and_quiet_silences_it() {
    let outcome = passes("a word");
    let first = format!(
        "Solo5: Bindings version mirage-xen-rs v{}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(lines(&outcome).first(), Some(&first), "{outcome}");
    assert!(
        outcome.text().contains("\r\n"),
        "LF goes out as CR LF: {outcome}"
    );
    let outcome = passes("--solo5:quiet a word");
    assert_eq!(lines(&outcome)[1..], ["[a word]"], "{outcome}");
    assert!(!outcome.text().contains("Solo5"), "{outcome}");
    assert_eq!(outcome.port_e9, ["mirage-xen: exit status 0"], "{outcome}");
}

/// FNV-1a, as the guest computes it.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(14695981039346656037, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1099511628211)
    })
}

#[test]
fn the_command_line_arrives_exactly() {
    let long: String = (0..8191)
        .map(|i| char::from(b'a' + (i % 23) as u8))
        .collect();
    for text in [
        "",
        "Hello_Solo5",
        "two  spaces and \"quotes\"",
        " leading",
        long.as_str(),
    ] {
        let outcome = passes(text);
        let expected = format!("length {} hash {}", text.len(), hash(text.as_bytes()));
        assert!(
            lines(&outcome).contains(&expected),
            "expected {expected}: {outcome}"
        );
    }
    // What is longer than the contract allows is cut, with a warning.
    let longer: String = (0..9000)
        .map(|i| char::from(b'a' + (i % 23) as u8))
        .collect();
    let outcome = passes(&longer);
    let expected = format!("length 8191 hash {}", hash(&longer.as_bytes()[..8191]));
    assert!(
        lines(&outcome).contains(&expected),
        "expected {expected}: {outcome}"
    );
    assert!(
        outcome.text().contains("warning: command line too long"),
        "{outcome}"
    );
}

#[test]
fn options_are_taken_from_the_front_and_wrong_ones_named() {
    let outcome = passes("--solo5:stack=512k --solo5:warn rest --solo5:quiet");
    assert_eq!(lines(&outcome)[1..], ["[rest --solo5:quiet]"], "{outcome}");
    let outcome = passes("--solo5:stack=512k rest");
    assert!(outcome.text().contains("stack 512 KiB"), "{outcome}");
    let outcome = passes("--solo5:nonsense rest");
    assert!(
        outcome
            .text()
            .contains("error: --solo5:nonsense: unknown option"),
        "{outcome}"
    );
    assert!(
        outcome.text().contains("[--solo5:nonsense rest]"),
        "{outcome}"
    );
    let outcome = passes("--solo5:stack=12q rest");
    assert!(
        outcome
            .text()
            .contains("error: --solo5:stack=12q: bad size"),
        "{outcome}"
    );
    for size in ["1k", "100g", "0"] {
        let outcome = run(basics(&format!("--solo5:stack={size} rest")));
        assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
        assert!(
            outcome
                .text()
                .contains("--solo5:stack: must be at least 64k"),
            "{outcome}"
        );
    }
}

#[test]
fn the_api_behaves() {
    for test in [
        "globals", "heap", "fpu", "avx", "tls", "devices", "reserve", "upcall",
    ] {
        passes(test);
    }
    let outcome = passes("output");
    let text: String = (0..8192usize)
        .map(|i| {
            if i % 64 == 63 {
                '\n'
            } else {
                char::from(b'A' + ((i / 64 + i) % 26) as u8)
            }
        })
        .collect();
    assert!(
        outcome.text().replace("\r\n", "\n").contains(&text),
        "one long write arrives whole: {outcome}"
    );
}

#[test]
fn ends_are_told_apart() {
    for status in [0, 1, 3, 254] {
        let outcome = run(basics(&format!("exit {status}")));
        assert_eq!(
            (&outcome.reason, outcome.exit_status),
            (&Reason::Poweroff, Some(status)),
            "{outcome}"
        );
        assert!(
            outcome.text().ends_with("exiting\r\n"),
            "the last line is not lost: {outcome}"
        );
    }
    let outcome = run(basics("exit 255"));
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    let outcome = run(basics("abort"));
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    assert!(
        outcome.text().contains(
            "aborting\r\nSolo5: ---- crash report ----\r\nSolo5: solo5_abort() called\r\n"
        ),
        "the last line is not lost: {outcome}"
    );
    let outcome = run(basics("reboot"));
    assert_eq!(outcome.reason, Reason::Reboot, "{outcome}");
}

#[test]
fn every_boot_has_its_own_canary() {
    let canary = || {
        let outcome = passes("canary");
        lines(&outcome)
            .into_iter()
            .find(|line| line.starts_with("canary "))
            .expect("the guest prints it")
    };
    let (one, other) = (canary(), canary());
    assert_ne!(one, other);
}

#[test]
fn what_is_wrong_is_stopped_and_named() {
    let page_fault = |what: &str| format!("trap: page fault at rip=… {what}");
    for (test, expected) in [
        ("zero-write", page_fault("writing 0x8, page zero")),
        ("zero-read", page_fault("reading 0x8, page zero")),
        ("low-read", page_fault("reading 0xff000, low memory")),
        ("wild-write", page_fault("writing 0x7f0000000000, unmapped")),
        ("unbacked", page_fault("writing …, unmapped")),
        (
            "non-canonical",
            "trap: general protection fault at rip=… error=0x0".into(),
        ),
        ("write-text", page_fault("writing …, text")),
        ("write-hypercall-page", page_fault("writing …, text")),
        ("write-rodata", page_fault("writing …, read-only data")),
        ("run-rodata", page_fault("executing …, read-only data")),
        ("run-data", page_fault("executing …, data")),
        ("run-shared", page_fault("executing …, data")),
        ("run-heap", page_fault("executing …, heap")),
        ("run-stack", page_fault("executing …, main stack")),
        ("run-window", page_fault("executing …, unmapped")),
        (
            "overflow-stack",
            page_fault("writing …, guard page of the main stack: stack overflow"),
        ),
        ("lose-stack", page_fault("writing 0x0, page zero")),
        (
            "smash-stack",
            "stack smashed: a function's stack canary was overwritten".into(),
        ),
        ("divide", "trap: divide error at rip=… error=0x0".into()),
        (
            "invalid-opcode",
            "trap: invalid opcode at rip=… error=0x0".into(),
        ),
        ("breakpoint", "trap: breakpoint at rip=… error=0x0".into()),
        (
            "unexpected-interrupt",
            "trap: general protection fault at rip=… error=0x402".into(),
        ),
    ] {
        let outcome = run(guest("solo5_faults", &format!("--solo5:quiet {test}")));
        assert_eq!(outcome.reason, Reason::Crash, "{test}: {outcome}");
        let expected = format!("Solo5: {expected}");
        for (whereto, lines) in [
            ("console", lines(&outcome)),
            ("port 0xE9", outcome.port_e9.clone()),
        ] {
            assert!(
                lines.iter().any(|line| matches(line, &expected)),
                "{test}: no {expected:?} on {whereto}: {outcome}"
            );
        }
    }
}

#[test]
fn guests_run_side_by_side() {
    let running: Vec<_> = (0..6)
        .map(|i| Lab::shared().start(basics(&format!("exit {i}"))))
        .collect();
    for (i, running) in running.into_iter().enumerate() {
        let outcome = running.wait();
        assert_eq!(outcome.exit_status, Some(i as u8), "{outcome}");
    }
}

#[test]
fn boots_in_a_row() {
    let count = if long() { 100 } else { 5 };
    for _ in 0..count {
        passes("--solo5:quiet globals");
    }
}

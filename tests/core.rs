// SPDX-License-Identifier: ISC
//! The booting core on a real Xen: what Solo5's API promises, what the hardware stops, what bad input becomes.

#[path = "support/lab.rs"]
mod lab;
#[path = "support/crash_report.rs"]
#[allow(dead_code, reason = "of reports the first line is enough here")]
mod report;

use lab::{Guest, Lab, Outcome, Reason, long};
use report::matches;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    for test in ["globals", "heap", "fpu", "avx", "tls", "devices", "reserve"] {
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
fn time_passes_and_sleep_costs_nothing() {
    passes("clocks");
    passes("sleep");
    // Three seconds of sleep at no more than a hundredth of a processor, boot included.
    let outcome = passes("--solo5:quiet idle");
    assert!(outcome.elapsed >= Duration::from_secs(3), "{outcome}");
    assert!(
        outcome.cpu <= Duration::from_millis(100),
        "{:?}: {outcome}",
        outcome.cpu
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
fn too_little_memory_is_said() {
    let big = |memory| {
        run(Guest {
            memory,
            ..guest("solo5_big", "")
        })
    };
    let outcome = big(2);
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    let expected = "Solo5: too little memory to start: the domain has 2048 KiB; raise memory= in its configuration";
    assert_eq!(outcome.port_e9, [expected], "{outcome}");
    let outcome = big(3);
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
}

#[test]
fn all_memory_is_given() {
    for memory in [8, 64, 1024] {
        let outcome = run(Guest {
            memory,
            ..basics("--solo5:quiet heap")
        });
        assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
        let heap: u64 = lines(&outcome)[0]
            .trim_start_matches("heap ")
            .parse()
            .expect("a number");
        // All but low memory, the image and the stack.
        let stack = (u64::from(memory) << 20) / 8;
        let least = (u64::from(memory) << 20) - stack.min(8 << 20) - (3 << 19);
        assert!(heap >= least, "{heap} of {memory} MiB: {outcome}");
    }
}

/// A number that the guest printed after a word.
fn number(outcome: &Outcome, word: &str) -> u64 {
    let said = lines(outcome);
    let mut found = said.iter().filter_map(|line| line.strip_prefix(word));
    let words = found
        .next()
        .unwrap_or_else(|| panic!("no {word:?}: {outcome}"));
    words
        .trim()
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

/// 6 GiB in the long run, in a machine that has them: a third lies above 4 GiB.
#[test]
fn all_memory_can_be_used() {
    let guest = |memory| Guest {
        memory,
        timeout: Duration::from_secs(1800),
        ..guest("xen_memory", "--solo5:quiet")
    };
    let (memory, outcome) = if long() {
        let lab = Lab::own(&["--slots", "1", "--memory", "8192"]);
        let mut running = lab.start(guest(6144));
        running.wait_for(b"above ", Duration::from_secs(3600));
        (6144, running.wait())
    } else {
        (64, run(guest(64)))
    };
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
    // All but the stack, the image, page tables, and the last piece of each range.
    let all = number(&outcome, "all ");
    assert!(all >= (memory - 8 - 12) << 10, "{outcome}");
    if memory > 4096 {
        // RAM ends at 0xfc000000 below 4 GiB.
        let above = number(&outcome, "above ");
        assert!(above >= (memory - 0xfc0 - 4) << 10, "{outcome}");
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

#[test]
fn an_elf_without_the_pvh_note_is_refused() {
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no-note.xen");
    let elf = basics("").elf;
    let status = std::process::Command::new("objcopy")
        .args(["--remove-section=.note.solo5.xen"])
        .args([&elf, &copy])
        .status()
        .expect("objcopy (Debian: binutils)");
    assert!(status.success());
    let output = std::process::Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/run"))
        .arg(&copy)
        .output()
        .expect("lab/run starts");
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("PVH"), "{errors}");
}

/// Rewrites the entry in the Xen note of an image to one of its symbols.
fn with_entry(elf: &Path, symbol: &str) -> PathBuf {
    let output = std::process::Command::new("nm")
        .arg(elf)
        .output()
        .expect("nm (Debian: binutils)");
    let symbols = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = symbols
        .lines()
        .find(|line| line.ends_with(&format!(" {symbol}")));
    let address = line.and_then(|line| u64::from_str_radix(&line[..16], 16).ok());
    let address = address.unwrap_or_else(|| panic!("{symbol} is not in {}", elf.display()));
    let mut image = std::fs::read(elf).expect("the image was built");
    // Sizes of the name and the descriptor, XEN_ELFNOTE_PHYS32_ENTRY, the name.
    let note = [&[4, 0, 0, 0, 8, 0, 0, 0, 18, 0, 0, 0][..], b"Xen\0"].concat();
    let at = image
        .windows(note.len())
        .position(|window| window == note)
        .expect("a Xen note");
    image[at + note.len()..][..8].copy_from_slice(&address.to_le_bytes());
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{symbol}.xen"));
    std::fs::write(&copy, image).expect("cargo's folder for tests is writable");
    copy
}

#[test]
fn start_info_without_a_memory_map_is_enough() {
    let elf = with_entry(&guest("solo5_version0", "").elf, "start_version0");
    let heap = |elf: PathBuf| {
        let outcome = run(Guest {
            cmdline: "--solo5:norandom --solo5:quiet".into(),
            memory: 64,
            ..Guest::new(elf)
        });
        assert_eq!(
            (&outcome.reason, outcome.exit_status),
            (&Reason::Poweroff, Some(0)),
            "{outcome}"
        );
        lines(&outcome)
    };
    assert_eq!(
        heap(elf),
        heap(guest("solo5_version0", "").elf),
        "Xen's own map says the same"
    );
}

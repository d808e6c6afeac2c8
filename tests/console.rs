// SPDX-License-Identifier: ISC
//! The console on a real Xen: much output, output that nobody reads for a while, output that must not wait, and input.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason, long};
use std::path::Path;
use std::time::Duration;

fn guest(name: &str, cmdline: &str) -> Guest {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/guests/{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    Guest {
        cmdline: format!("--solo5:quiet {cmdline}"),
        timeout: Duration::from_secs(300),
        ..Guest::new(elf)
    }
}

fn console(cmdline: &str) -> Guest {
    guest("solo5_console", cmdline)
}

fn ends_well(outcome: &Outcome, what: &str) {
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{what}: {outcome}"
    );
}

/// The lines that `tests/guests/solo5_console` writes, as dom0 sees them.
fn lines(count: u64) -> Vec<u8> {
    let mut text = Vec::new();
    for mut number in 0..count {
        for i in 0..79 {
            text.push(b'!' + (number.wrapping_add(i * 7) % 90) as u8);
            number = number
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            number ^= number >> 32;
        }
        text.extend(b"\r\n");
    }
    text
}

#[test]
fn a_flood_arrives_whole() {
    // 8 MiB, by default a sixteenth of it: the daemon takes some 250 KiB a second.
    let count = (8 << 20) / 80 / if long() { 1 } else { 16 };
    let outcome = Lab::shared().run(console(&format!("lines {count}")));
    ends_well(&outcome, "flood");
    // Equal is more than any checksum says.
    assert!(
        outcome.console == lines(count),
        "{} bytes arrived of {}",
        outcome.console.len(),
        81 * count
    );
    assert_eq!(outcome.console_unread, 0);
}

#[test]
fn one_write_of_a_mebibyte_arrives_whole() {
    let count = if long() { 13108 } else { 2000 };
    let outcome = Lab::shared().run(console(&format!("once {count}")));
    ends_well(&outcome, "one write");
    assert!(outcome.console == lines(count), "{}", outcome.console.len());
}

#[test]
fn a_line_that_is_waited_for_is_seen() {
    let mut running = Lab::shared().start(console("answers"));
    for i in 0..40u8 {
        let line = format!("line {i}\r\n");
        assert!(
            running.wait_for(line.as_bytes(), Duration::from_secs(300)),
            "{line}"
        );
        running.input(&[b'a' + i % 26]);
    }
    ends_well(&running.wait(), "answers");
}

#[test]
fn a_busy_domain_keeps_no_line() {
    let mut running = Lab::shared().start(console("busy"));
    let seen = running.wait_for(b"line 19\r\n", Duration::from_secs(300));
    running.kill();
    let outcome = running.wait();
    assert!(seen, "{outcome}");
}

#[test]
fn a_daemon_that_stands_still_costs_output_but_not_the_domain() {
    // Other guests need the daemon.
    let lab = Lab::own(&["--slots", "1"]);
    let whole = String::from_utf8(lines(100)).expect("ASCII");
    for test in ["stall", "stall-read"] {
        let mut running = lab.start(Guest {
            before: Some("kill -STOP $(pidof xenconsoled)".into()),
            dom0: Some(
                "until xl dmesg | grep -q \"(d$DOMID) written\"; do sleep 0.2; done; kill -CONT $(pidof xenconsoled)".into(),
            ),
            ..console(test)
        });
        let report = b" bytes of output were lost\r\n";
        let seen = running.wait_for(report, Duration::from_secs(120));
        running.input(b"x");
        let outcome = running.wait();
        assert!(seen, "{outcome}");
        ends_well(&outcome, test);
        let text = outcome.text();
        let (came, report) = text
            .split_once("\r\nSolo5: warning: the console stood still, ")
            .unwrap_or_else(|| panic!("{outcome}"));
        assert!(whole.starts_with(came) && came.len() == 2048, "{outcome}");
        let (lost, after) = report
            .split_once(" bytes of output were lost\r\n")
            .expect("how many");
        assert_eq!(lost.parse(), Ok(whole.len() - came.len()), "{outcome}");
        if test == "stall" {
            let waited: Vec<u64> = after
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            // Five seconds once, for the first byte that did not fit; what follows waits no more.
            assert!(waited[0] >= 5000 && waited[1] < 2000, "{outcome}");
        }
    }
}

/// FNV-1a, as the guest computes it.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(14695981039346656037, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1099511628211)
    })
}

#[test]
fn input_arrives_whole() {
    // More than the ring of 1 KiB holds, of every byte value.
    let bytes: Vec<u8> = (0..20_000u32).map(|i| (i * 31 + i / 256) as u8).collect();
    let mut running = Lab::shared().start(console(&format!("input {}", bytes.len())));
    assert!(running.wait_for(b"ready\r\n", Duration::from_secs(300)));
    for piece in bytes.chunks(3000) {
        running.input(piece);
    }
    let outcome = running.wait();
    ends_well(&outcome, "input");
    let expected = format!("read 20000 hash {}", hash(&bytes));
    assert!(outcome.text().contains(&expected), "{expected}: {outcome}");
}

#[test]
fn programs_read_lines_and_bytes() {
    let mut running = Lab::shared().start(guest("c_input", ""));
    let mut ask = |question: &str, answer: &[u8]| {
        assert!(
            running.wait_for(question.as_bytes(), Duration::from_secs(300)),
            "{question}: {}",
            String::from_utf8_lossy(running.console())
        );
        running.input(answer);
    };
    // As a terminal has it: Enter is CR.
    ask("name? ", b"Xen\r");
    ask("bytes? ", b"abc");
    ask("<a><b><c>\r\n", b"one\rtwo\rthree\r\x04");
    let outcome = running.wait();
    ends_well(&outcome, "input through libc");
    assert!(
        outcome
            .text()
            .ends_with("nothing 0\r\nname? ready 1 1\r\n[Xen]\r\nbytes? <a><b><c>\r\nread 4\r\ntwo\r\nthree\r\nend 1\r\n"),
        "{outcome}"
    );
}

// SPDX-License-Identifier: ISC
//! The OCaml OS library: its tests on the host, then its guests and the examples on a real Xen, xenstore and xl.

#[path = "support/lab.rs"]
mod lab;

#[path = "os/host.rs"]
mod host;
#[path = "os/lifecycle.rs"]
mod lifecycle;
#[path = "os/ring.rs"]
mod ring;
#[path = "os/xenstore.rs"]
mod xenstore;

use lab::{Guest, Lab, Outcome, Reason, Running, long};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Full counts are for `make test-long`; a run of all tests makes do with less.
fn scaled(full: u64, usual: u64) -> u64 {
    if long() { full } else { usual }
}

/// How long something may take that takes a second on a machine of its own: a tenth of a processor has been seen to take a
/// minute for it.
const SOON: Duration = Duration::from_secs(300);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn guest(name: &str, cmdline: &str) -> Guest {
    let elf = lab::guests().join(format!("{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    Guest {
        cmdline: cmdline.into(),
        timeout: Duration::from_secs(scaled(3000, 500)),
        ..Guest::new(elf)
    }
}

/// The console's lines without those of the bindings.
fn lines(outcome: &Outcome) -> Vec<String> {
    outcome
        .text()
        .lines()
        .map(|line| line.trim_end_matches('\r').to_string())
        .filter(|line| !line.starts_with("Solo5:"))
        .collect()
}

/// The status is told by a line in Xen's log, which may be lost when two domains end at the same time.
fn ended_well(outcome: Outcome) -> Outcome {
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    assert_eq!(outcome.exit_status.unwrap_or(0), 0, "{outcome}");
    outcome
}

/// Runs a guest whose last line is to be `ok`.
fn passes(guest: Guest) -> Outcome {
    let outcome = ended_well(Lab::shared().run(guest));
    assert_eq!(
        lines(&outcome).last().map(String::as_str),
        Some("ok"),
        "{outcome}"
    );
    outcome
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Main loop and xenstore in what upstream needs nine megabytes for.
#[test]
fn seven_megabytes_are_enough() {
    let outcome = ended_well(Lab::shared().run(Guest {
        memory: 7,
        ..guest("os_first", "")
    }));
    assert!(
        lines(&outcome)
            .iter()
            .any(|line| line.starts_with("domain ")),
        "{outcome}"
    );
}

#[test]
fn sleepers_wake_in_order_and_none_early() {
    let count = scaled(100_000, 30_000);
    passes(Guest {
        memory: 128,
        ..guest("os_time", &format!("sleepers {count}"))
    });
    passes(guest("os_time", "pauses 100000"));
}

#[test]
fn events_of_a_domain_with_itself() {
    // Two events a round.
    passes(guest(
        "os_events",
        &format!("events {}", scaled(5_000_000, 10_000)),
    ));
    passes(guest(
        "os_events",
        &format!("iterations {}", scaled(10_000_000, 20_000)),
    ));
    passes(guest("os_events", "ports 400"));
    passes(guest("os_events", "cycles 1000"));
}

#[test]
fn grants_are_given_copied_and_taken_back() {
    passes(guest("os_grants", ""));
}

/// Starts a guest and waits for it to say something.
fn start(guest: Guest, until: &str) -> (Running, u32, String) {
    let mut running = Lab::shared().start(guest);
    let (domid, name) = running.domain().expect("the domain is created");
    assert!(
        running.wait_for(until.as_bytes(), SOON),
        "the guest did not say {until:?}: {}",
        String::from_utf8_lossy(running.console())
    );
    (running, domid, name)
}

#[test]
fn an_idle_domain_uses_no_processor() {
    let seconds = 10;
    // Where clocks count instructions: else Xen counts what the machine took from QEMU's processor as the domain's.
    let lab = Lab::own(&["--icount", "--slots", "1"]);
    let cpu = |seconds: u64| ended_well(lab.run(guest("os_time", &format!("idle {seconds}")))).cpu;
    let (boot, all) = (cpu(0), cpu(seconds));
    let used = all.saturating_sub(boot);
    assert!(
        used <= Duration::from_millis(seconds),
        "{used:?} in {seconds} s"
    );
}

/// A command in dom0 that may be repeated: under emulation its programs now and then die at their start while guests are
/// busy.
fn dom0(script: &str) -> String {
    let mut output = Lab::shared().dom0(script);
    for _ in 0..4 {
        if output.status == Some(0) {
            break;
        }
        output = Lab::shared().dom0(script);
    }
    assert_eq!(output.status, Some(0), "{script}: {}", output.stderr);
    output.stdout
}

/// Tells two domains each other's number, where they wait for it.
fn introduce(first: u32, second: u32) {
    dom0(&format!(
        "xenstore-write /local/domain/{first}/data/peer {second} && xenstore-write /local/domain/{second}/data/peer {first}"
    ));
}

fn pair(first: Guest, second: Guest) -> (Running, Running) {
    let mut first = Lab::shared().start(first);
    let mut second = Lab::shared().start(second);
    let (one, _) = first.domain().expect("the domain is created");
    let (two, _) = second.domain().expect("the domain is created");
    introduce(one, two);
    (first, second)
}

#[test]
fn the_examples_do_what_they_say() {
    let outcome = ended_well(Lab::shared().run(guest("timers", "")));
    let mut said: Vec<String> = lines(&outcome)
        .iter()
        .filter_map(|line| line.split("ms").nth(1).map(|text| text.trim().to_string()))
        .collect();
    // Each tick is counted from the one before, so a busy machine may put a tock between any two of them.
    let both = said.len().min(7);
    said[..both].sort();
    assert_eq!(
        said,
        [
            "tick",
            "tick",
            "tick",
            "tick",
            "tick",
            "tock",
            "tock",
            "gave up on a sleep of ten seconds",
            "0 still asleep"
        ],
        "{outcome}"
    );
    let outcome = ended_well(Lab::shared().run(guest("xenstore", "")));
    let text = outcome.text();
    for part in [
        "domid = ",
        "greeting = \"hello\"",
        "changed to \"everyone\"",
    ] {
        assert!(text.contains(part), "{part}: {outcome}");
    }
    let (server, client) = pair(guest("kv", "server"), guest("kv", "client"));
    let (client, server) = (ended_well(client.wait()), ended_well(server.wait()));
    assert!(client.text().contains("value good morning"), "{client}");
    assert!(server.text().contains("is gone, 2 keys remain"), "{server}");
    let (running, domid, _) = start(guest("shutdown", ""), "request 1");
    dom0(&format!("xl shutdown {domid}"));
    let outcome = ended_well(running.wait());
    assert!(outcome.text().contains("asked to power off"), "{outcome}");
    assert!(
        lines(&outcome)
            .last()
            .is_some_and(|line| line.ends_with("server: done")),
        "{outcome}"
    );
}

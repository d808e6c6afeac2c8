// SPDX-License-Identifier: ISC
//! The OCaml OS library: its tests on the host, then its guests and the examples on a real Xen, xenstore and xl.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason, Running, long};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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

fn command(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        // The bindings' Rust, built already.
        .env(
            "MIRAGE_XEN_CORE",
            root().join("target/parts/bindings7/mirage_xen_core.o"),
        )
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn the_library_over_a_fake_xen_and_its_signatures() {
    let build = scratch("dune");
    command(
        "dune",
        &[
            "build",
            "--root",
            ".",
            "--build-dir",
            &build.to_string_lossy(),
            "@ocaml/all",
            "@ocaml/runtest",
        ],
    );
}

/// A value or exception has its comment behind it, before the next blank line.
#[test]
fn every_exported_value_has_documentation() {
    let mut missing = Vec::new();
    let folder = root().join("ocaml/lib");
    for entry in std::fs::read_dir(folder).expect("ocaml/lib") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "mli") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("an interface");
        for paragraph in text.split("\n\n") {
            let starts = |line: &&str, words: [&str; 2]| {
                words.iter().any(|word| line.trim_start().starts_with(word))
            };
            let mut lines = paragraph.lines().peekable();
            while let Some(line) = lines.next() {
                if !starts(&line, ["val ", "exception "]) {
                    continue;
                }
                let mut documented = false;
                while let Some(next) = lines.next_if(|next| !starts(next, ["val ", "exception "])) {
                    documented |= next.trim_start().starts_with("(**");
                }
                if !documented {
                    missing.push(format!("{}: {line}", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_variants_for_mirage_libraries_have_the_right_types() {
    let folder = scratch("standins");
    command("ocaml/standins/check", &[&folder.to_string_lossy()]);
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

/// Makes 1000 children in dom0, before the guest runs: this takes transactions, which the guest's writes would upset.
const MANY: &str = "p=/local/domain/$DOMID; i=1
    while [ $i -le 1000 ]; do
      args=
      for j in $(seq $i $((i + 49))); do args=\"$args $p/many/entry$(printf %04d $j) x\"; done
      xenstore-write $args || exit 1
      i=$((i + 50))
    done
    xenstore-write $p/many-ready yes";

#[test]
fn everything_a_domain_may_do_with_xenstore() {
    passes(Guest {
        before: Some(MANY.into()),
        ..guest("os_xenstore", &scaled(10_000, 2_000).to_string())
    });
}

/// The same with the other daemon, in a lab of its own. It cannot tell of so many children.
#[test]
fn everything_a_domain_may_do_with_oxenstored() {
    let folder = scratch("oxenstored");
    let script = scratch("oxenstored-many");
    std::fs::create_dir_all(&folder).expect("a folder for the lab");
    std::fs::write(&script, MANY).expect("a script for dom0");
    let mut session = Command::new(root().join("lab/session"))
        .args(["serve", "--memory", "1200", "--xenstored", "oxenstored"])
        .arg("--folder")
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("lab/session");
    let mut line = String::new();
    BufReader::new(session.stdout.take().expect("it was piped"))
        .read_line(&mut line)
        .expect("what lab/session says");
    assert!(line.starts_with("ready"), "the lab did not start: {line}");
    let output = Command::new(root().join("lab/run"))
        .args(["--quiet", "--timeout", "500", "--cmdline", "300", "--dom0"])
        .arg(&script)
        .arg(lab::guests().join("os_xenstore.xen"))
        .env("MIRAGE_XEN_LAB_SESSION", &folder)
        .output()
        .expect("lab/run");
    // The lab ends with its standard input.
    drop(session.stdin.take());
    let _ = session.wait();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("cancelled") && text.contains("E2BIG"),
        "{}: {text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A Solo5 device and the program ask xenstore on one connection.
#[test]
fn a_device_and_the_program_share_the_connection() {
    let disk = r#"disk = ["script=block-lab,vdev=xvda,access=w,format=raw,target=@DIR@/disk.img"]"#;
    let outcome = passes(Guest {
        config: vec![disk.into()],
        files: vec![("disk.img".into(), vec![0; 64 * 512])],
        dom0: Some("sleep 1; xenstore-write /local/domain/$DOMID/data/dom0 ready".into()),
        ..guest("os_shared", "")
    });
    assert_eq!(
        lines(&outcome),
        ["replies", "events", "rounds", "ok"],
        "{outcome}"
    );
}

#[test]
fn an_escaped_exception_is_reported_and_crashes_the_domain() {
    for (which, message) in [
        (
            "exception",
            "Fatal error: exception Failure(\"out of ideas\")",
        ),
        ("async", "Fatal error: exception Not_found"),
    ] {
        let outcome = Lab::shared().run(guest("os_lifecycle", which));
        assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
        let lines = lines(&outcome);
        assert_eq!(
            lines.first().map(String::as_str),
            Some(message),
            "{outcome}"
        );
        assert!(
            lines.iter().any(|line| line.contains("main.ml")),
            "a backtrace: {outcome}"
        );
    }
}

#[test]
fn exit_hooks_run_and_the_console_is_read() {
    let outcome = ended_well(Lab::shared().run(guest("os_lifecycle", "hooks")));
    assert_eq!(
        lines(&outcome),
        ["done", "at_exit", "hook 2", "hook 1"],
        "{outcome}"
    );
    let outcome = ended_well(Lab::shared().run(Guest {
        stdin: b"hello\nworld\rend\n".to_vec(),
        ..guest("os_lifecycle", "console")
    }));
    assert_eq!(lines(&outcome), ["HELLO", "WORLD"], "{outcome}");
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
fn a_cooperating_domain_is_shut_down_and_rebooted() {
    for (verb, reason) in [("shutdown", Reason::Poweroff), ("reboot", Reason::Reboot)] {
        let (running, domid, _) = start(guest("os_lifecycle", "wait"), "waiting");
        dom0(&format!("xl {verb} {domid}"));
        let outcome = running.wait();
        assert_eq!(outcome.reason, reason, "{outcome}");
        let word = if verb == "reboot" {
            "reboot"
        } else {
            "poweroff"
        };
        assert_eq!(lines(&outcome), ["waiting", word], "{outcome}");
    }
}

#[test]
fn a_domain_that_ignores_requests_goes_on() {
    let (running, domid, _) = start(guest("os_lifecycle", "ignore 5"), "waiting");
    dom0(&format!("xl shutdown {domid}"));
    let outcome = ended_well(running.wait());
    assert!(outcome.elapsed >= Duration::from_secs(5), "{outcome}");
    let request = "xenstore-write /local/domain/$DOMID/control/shutdown suspend; sleep 2
        xenstore-read /local/domain/$DOMID/control/shutdown
        xenstore-write /local/domain/$DOMID/control/shutdown nonsense; sleep 1
        xenstore-write /local/domain/$DOMID/control/shutdown poweroff";
    let outcome = ended_well(Lab::shared().run(Guest {
        dom0: Some(request.into()),
        ..guest("os_lifecycle", "wait")
    }));
    assert_eq!(
        outcome.dom0.stdout.trim(),
        "suspend",
        "not acknowledged: {outcome}"
    );
    assert!(
        outcome
            .text()
            .contains("WARNING lifecycle: asked to suspend, which this domain cannot do"),
        "{outcome}"
    );
}

#[test]
fn an_idle_domain_uses_no_processor() {
    let seconds = 30;
    // Xen counts what the machine took from QEMU's processor as the domain's: the least of a few is nearest to its own.
    let cpu = |seconds: u64| passes(guest("os_time", &format!("idle {seconds}"))).cpu;
    let boot = (0..3).map(|_| cpu(0)).min().expect("three boots");
    let used = (0..6).map(|_| cpu(seconds).saturating_sub(boot));
    let most = Duration::from_millis(seconds);
    let seen: Vec<_> = used.take_while(|used| *used > most).collect();
    assert!(seen.len() < 6, "{seen:?} in {seconds} s each");
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
fn two_domains_transfer_through_a_ring() {
    let mib = scaled(1024, 32);
    let (receiver, sender) = pair(
        guest("os_ring", &format!("receive {mib}")),
        guest("os_ring", &format!("send {mib}")),
    );
    let (sender, receiver) = (sender.wait(), receiver.wait());
    for outcome in [sender, receiver] {
        let outcome = ended_well(outcome);
        assert_eq!(
            lines(&outcome).last().map(String::as_str),
            Some("ok"),
            "{outcome}"
        );
    }
}

/// One side lives on while the other is killed and replaced ten times; then what it has given out is all back.
#[test]
fn either_end_of_a_ring_is_killed_and_replaced() {
    for (survivor, victim) in [("echo", "chatter"), ("chatter", "echo")] {
        let mut running = Lab::shared().start(guest("os_ring", survivor));
        let (domid, _) = running.domain().expect("the domain is created");
        let ports = || dom0(&format!("lsevtchn {domid}")).lines().count();
        // After the first round, when the survivor has what it keeps.
        let mut before = 0;
        let mut seen = 0;
        for round in 0..10 {
            let mut other = Lab::shared().start(guest("os_ring", victim));
            let (peer, _) = other.domain().expect("the domain is created");
            introduce(domid, peer);
            let connected = format!("connected to {peer}");
            assert!(
                running.wait_for(connected.as_bytes(), SOON),
                "round {round}, {survivor}: {}",
                String::from_utf8_lossy(running.console())
            );
            let _ = other.wait_for(b"connected", Duration::from_secs(30));
            other.kill();
            let outcome = other.wait();
            assert_eq!(outcome.reason, Reason::Killed, "{outcome}");
            // Most often xl has done all of this; it is a program of dom0's as others are.
            dom0(&format!(
                "xl destroy {peer} 2>/dev/null; xenstore-rm /local/domain/{peer} 2>/dev/null; ! xenstore-exists /local/domain/{peer}"
            ));
            let gone = format!("{peer} is gone");
            assert!(
                running.wait_for(gone.as_bytes(), SOON),
                "round {round}, {survivor}: {}\nthe peer's nodes: {}",
                String::from_utf8_lossy(running.console()),
                Lab::shared()
                    .dom0(&format!("xenstore-ls -f /local/domain/{peer}; xl list"))
                    .stdout
            );
            seen += 1;
            if round == 0 {
                before = ports();
            }
        }
        assert_eq!(ports(), before, "ports of the {survivor}");
        dom0(&format!(
            "xenstore-write /local/domain/{domid}/data/peer stop"
        ));
        let outcome = ended_well(running.wait());
        let summary = format!("{seen} peers, 0 references missing");
        assert!(outcome.text().contains(&summary), "{outcome}");
    }
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

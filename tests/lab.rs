// SPDX-License-Identifier: ISC
//! The lab itself: what `lab/run`, `lab/session` and `tests/support/lab.rs` promise, shown with a guest that needs
//! nothing of the project (`tests/support/probe`).

#[path = "support/lab.rs"]
mod lab;

#[path = "lab/run.rs"]
mod lab_run;
#[path = "lab/packages.rs"]
mod packages;
#[path = "lab/runner.rs"]
mod runner;
#[path = "lab/session.rs"]
mod session;

use lab::{Guest, Lab, Reason};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program)
        .args(arguments)
        .status()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"))
}

/// The probe, compiled once per test process.
fn probe() -> PathBuf {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let source = root().join("tests/support/probe");
        let source = source.to_str().expect("the checkout's path is UTF-8");
        let (code, entry) = (scratch("probe.o"), scratch("probe-entry.o"));
        let elf = scratch("probe.elf");
        let flags = [
            "-m32",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-ffreestanding",
            "-fno-pic",
            "-fno-stack-protector",
        ];
        for (from, to) in [("probe.c", &code), ("entry.S", &entry)] {
            let from = format!("{source}/{from}");
            run("gcc", &[&flags[..], &["-c", &from, "-o", to]].concat());
        }
        let script = format!("{source}/probe.lds");
        let warned = "--no-warn-rwx-segments"; // one segment is all that the probe needs
        run(
            "ld",
            &[
                "-m", "elf_i386", "-T", &script, warned, "-o", &elf, &entry, &code,
            ],
        );
        elf.into()
    };
    PROBE.get_or_init(build).clone()
}

fn guest(cmdline: &str) -> Guest {
    Guest {
        cmdline: cmdline.into(),
        ..Guest::new(probe())
    }
}

#[test]
fn each_end_has_its_reason() {
    for (cmdline, reason, status) in [
        ("", Reason::Poweroff, Some(0)),
        ("three", Reason::Poweroff, Some(3)),
        ("reboot", Reason::Reboot, None),
        ("suspend", Reason::Suspend, None),
        ("crash", Reason::Crash, Some(2)),
        ("trap", Reason::TripleFault, None),
    ] {
        let outcome = Lab::shared().run(guest(cmdline));
        assert_eq!(
            (&outcome.reason, outcome.exit_status),
            (&reason, status),
            "{outcome}"
        );
        assert_eq!(outcome.text(), format!("probe: {cmdline}\n"));
        assert!(
            outcome.cpu > Duration::ZERO && outcome.elapsed >= outcome.cpu,
            "{outcome:?}"
        );
    }
}

#[test]
fn port_e9_and_xen_tell_of_a_crash() {
    let outcome = Lab::shared().run(guest("crash"));
    assert_eq!(
        outcome.port_e9,
        ["probe: it went wrong", "mirage-xen: exit status 2"]
    );
    let outcome = Lab::shared().run(guest("trap"));
    assert!(
        outcome.xen.contains("Triple fault") && outcome.xen.contains("ip:"),
        "{outcome}"
    );
}

#[test]
fn a_mebibyte_of_output_is_exact() {
    let outcome = Lab::shared().run(guest("flood"));
    let expected =
        (0..4096u32).flat_map(|block| (0..256u32).map(move |byte| (byte + block * 7) as u8));
    let start = outcome
        .console
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("the first line")
        + 1;
    assert!(
        outcome.console[start..].iter().copied().eq(expected),
        "{} bytes differ",
        outcome.console.len()
    );
    assert_eq!(
        outcome.console_times.last().expect("output").1,
        outcome.console.len()
    );
}

#[test]
fn output_that_was_never_announced_is_counted() {
    let outcome = Lab::shared().run(guest("mute"));
    assert_eq!(
        (outcome.text().as_str(), outcome.console_unread),
        ("probe: mute\n", 6),
        "{outcome}"
    );
}

#[test]
fn input_reaches_the_guest_before_and_while_it_runs() {
    let early = Lab::shared().run(Guest {
        stdin: b"one\ntwo\n\n".to_vec(),
        ..guest("echo")
    });
    assert_eq!(early.text(), "probe: echo\none\ntwo\n\n", "{early}");
    let mut running = Lab::shared().start(guest("echo"));
    assert!(running.wait_for(b"probe: echo\n", Duration::from_secs(300)));
    running.input(b"later\n");
    assert!(running.wait_for(b"later\n", Duration::from_secs(300)));
    running.input(b"\n");
    let outcome = running.wait();
    assert_eq!(
        (outcome.reason.clone(), outcome.text()),
        (Reason::Poweroff, "probe: echo\nlater\n\n".into()),
        "{outcome}"
    );
}

#[test]
fn guests_run_side_by_side() {
    let mut guests: Vec<_> = (0..4).map(|_| Lab::shared().start(guest("echo"))).collect();
    let mut domains: Vec<_> = guests
        .iter_mut()
        .map(|guest| guest.domain().expect("it was created").0)
        .collect();
    domains.dedup();
    assert_eq!(domains.len(), 4);
    for guest in &mut guests {
        guest.input(b"\n");
    }
    for guest in guests {
        assert_eq!(guest.wait().reason, Reason::Poweroff);
    }
}

#[test]
fn time_kill_and_dom0_end_a_guest() {
    let outcome = Lab::shared().run(Guest {
        timeout: Duration::from_secs(1),
        ..guest("spin")
    });
    assert_eq!(outcome.reason, Reason::Timeout, "{outcome}");
    assert!(
        outcome.xen.contains("ip:"),
        "it says where the guest hung: {outcome}"
    );
    let mut running = Lab::shared().start(guest("spin"));
    running.kill();
    assert_eq!(running.wait().reason, Reason::Killed);
    let outcome = Lab::shared().run(Guest {
        dom0: Some("xl destroy $DOMID".into()),
        ..guest("spin")
    });
    assert_eq!(outcome.reason, Reason::Destroyed, "{outcome}");
}

#[test]
fn a_dropped_guest_is_destroyed() {
    let mut running = Lab::shared().start(guest("spin"));
    let (domain, _) = running.domain().expect("it was created");
    drop(running);
    let gone = format!(
        "for i in $(seq 600); do xl list {domain} >/dev/null 2>&1 || exit 0; sleep 0.1; done; exit 1"
    );
    assert_eq!(Lab::shared().dom0(&gone).status, Some(0));
}

#[test]
fn scripts_run_in_dom0() {
    let output = Lab::shared().dom0("echo out; echo err >&2; exit 7");
    assert_eq!(
        (output.status, &*output.stdout, &*output.stderr),
        (Some(7), "out\n", "err\n")
    );
    let outcome = Lab::shared().run(Guest {
        before: Some("xenstore-write /local/domain/$DOMID/data/probe before".into()),
        dom0: Some("xenstore-read /local/domain/$DOMID/data/probe; cat $DIR/note; exit 3".into()),
        after: Some("xl list $NAME | tail -n 1".into()),
        files: vec![("note".into(), b"a file\n".to_vec())],
        ..guest("")
    });
    assert_eq!(outcome.dom0.status, Some(3), "{outcome}");
    assert!(
        outcome.dom0.stdout.starts_with("before\na file\n"),
        "{outcome}"
    );
    assert!(
        outcome.dom0.stdout.contains("--s--"),
        "after.sh sees the domain shut down: {outcome}"
    );
}

#[test]
fn what_xl_refuses_is_named() {
    let outcome = Lab::shared().run(Guest {
        config: vec!["memory = = 3".into()],
        ..guest("")
    });
    assert_eq!(outcome.reason, Reason::NotCreated);
    assert!(outcome.xen.contains("syntax error"), "{outcome}");
    let outcome = Lab::shared().run(Guest::new("/bin/true"));
    assert_eq!(outcome.reason, Reason::NotCreated);
    assert!(outcome.xen.contains("xl create ended"), "{outcome}");
    assert!(outcome.xen.to_lowercase().contains("kernel"), "{outcome}");
}

#[test]
fn the_command_line_arrives_as_it_is() {
    let cmdline = "a \"b\" 'c' \\d \té --e=%s";
    assert_eq!(
        Lab::shared().run(guest(cmdline)).text(),
        format!("probe: {cmdline}\n")
    );
}

#[test]
fn devices_find_their_backends() {
    let outcome = Lab::shared().run(Guest {
        config: vec![
            r#"vif = ["script=vif-lab,bridge=xenbr0"]"#.into(),
            r#"disk = ["script=block-lab,vdev=xvda,access=rw,format=raw,target=@DIR@/disk.img"]"#
                .into(),
        ],
        files: vec![("disk.img".into(), vec![0; 1 << 20])],
        dom0: Some("ip link show master xenbr0; losetup -a".into()),
        ..guest("")
    });
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    let (domain, said) = (outcome.domid.expect("it was created"), &outcome.dom0.stdout);
    assert!(
        said.contains(&format!("vif{domain}.0")) && said.contains("disk.img"),
        "{outcome}"
    );
}

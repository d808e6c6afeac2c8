// SPDX-License-Identifier: ISC
//! How a domain of the library ends, and what it is asked for meanwhile.

use super::lab::{Guest, Lab, Reason};
use super::{SOON, dom0, ended_well, guest, lines, start};

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
    let mut running = Lab::shared().start(guest("os_lifecycle", "console"));
    let mut echoes = |line: &str| {
        running.input(format!("{line}\n").as_bytes());
        assert!(running.wait_for(line.to_uppercase().as_bytes(), SOON));
        running.domain().expect("the domain is created").0
    };
    let domid = echoes("before");
    // What xl writes, which waits for an answer.
    dom0(&format!(
        "xenstore-write /local/domain/{domid}/control/shutdown poweroff"
    ));
    echoes("after");
    running.input(b"end\n");
    ended_well(running.wait());
}

#[test]
fn a_request_that_cannot_be_met_is_logged_and_not_acknowledged() {
    let (mut running, domid, _) = start(guest("os_lifecycle", "wait"), "waiting");
    let request = format!("/local/domain/{domid}/control/shutdown");
    for (word, why) in [
        ("suspend", "asked to suspend, which this domain cannot do"),
        ("nonsense", "asked for \"nonsense\", which is unknown"),
    ] {
        dom0(&format!("xenstore-write {request} {word}"));
        let warning = format!("WARNING lifecycle: {why}");
        let said = running.wait_for(warning.as_bytes(), SOON);
        let console = String::from_utf8_lossy(running.console()).into_owned();
        assert!(said, "{warning}: {console}");
        assert_eq!(dom0(&format!("xenstore-read {request}")).trim(), word);
    }
    dom0(&format!("xenstore-write {request} poweroff"));
    ended_well(running.wait());
}

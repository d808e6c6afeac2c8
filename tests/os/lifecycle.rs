// SPDX-License-Identifier: ISC
//! How a domain of the library ends, and what it is asked for meanwhile.

use super::lab::{Guest, Lab, Reason};
use super::{dom0, ended_well, guest, lines, start};
use std::time::Duration;

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

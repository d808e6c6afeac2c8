// SPDX-License-Identifier: ISC
//! A report that the console has no room for.

use super::lab::{Guest, Lab, Reason};
use super::report::Report;
use super::{crashed, guest};
use std::sync::OnceLock;
use std::time::Duration;

/// A lab without other guests, which need the daemon.
fn quiet() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| Lab::own(&["--slots", "1"]))
}

#[test]
fn a_full_ring_is_waited_for() {
    // The daemon is stopped for a second, the ring is full, and the report is longer than the ring.
    let outcome = quiet().run(Guest {
        before: Some("kill -STOP $(pidof xenconsoled)".into()),
        dom0: Some("sleep 1; kill -CONT $(pidof xenconsoled)".into()),
        ..guest("solo5_crash", "full-ring")
    });
    let report = crashed(&outcome);
    assert_eq!(
        report.named_frames(),
        ["store", "inner", "outer", "full_ring", "switch_stack"][..3]
            .iter()
            .chain(&["switch_stack"])
            .map(|name| name.to_string())
            .collect::<Vec<_>>(),
        "{outcome}"
    );
    let before = outcome
        .text()
        .matches("456789012345678901234567890123\r\n")
        .count();
    assert_eq!(before, 31, "{outcome}");
}

/// A daemon that never reads again costs the console's copy of the report, after ten seconds, but not the end, and the debug
/// port has all of it.
#[test]
fn a_daemon_that_stands_still_is_given_up_on() {
    let outcome = quiet().run(Guest {
        before: Some("kill -STOP $(pidof xenconsoled)".into()),
        // It goes on once the domain has ended, so that the lab sees what was in the ring.
        dom0: Some(
            "while ! xl list $DOMID | grep -q -- '---sc-'; do sleep 1; done; kill -CONT $(pidof xenconsoled)"
                .into(),
        ),
        timeout: Duration::from_secs(300),
        ..guest("solo5_crash", "full-ring")
    });
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    assert!(outcome.elapsed >= Duration::from_secs(10), "{outcome}");
    let report = Report::find(&outcome.port_e9).unwrap_or_else(|| panic!("no report: {outcome}"));
    assert_eq!(
        report.named_frames(),
        ["store", "inner", "outer", "switch_stack"],
        "{outcome}"
    );
    // The ring holds 2 KiB, and these are what came first.
    assert!(outcome.console.len() <= 2048, "{outcome}");
    assert!(!outcome.text().contains("end of crash report"), "{outcome}");
}

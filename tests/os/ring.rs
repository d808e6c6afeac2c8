// SPDX-License-Identifier: ISC
//! Two domains that share a ring.

use super::lab::{Lab, Reason};
use super::{SOON, dom0, ended_well, guest, introduce, lines, pair, scaled};
use std::time::Duration;

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

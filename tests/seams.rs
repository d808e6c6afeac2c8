// SPDX-License-Identifier: ISC
//! The solo5 part and libc without our bindings, under C that uses them as mirage-xen's own does: on a real Xen, alone
//! and with a domain of ours as its peer.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod agent;
#[path = "support/lab.rs"]
mod lab;

use agent::{Agent, elf};
use lab::{Guest, Lab, Outcome, Reason};
use std::time::Duration;

fn guest(cmdline: &str) -> Guest {
    Guest {
        cmdline: cmdline.into(),
        ..Guest::new(elf("xen_seams"))
    }
}

fn ended_well(outcome: &Outcome) {
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
    assert!(outcome.text().contains("ok"), "{outcome}");
}

#[test]
fn foreign_bindings_find_their_private_symbols_and_two_level_events() {
    ended_well(&Lab::shared().run(guest("")));
}

/// Our libc, runtime and bindings over a Solo5 part that has upstream's names alone and no thread-local block.
#[test]
fn our_libc_and_bindings_run_over_a_foreign_solo5() {
    for name in ["foreign_hello", "foreign06_hello"] {
        let outcome = Lab::shared().run(Guest {
            cmdline: "--solo5:quiet one two".into(),
            ..Guest::new(elf(name))
        });
        assert_eq!(outcome.reason, Reason::Poweroff, "{name}: {outcome}");
        for line in ["command line: one two", "Goodbye"] {
            assert!(outcome.text().contains(line), "{name}: {outcome}");
        }
    }
}

#[test]
fn foreign_bindings_grant_map_and_notify() {
    let mut peer = Agent::plain();
    let mut running = Lab::shared().start(guest(&peer.domid.to_string()));
    let (domid, _) = running.domain().expect("the domain is created");
    let said = running.wait_for(b"port ", Duration::from_secs(300));
    let console = |running: &lab::Running| String::from_utf8_lossy(running.console()).into_owned();
    assert!(said, "{}", console(&running));
    while !console(&running)
        .split("port ")
        .nth(1)
        .is_some_and(|rest| rest.contains('\n'))
    {
        let have = running.console().len();
        assert!(
            running.wait_more(have, Duration::from_secs(300)),
            "{}",
            console(&running)
        );
    }
    let text = console(&running);
    let port = text
        .split("port ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let port = port.expect("a port").trim().to_owned();
    let bound = peer.get(&format!("bind {domid} {port}"));
    peer.get(&format!("unmask {bound}"));
    // What binding raised on the new port.
    peer.get("demux");
    peer.get(&format!("take {bound}"));
    peer.get(&format!("share 8 1 {domid} 1"));
    peer.get(&format!("map 0 {domid} 8 1 1"));
    assert_eq!(peer.get("load 0 0"), 4711);
    peer.get("store 0 4 4712");
    peer.get(&format!("notify {bound}"));
    assert_eq!(
        peer.get(&format!("await {bound}")),
        1,
        "it has mapped our page"
    );
    assert_eq!(peer.get("peek 0"), 9 << 32 | 8, "two numbers of 32 bits");
    peer.get(&format!("notify {bound}"));
    peer.get("unmap 0");
    let outcome = running.wait();
    ended_well(&outcome);
    assert!(outcome.text().contains("4712"), "{outcome}");
    peer.ends(8, 1);
    peer.exit();
}

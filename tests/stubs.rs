// SPDX-License-Identifier: ISC
//! The bindings on a real Xen: one, two and three domains, each told over its console what to do.

#[path = "support/agent.rs"]
mod agent;
#[path = "support/lab.rs"]
mod lab;

#[path = "stubs/events.rs"]
mod events;
#[path = "stubs/grants.rs"]
mod grants;
#[path = "stubs/ocaml.rs"]
mod ocaml;

use agent::{Agent, scaled};
use lab::Lab;

/// How events arrive.
#[derive(Clone, Copy, Debug)]
enum Interface {
    /// As it is until the 4096 ports of the 2-level interface are used up.
    TwoLevel,
    /// As it is from then on.
    Fifo,
}

const BOTH: [Interface; 2] = [Interface::TwoLevel, Interface::Fifo];

impl Agent {
    fn with(interface: Interface) -> Agent {
        match interface {
            Interface::TwoLevel => Agent::plain(),
            Interface::Fifo => {
                let mut agent = Agent::start("", &["max_event_channels=10000"]);
                let answer = agent.ask("many 2100").expect("an answer");
                assert_eq!(answer[..2], [2100, 4200]);
                agent
            }
        }
    }
}

/// Two connected domains: the agents, and the port of each.
fn connected(interface: Interface) -> ((Agent, i64), (Agent, i64)) {
    let (mut a, mut b) = (Agent::with(interface), Agent::with(interface));
    let offered = a.get(&format!("alloc {}", b.domid));
    a.get(&format!("unmask {offered}"));
    let bound = b.get(&format!("bind {} {offered}", a.domid));
    b.get(&format!("unmask {bound}"));
    // Binding raises one event on the new port.
    b.get("demux");
    b.get(&format!("take {bound}"));
    ((a, offered), (b, bound))
}

/// What Xen counts for a domain: its open ports, by lsevtchn, and the grants of its that are in use, by the dump that
/// debug key g makes.
fn counts(domid: u32) -> (usize, usize) {
    let ports = Lab::shared().dom0(&format!("lsevtchn {domid}"));
    assert_eq!(ports.status, Some(0), "lsevtchn: {}", ports.stderr);
    // What is in the log already stays: the exit status of a guest that ends meanwhile would be lost with it.
    let log = Lab::shared().dom0("xl debug-keys g; xl dmesg");
    assert_eq!(log.status, Some(0), "xl: {}", log.stderr);
    let last = log.stdout.rfind("gnttab_usage_print_all [");
    let dump = &log.stdout[last.expect("a dump")..];
    let mut ours = false;
    let mut grants = 0;
    let mut found = false;
    for line in dump.lines() {
        if line.contains("grant-table for remote d") {
            ours = line.contains(&format!("remote d{domid} "));
            found |= ours;
        } else if ours && line.contains("[0x") {
            grants += 1;
        }
    }
    assert!(found, "no dump for domain {domid}:\n{dump}");
    (ports.stdout.lines().count(), grants)
}

#[test]
fn connecting_and_disconnecting_leaves_nothing_behind() {
    let cycles = scaled(1000) as i64;
    let ((mut a, here), (mut b, there)) = connected(Interface::TwoLevel);
    a.get(&format!("share 8 1 {} 1", b.domid));
    b.get(&format!("map 0 {} 8 1 1", a.domid));
    let before = (counts(a.domid), counts(b.domid));
    assert_eq!(before.0.1, before.1.1 + 1, "one page is mapped: {before:?}");
    b.order(&format!("follow {there} {}", a.domid));
    assert_eq!(
        a.get(&format!("lead {here} {} {cycles} 9", b.domid)),
        cycles
    );
    assert_eq!(b.answer(), Ok(vec![cycles]));
    assert_eq!((counts(a.domid), counts(b.domid)), before);
    b.get("unmap 0");
    assert_eq!(a.get("end 8 1"), 1);
    a.exit();
    b.exit();
}

#[test]
fn peers_may_vanish_at_any_time() {
    // The one that maps our page.
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 8 1 {} 1", b.domid));
    b.get(&format!("map 0 {} 8 1 1", a.domid));
    assert_eq!(a.get("end 8 1"), 0);
    b.running.kill();
    b.running.wait();
    // Xen unmaps what a dead domain had mapped.
    a.ends(8, 1);
    // The one whose page we map: it stays until we unmap it.
    let mut c = Agent::plain();
    c.get(&format!("share 8 1 {} 1", a.domid));
    a.get(&format!("map 0 {} 8 1 1", c.domid));
    let offered = c.get(&format!("alloc {}", a.domid));
    let bound = a.get(&format!("bind {} {offered}", c.domid));
    c.running.kill();
    c.running.wait();
    assert_eq!(a.get("load 0 0"), 8);
    a.get(&format!("notify {bound}"));
    a.get("unmap 0");
    a.get(&format!("unbind {bound}"));
    a.exit();
}

#[test]
fn owned_values_are_given_back_when_dropped() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    let before = counts(a.domid).0;
    assert_eq!(a.get("owned_channels 32752"), 3);
    assert_eq!(counts(a.domid).0, before, "both ports are closed");
    let first = a.get(&format!("owned_share {}", b.domid));
    assert_eq!(b.get(&format!("owned_peek {} {first}", a.domid)), 42);
    a.get("owned_drop");
    assert_eq!(a.get(&format!("owned_share {}", b.domid)), first, "reused");
    // Dropped while it is mapped: leaked and logged, not reused.
    b.get(&format!("map 0 {} {first} 1 1", a.domid));
    a.get("owned_drop");
    assert!(
        String::from_utf8_lossy(a.running.console()).contains("a page was given up"),
        "it is logged"
    );
    let second = a.get(&format!("owned_share {}", b.domid));
    assert_ne!(second, first);
    assert_eq!(
        b.get("load 0 0") & 0xff,
        42,
        "the peer still sees the leaked page"
    );
    b.get("unmap 0");
    a.get("owned_drop");
    a.exit();
    b.exit();
}

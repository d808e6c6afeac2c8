// SPDX-License-Identifier: ISC
//! The bindings on a real Xen: one, two and three domains, each told over its console what to do.

#[path = "support/agent.rs"]
mod agent;
#[path = "support/lab.rs"]
mod lab;

use agent::{Agent, elf, scaled};
use lab::{Guest, Lab, Outcome, Reason};
use std::time::Duration;

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
    let dump = Lab::shared().dom0("xl dmesg -c >/dev/null; xl debug-keys g; sleep 1; xl dmesg");
    assert_eq!(dump.status, Some(0), "xl: {}", dump.stderr);
    let mut ours = false;
    let mut grants = 0;
    let mut found = false;
    for line in dump.stdout.lines() {
        if line.contains("grant-table for remote d") {
            ours = line.contains(&format!("remote d{domid} "));
            found |= ours;
        } else if ours && line.contains("[0x") {
            grants += 1;
        }
    }
    assert!(found, "no dump for domain {domid}:\n{}", dump.stdout);
    (ports.stdout.lines().count(), grants)
}

#[test]
fn blocking_ends_at_the_deadline_or_at_an_event() {
    for interface in BOTH {
        let ((mut a, here), (mut b, there)) = connected(interface);
        for milliseconds in [1, 10, 100] {
            let answer = a.ask(&format!("block {milliseconds}")).expect("an answer");
            assert_eq!(answer[0], 0, "no event came");
            assert!(
                answer[1] >= milliseconds * 1000,
                "woken after {} us, not {milliseconds} ms",
                answer[1]
            );
        }
        a.order("block 60000");
        b.get(&format!("notify {there}"));
        let answer = a.answer().expect("an answer");
        assert_eq!(answer[0], 1, "an event came");
        assert!(
            answer[1] < 50_000_000,
            "woken by it ({interface:?}): {answer:?}"
        );
        assert_eq!(a.get("next 0"), here);
        assert_eq!(a.get(&format!("take {here}")), 1);
        assert_eq!(a.get(&format!("take {here}")), 0, "a mark is taken once");
        // The core's own waits leave events to the application, and the other way round.
        b.get(&format!("notify {there}"));
        a.get("console 100");
        a.get("yield 5");
        assert_eq!(a.get("demux"), 1);
        assert_eq!(a.get(&format!("take {here}")), 1);
        a.get("yield 5");
        a.exit();
        b.exit();
    }
}

#[test]
fn no_notification_is_lost_either_way() {
    for interface in BOTH {
        let rounds = scaled(500_000) as i64;
        let ((mut a, here), (mut b, there)) = connected(interface);
        b.order(&format!("pong {there} {rounds}"));
        assert_eq!(a.get(&format!("ping {here} {rounds}")), rounds);
        assert_eq!(b.answer(), Ok(vec![rounds]));
        // Without waiting for each other: the last one must arrive.
        a.get(&format!("share 8 1 {} 1", b.domid));
        b.get(&format!("map 0 {} 8 1 1", a.domid));
        b.order(&format!("drink {there} {rounds}"));
        assert_eq!(a.get(&format!("flood {here} {rounds}")), rounds);
        let events = b.answer().expect("the last number arrived")[0];
        assert!(events >= 1 && events <= rounds + 1);
        b.get("unmap 0");
        assert_eq!(a.get("end 8 1"), 1);
        a.exit();
        b.exit();
    }
}

#[test]
fn channels_that_cannot_be_are_refused() {
    let mut a = Agent::plain();
    assert!(a.refused("alloc 65536").contains("out of range"));
    assert!(a.refused("alloc -1").contains("out of range"));
    assert!(a.refused("bind 0 4000000000000").contains("out of range"));
    assert!(a.refused("bind 9999 1").contains("ESRCH"));
    assert!(a.refused("unbind 0").contains("not a port"));
    assert!(a.refused("unbind 700").contains("EINVAL"));
    assert!(a.refused("notify 700").contains("EINVAL"));
    assert!(a.refused("unmask 100000000").contains("no such port"));
    assert_eq!(a.get("take -5"), 0);
    assert_eq!(a.get("take 99999999999"), 0);
    a.exit();
}

#[test]
fn ports_are_reused_without_stale_marks() {
    for interface in BOTH {
        let ((mut a, here), (mut b, there)) = connected(interface);
        b.get(&format!("notify {there}"));
        assert_eq!(a.get(&format!("await {here}")), 1);
        b.get(&format!("notify {there}"));
        assert_eq!(a.get("demux"), 1);
        a.get(&format!("unbind {here}"));
        b.get(&format!("unbind {there}"));
        assert_eq!(
            a.get(&format!("alloc {}", b.domid)),
            here,
            "Xen gives the lowest free port"
        );
        assert_eq!(
            a.get(&format!("take {here}")),
            0,
            "the mark was the old port's"
        );
        a.get(&format!("unmask {here}"));
        a.get("demux");
        assert_eq!(a.get(&format!("take {here}")), 0);
        a.exit();
        b.exit();
    }
}

#[test]
fn all_ports_that_xen_gives_work() {
    let mut few = Agent::plain();
    let answer = few.ask("many 600").expect("an answer");
    assert_eq!(
        answer[1],
        2 * answer[0],
        "each of {} ports was marked",
        2 * answer[0]
    );
    assert!(answer[2] > 1000 && answer[2] < 1024);
    let again = few.ask("many 400").expect("an answer");
    assert_eq!(again[..2], [400, 800], "after Xen had none left");
    few.exit();

    let mut two_level = Agent::start("--solo5:evtchn=2l", &["max_event_channels=10000"]);
    let answer = two_level.ask("many 2100").expect("an answer");
    assert_eq!(answer[1], 2 * answer[0]);
    assert_eq!(answer[2], 4095, "the 2-level interface has 4096");
    two_level.exit();

    let mut many = Agent::start("", &["max_event_channels=10000"]);
    assert_eq!(many.get("ports"), 4096);
    // A port of before the switch goes on working after it, with what was pending and what was masked.
    let early = many.get("alloc 32752");
    let peer = many.get(&format!("bind 32752 {early}"));
    let silent = many.get("alloc 32752");
    many.get(&format!("bind 32752 {silent}"));
    many.get(&format!("unmask {early}"));
    many.get("demux");
    many.get(&format!("notify {peer}"));
    let answer = many.ask("many 3000").expect("an answer");
    assert_eq!(answer[0], 3000);
    assert!(answer[2] > 4096);
    assert_eq!(
        many.get(&format!("take {early}")),
        1,
        "pending at the switch"
    );
    many.get(&format!("notify {peer}"));
    assert_eq!(many.get("demux"), 1);
    assert_eq!(many.get("next 0"), early);
    assert_eq!(many.get(&format!("take {early}")), 1);
    assert_eq!(many.get("demux"), 0);
    let answer = many.ask("many 3000").expect("an answer");
    assert_eq!(answer[..2], [3000, 6000]);
    assert!(answer[2] > 4096);
    assert_eq!(many.get("ports"), 131072);
    many.exit();
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
fn pages_are_shared_mapped_and_given_back() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 100 256 {} 1", b.domid));
    // A vector in one piece, each page in its place.
    b.get(&format!("map 0 {} 100 256 1", a.domid));
    for page in [0, 1, 255] {
        assert_eq!(b.get(&format!("load 0 {}", page * 4096)), 100 + page);
    }
    b.get(&format!("store 0 {} 77", 255 * 4096 + 8));
    assert_eq!(a.get(&format!("peek {}", 255 * 4096 + 8)), 77);
    // Busy until it is unmapped.
    assert_eq!(a.get("end 100 256"), 0);
    b.get("unmap 0");
    // One bad reference, and none is mapped.
    assert_eq!(
        b.refused(&format!("map 0 {} 100 256 1 200", a.domid)),
        "200 bad grant reference"
    );
    assert_eq!(a.get("end 100 256"), 256, "all was rolled back");
    assert!(
        b.refused(&format!("map 0 {} 100 1 1", a.domid))
            .starts_with("0 ")
    );
    assert!(b.refused("map 0 9999 8 1 1").contains("no such domain"));
    // A page for somebody else.
    a.get("share 100 1 0 1");
    assert!(
        b.refused(&format!("map 0 {} 100 1 1", a.domid))
            .starts_with("0 ")
    );
    assert_eq!(a.get("end 100 1"), 1);
    a.exit();
    b.exit();
}

#[test]
fn what_may_not_be_granted_is_refused() {
    let mut a = Agent::plain();
    assert!(a.refused("share 7 1 0 1").contains("bad grant reference"));
    assert!(
        a.refused("share 100000000 1 0 1")
            .contains("bad grant reference")
    );
    assert!(a.refused("share -1 1 0 1").contains("out of range"));
    assert!(a.refused("share 8 1 70000 1").contains("out of range"));
    assert_eq!(a.get("share 8 1 0 1"), 0);
    assert!(a.refused("share 8 1 0 1").contains("in use"));
    assert!(a.refused("end 3 1").contains("bad grant reference"));
    assert_eq!(a.get("end 8 1"), 1);
    assert_eq!(a.get("end 9 1"), 1, "what was never granted has ended");
    a.exit();
}

#[test]
fn mapping_again_and_again_works() {
    let times = scaled(100_000) as i64;
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 8 1 {} 1", b.domid));
    assert_eq!(b.get(&format!("remap {} 8 {times}", a.domid)), times);
    assert_eq!(a.get("end 8 1"), 1);
    a.exit();
    b.exit();
}

#[test]
fn table_and_window_run_full_and_recover() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    let entries = a.get("entries");
    for _ in 0..2 {
        let answer = a.ask("table 0").expect("an answer");
        assert_eq!(
            answer[..2],
            [entries, entries - 8],
            "every reference, and all ended"
        );
    }
    // Xen lets one grant be mapped 128 times.
    a.get(&format!("share 8 256 {} 1", b.domid));
    for _ in 0..2 {
        let answer = b
            .ask(&format!("fill {} 8 256", a.domid))
            .expect("an answer");
        assert!(
            answer[0] > 4096,
            "upstream has room for 4096 pages: {answer:?}"
        );
        assert_eq!(answer[0], answer[1], "all unmapped");
    }
    b.get(&format!("map 0 {} 8 1 1", a.domid));
    b.get("unmap 0");
    assert_eq!(a.get("end 8 256"), 256);
    a.exit();
    b.exit();
}

#[test]
fn grant_copy_moves_bytes_both_ways() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 8 3 {} 1", b.domid));
    b.get("share 8 3 0 1");
    a.get("pattern 3 1");
    b.get("pattern 3 2");
    // Out of a's second page into b's memory, across a page boundary there.
    b.get(&format!("copy {} 9 0 4096 0", a.domid));
    assert_eq!(b.get("sum 5096 4096"), a.get("sum 4096 4096"));
    // Into a's first page, a part.
    b.get("pattern 3 3");
    b.get(&format!("copy {} 8 1500 500 1", a.domid));
    assert_eq!(a.get("sum 1500 500"), b.get("sum 6596 500"));
    assert!(
        b.refused(&format!("copy {} 8 4000 97 0", a.domid))
            .contains("out of range")
    );
    b.refused(&format!("copy {} 500 0 10 0", a.domid));
    assert!(
        b.refused(&format!("copy {} 99999 0 10 0", a.domid))
            .contains("bad grant reference")
    );
    assert_eq!(a.get("end 8 3"), 3);
    // Read-only: out of it, not into it.
    a.get(&format!("share 20 3 {} 0", b.domid));
    b.get(&format!("copy {} 20 0 100 0", a.domid));
    b.refused(&format!("copy {} 20 0 100 1", a.domid));
    a.exit();
    b.exit();
}

#[test]
fn a_read_only_mapping_faults_on_write() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 8 1 {} 0", b.domid));
    assert!(
        b.refused(&format!("map 0 {} 8 1 1", a.domid))
            .starts_with("0 ")
    );
    b.get(&format!("map 0 {} 8 1 0", a.domid));
    assert_eq!(b.get("load 0 0"), 8);
    b.order("store 0 8 1");
    assert!(
        !b.running.wait_for(b"= 0\r\n", Duration::from_secs(5)),
        "the write went through or was dropped without a word"
    );
    let outcome = b.running.wait();
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    assert_eq!(a.get("peek 8"), 0);
    a.exit();
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

/// An OCaml program that counts its checks.
fn ocaml(name: &str, cmdline: &str) -> Guest {
    Guest {
        cmdline: cmdline.into(),
        memory: 64,
        ..Guest::new(elf(name))
    }
}

fn nothing_wrong(outcome: &Outcome) {
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
    assert!(outcome.text().contains(" checks, 0 wrong"), "{outcome}");
}

#[test]
fn every_external_does_and_raises_what_it_should() {
    for options in ["", "--solo5:evtchn=2l "] {
        let outcome = Lab::shared().run(ocaml("xen_stubs", &format!("{options}the command line")));
        nothing_wrong(&outcome);
        assert!(
            outcome
                .text()
                .contains("evtchn_notify: port 901: Xen: invalid argument"),
            "{outcome}"
        );
    }
}

#[test]
fn the_externals_of_6_0_do_and_raise_what_they_should() {
    nothing_wrong(&Lab::shared().run(ocaml("xen_stubs6", "")));
}

#[test]
fn ocaml_maps_copies_and_forgets_pages_of_a_peer() {
    let mut a = Agent::plain();
    let mut b = Lab::shared().start(ocaml("xen_stubs", &format!("peer {} 8", a.domid)));
    let (domid, _) = b.domain().expect("the domain is created");
    a.get(&format!("share 8 4 {domid} 1"));
    let outcome = b.wait();
    nothing_wrong(&outcome);
    assert!(
        outcome.text().contains("a mapping of 1 pages at 0x"),
        "the finaliser speaks: {outcome}"
    );
    assert_eq!(a.get("peek 100") & 0xff, 42);
    a.ends(8, 4);
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

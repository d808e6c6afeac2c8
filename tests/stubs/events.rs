// SPDX-License-Identifier: ISC
//! Event channels: blocking, notifications, ports.

use super::agent::{Agent, scaled};
use super::{BOTH, connected};

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

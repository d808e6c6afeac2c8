// SPDX-License-Identifier: ISC
//! Disks that get a backend in another domain (`guests/xen_backend`), which has not what the old one kept back until a flush.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod agent;
#[path = "support/backend.rs"]
mod backend;
#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use agent::Agent;
use backend::*;
use devices::{device, ended_well};
use lab::Lab;

const CACHE: &str = "sectors=4096 info=0 sector-size=512 feature-flush-cache=1";
const NO_CACHE: &str = "sectors=4096 info=0 sector-size=512";

/// The toolstack gives the disk to a backend in another domain, with a folder of its own.
fn hand_over(domid: u32, to: u32, back: &str) {
    let made = device("vbd", DISK, to, "virtual-device=51712", back);
    let output = Lab::shared().dom0(&format!("DOMID={domid}\n{made}"));
    assert_eq!(output.status, Some(0), "{output:?}");
}

/// A guest that writes to a backend that says `back`, and flushes three times once another has come, or the same again: what it says of
/// the flushes, and how many of them the last backend was asked for.
fn flushes(victim: Victim, back: &str, is_other: bool) -> (Vec<bool>, String, i64) {
    let features = |back: &str| if back == CACHE { FLUSH } else { 0 };
    let mut old = Agent::of("xen_backend", "", &[]);
    let (mut running, domid) = start(victim.guest(old.domid, "moved", back));
    serve(&mut old, domid, features(back));
    assert!(running.wait_for(b"written", agent::limit()), "{victim:?}");
    old.ask("stop").expect("numbers");
    let mut new = if is_other {
        let new = Agent::of("xen_backend", "", &[]);
        hand_over(domid, new.domid, CACHE);
        old.exit();
        new
    } else {
        old
    };
    new.get("over 4088");
    serve(&mut new, domid, FLUSH);
    let outcome = running.wait();
    ended_well(&outcome);
    let counts = new.ask("stop").expect("numbers");
    assert_eq!(counts[WRONG], 0, "{counts:?}");
    new.exit();
    let said = outcome.text();
    let flushes = said.lines().filter(|line| line.starts_with("flush "));
    let flushes = flushes.map(|line| line.contains(" is done")).collect();
    (flushes, said, counts[FLUSHES])
}

#[test]
fn the_first_flush_says_that_writes_went_with_another_domain() {
    for (victim, why) in [
        (
            Victim::Solo5,
            "a flush failed: the domain that had what was written before it is gone",
        ),
        (
            Victim::OCaml,
            "flush 1 failed: the domain that had what was written before the flush is gone",
        ),
    ] {
        let (flushes, said, asked) = flushes(victim, CACHE, true);
        assert_eq!(flushes, [false, true, true], "{said}");
        assert_eq!(said.matches(why).count(), 1, "{said}");
        assert_eq!(asked, 3, "{said}");
    }
}

#[test]
fn a_backend_that_comes_back_in_its_domain_has_what_was_written() {
    for victim in VICTIMS {
        let (flushes, said, _) = flushes(victim, CACHE, false);
        assert_eq!(flushes, [true; 3], "{said}");
    }
}

#[test]
fn a_backend_that_keeps_nothing_back_loses_nothing() {
    for victim in VICTIMS {
        let (flushes, said, _) = flushes(victim, NO_CACHE, true);
        assert_eq!(flushes, [true; 3], "{said}");
    }
}

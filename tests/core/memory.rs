// SPDX-License-Identifier: ISC
//! Memory: too little, all that is given, all used.

use super::lab::{Guest, Lab, Outcome, Reason, long};
use super::{basics, guest, lines, run};
use std::time::Duration;

#[test]
fn too_little_memory_is_said() {
    let big = |memory| {
        run(Guest {
            memory,
            ..guest("solo5_big", "")
        })
    };
    let outcome = big(2);
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    let expected = "Solo5: too little memory to start: the domain has 2048 KiB; raise memory= in its configuration";
    assert_eq!(outcome.port_e9, [expected], "{outcome}");
    let outcome = big(3);
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
}

#[test]
fn all_memory_is_given() {
    for memory in [8, 64, 1024] {
        let outcome = run(Guest {
            memory,
            ..basics("--solo5:quiet heap")
        });
        assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
        let heap: u64 = lines(&outcome)[0]
            .trim_start_matches("heap ")
            .parse()
            .expect("a number");
        // All but low memory, the image and the stack.
        let stack = (u64::from(memory) << 20) / 8;
        let least = (u64::from(memory) << 20) - stack.min(8 << 20) - (3 << 19);
        assert!(heap >= least, "{heap} of {memory} MiB: {outcome}");
    }
}

/// A number that the guest printed after a word.
fn number(outcome: &Outcome, word: &str) -> u64 {
    let said = lines(outcome);
    let mut found = said.iter().filter_map(|line| line.strip_prefix(word));
    let words = found
        .next()
        .unwrap_or_else(|| panic!("no {word:?}: {outcome}"));
    words
        .trim()
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

/// 6 GiB in the long run, in a machine that has them: a third lies above 4 GiB.
#[test]
fn all_memory_can_be_used() {
    let guest = |memory| Guest {
        memory,
        timeout: Duration::from_secs(1800),
        ..guest("xen_memory", "--solo5:quiet")
    };
    let (memory, outcome) = if long() {
        let lab = Lab::own(&["--slots", "1", "--memory", "8192"]);
        let mut running = lab.start(guest(6144));
        running.wait_for(b"above ", Duration::from_secs(3600));
        (6144, running.wait())
    } else {
        (64, run(guest(64)))
    };
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
    // All but the stack, the image, page tables, and the last piece of each range.
    let all = number(&outcome, "all ");
    assert!(all >= (memory - 8 - 12) << 10, "{outcome}");
    if memory > 4096 {
        // RAM ends at 0xfc000000 below 4 GiB.
        let above = number(&outcome, "above ");
        assert!(above >= (memory - 0xfc0 - 4) << 10, "{outcome}");
    }
}

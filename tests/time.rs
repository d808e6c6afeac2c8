// SPDX-License-Identifier: ISC
//! Time on a real Xen: sleeps, a host whose clock is set, and the watchdog.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason, long};
use std::path::Path;
use std::time::Duration;

fn guest(name: &str, cmdline: &str) -> Guest {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/guests/{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    Guest {
        cmdline: cmdline.into(),
        timeout: Duration::from_secs(120),
        ..Guest::new(elf)
    }
}

fn ends_well(outcome: &Outcome) {
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
}

#[test]
fn a_wedged_domain_is_ended_by_the_watchdog() {
    for option in ["--watchdog=3", "--solo5:watchdog=3"] {
        let outcome = Lab::shared().run(guest("solo5_time", &format!("{option} wedge")));
        assert_eq!(outcome.reason, Reason::Watchdog, "{option}: {outcome}");
        assert!(outcome.text().contains("wedged"), "{outcome}");
        assert!(outcome.elapsed >= Duration::from_secs(3), "{outcome}");
    }
}

#[test]
fn a_domain_that_waits_is_not() {
    // Twelve seconds of a sleep and as long of short ones, with a watchdog of six; generous, since the machine that the lab
    // runs on may be busy.
    ends_well(&Lab::shared().run(guest("solo5_time", "--watchdog=6 idle 12")));
}

#[test]
fn sleeps_end_when_they_should() {
    for ms in [0, 1, 10, 100, 1000] {
        let outcome = Lab::shared().run(guest("solo5_time", &format!("sleep {ms}")));
        ends_well(&outcome);
    }
}

/// Where clocks count instructions nothing else makes a sleep late, and while all of the machine sleeps they leap: an hour
/// in the long run, a minute otherwise, in far less.
#[test]
fn no_sleep_is_early_and_none_later_than_its_timer() {
    // The timer, the upcall and the wake-up take some 6 us; Xen lets timers be 50 us off, and dom0 may be in the way.
    const LATEST: u64 = 200_000;
    let longest = if long() { 3_600_000 } else { 60_000 };
    let lab = Lab::own(&["--icount", "--slots", "1"]);
    for ms in [1, 2, 10, 100, 1000, longest] {
        let mut running = lab.start(Guest {
            timeout: Duration::from_secs(7200),
            ..guest("solo5_time", &format!("--solo5:quiet sleep {ms}"))
        });
        running.wait_for(b"late ", Duration::from_secs(3600));
        let outcome = running.wait();
        ends_well(&outcome);
        let late: Option<u64> = outcome
            .text()
            .trim_end()
            .strip_prefix("late ")
            .and_then(|ns| ns.parse().ok());
        assert!(
            late.is_some_and(|late| late <= LATEST),
            "{ms} ms: {outcome}"
        );
    }
}

#[test]
fn the_wall_clock_follows_the_hosts() {
    const HOUR: i128 = 3_600_000_000_000;
    // The clock is the whole machine's.
    let lab = Lab::own(&["--slots", "1"]);
    let outcome = lab.run(Guest {
        dom0: Some(
            "sleep 2; date -s @$(($(date +%s) + 3600)); sleep 4; date -s @$(($(date +%s) - 3600))"
                .into(),
        ),
        ..guest("solo5_time", "--solo5:quiet watch 120")
    });
    ends_well(&outcome);
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    let text = outcome.text();
    // The wall clock less the monotonic one, which is the host's to set.
    let offsets: Vec<(i128, i128)> = text
        .lines()
        .filter_map(|line| {
            let (monotonic, wall) = line.trim_end().strip_prefix("clocks ")?.split_once(' ')?;
            let (monotonic, wall): (i128, i128) = (monotonic.parse().ok()?, wall.parse().ok()?);
            Some((monotonic, wall - monotonic))
        })
        .collect();
    assert_eq!(offsets.len(), 120, "{outcome}");
    let jumps: Vec<i128> = offsets
        .windows(2)
        .map(|pair| pair[1].1 - pair[0].1)
        .filter(|jump| jump.abs() > 500_000_000)
        .collect();
    // `date` sets whole seconds.
    let near = |jump: i128, by: i128| (jump - by).abs() < 2_000_000_000;
    assert!(
        jumps.len() == 2 && near(jumps[0], HOUR) && near(jumps[1], -HOUR),
        "{jumps:?}: {outcome}"
    );
}

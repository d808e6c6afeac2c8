// SPDX-License-Identifier: ISC
//! Time on a real Xen: sleeps, a host whose clock is set, and the watchdog.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason, Running, long};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// A lab whose clocks count instructions, for one test at a time: however busy the machine is that the lab runs on, nothing but the
/// domain itself, Xen and dom0 makes it late or costs it processor time.
fn counting() -> MutexGuard<'static, Lab> {
    static LAB: OnceLock<Mutex<Lab>> = OnceLock::new();
    let lab = LAB.get_or_init(|| Mutex::new(Lab::own(&["--icount", "--slots", "1"])));
    lab.lock().unwrap_or_else(PoisonError::into_inner)
}

fn guest(name: &str, cmdline: &str) -> Guest {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/guests/{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    Guest {
        cmdline: cmdline.into(),
        timeout: Duration::from_secs(600),
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
    // Twelve seconds of a sleep and as long of short ones, with a watchdog of six.
    ends_well(&counting().run(guest("solo5_time", "--watchdog=6 idle 12")));
}

#[test]
fn time_passes_and_sleep_costs_nothing() {
    let lab = counting();
    for test in ["clocks", "sleep"] {
        ends_well(&lab.run(guest("solo5_basics", test)));
    }
    // Three seconds of sleep at no more than a three-hundredth of a processor, boot included.
    let outcome = lab.run(guest("solo5_basics", "--solo5:quiet idle"));
    ends_well(&outcome);
    assert!(outcome.elapsed >= Duration::from_secs(3), "{outcome}");
    let cpu = outcome.cpu;
    assert!(cpu <= Duration::from_millis(10), "{cpu:?}: {outcome}");
}

#[test]
fn sleeps_end_when_they_should() {
    for ms in [0, 1, 10, 100, 1000] {
        let outcome = Lab::shared().run(guest("solo5_time", &format!("sleep {ms}")));
        ends_well(&outcome);
    }
}

/// An hour in the long run, a minute otherwise, in far less: while all of the machine sleeps clocks that count instructions leap.
#[test]
fn no_sleep_is_early_and_none_later_than_its_timer() {
    // The timer, the upcall and the wake-up take some 6 us; Xen lets timers be 50 us off, and dom0 may be in the way.
    const LATEST: u64 = 200_000;
    let longest = if long() { 3_600_000 } else { 60_000 };
    let lab = counting();
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

/// Waits until the guest has said so many lines more.
fn wait_lines(running: &mut Running, more: usize) {
    let count = |running: &Running| running.console().split(|&byte| byte == b'\n').count();
    let wanted = count(running) + more;
    while count(running) < wanted {
        let have = running.console().len();
        assert!(running.wait_more(have, Duration::from_secs(300)));
    }
}

#[test]
fn the_wall_clock_follows_the_hosts() {
    const HOUR: i128 = 3_600_000_000_000;
    // The clock is the whole machine's.
    let lab = Lab::own(&["--slots", "2"]);
    let mut running = lab.start(guest("solo5_time", "--solo5:quiet watch"));
    wait_lines(&mut running, 20);
    for change in ["+ 3600", "- 3600"] {
        let set = lab.dom0(&format!("date -s @$(($(date +%s) {change}))"));
        assert_eq!(set.status, Some(0), "{set:?}");
        // Some may have been on their way.
        wait_lines(&mut running, 30);
    }
    running.input(b"x");
    let outcome = running.wait();
    ends_well(&outcome);
    let text = outcome.text();
    // The wall clock less the monotonic one, which is the host's to set.
    let offsets: Vec<i128> = text
        .lines()
        .filter_map(|line| {
            let (monotonic, wall) = line.trim_end().strip_prefix("clocks ")?.split_once(' ')?;
            let (monotonic, wall): (i128, i128) = (monotonic.parse().ok()?, wall.parse().ok()?);
            Some(wall - monotonic)
        })
        .collect();
    assert!(offsets.len() >= 80, "{outcome}");
    let jumps: Vec<i128> = offsets
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|jump| jump.abs() > 500_000_000)
        .collect();
    // `date` sets whole seconds, and takes a moment.
    let near = |jump: i128, by: i128| (jump - by).abs() < HOUR / 60;
    assert!(
        jumps.len() == 2 && near(jumps[0], HOUR) && near(jumps[1], -HOUR),
        "{jumps:?}: {outcome}"
    );
}

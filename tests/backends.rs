// SPDX-License-Identifier: ISC
//! Devices whose backend is a domain of our own (`guests/xen_backend`): disks with the features that blkback cannot hide or does
//! not have. The tests play the toolstack's part in xenstore.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod agent;
#[path = "support/backend.rs"]
mod backend;
#[path = "support/devices.rs"]
mod devices;
#[path = "support/interruptions.rs"]
mod interruptions;
#[path = "support/lab.rs"]
mod lab;

use agent::Agent;
use backend::*;
use devices::{ended_well, long};
use interruptions::Interruptions;
use lab::Lab;

/// A guest on a disk of 2 MiB with some features; what it says, what the backend was asked, and the digest of the disk.
fn variant(
    victim: Victim,
    cmdline: &str,
    features: u32,
    back: &str,
    sector: u32,
) -> (String, Vec<i64>, String) {
    let mut backend = Agent::of("xen_backend", "", &[]);
    let back = format!("sectors=4096 info=0 sector-size={sector} {back}");
    let (running, domid) = start(victim.guest(backend.domid, cmdline, &back));
    if victim == Victim::Solo5 {
        handshake(backend.domid, domid, DISK_KEYS).expect("it connects");
        // Nothing was asked yet: what the backend can see is the ring, and zeros.
        let seen = backend
            .ask(&format!("peek {domid} 8 240"))
            .expect("numbers");
        assert!(seen[0] > 100 && seen[1] == 1, "{seen:?}");
    }
    serve_sectors(&mut backend, domid, features, sector);
    let outcome = running.wait();
    ended_well(&outcome);
    assert!(!outcome.text().contains("wrong"), "{outcome}");
    backend.order("stop");
    let digest = backend.line_that(|line| line.starts_with("digest "));
    let counts = backend.answer().expect("numbers");
    backend.exit();
    (outcome.text(), counts, digest)
}

/// The model, of both interfaces: each flushes once, at its end, if there is something to flush.
fn model(features: u32, back: &str, sector: u32) -> Vec<Vec<i64>> {
    let count = if long() { 5000 } else { 200 };
    let one = |victim| {
        let cmdline = format!("model {count} 5");
        let (text, counts, digest) = variant(victim, &cmdline, features, back, sector);
        assert!(text.contains(&digest), "{victim:?} {digest}:\n{text}");
        assert_eq!(counts[WRONG], 0, "{victim:?} {counts:?}");
        assert!(
            counts[READS] > 0 && counts[WRITES] > 0,
            "{victim:?} {counts:?}"
        );
        let flushes = i64::from(features & FLUSH != 0);
        assert_eq!(counts[FLUSHES], flushes, "{victim:?} {counts:?}");
        counts
    };
    VICTIMS.into_iter().map(one).collect()
}

#[test]
fn a_disk_without_any_feature() {
    // The core refuses a flush of a disk that has no cache: the model's last step. For `Block` there is nothing to do then.
    for (victim, status) in [(Victim::Solo5, 5), (Victim::OCaml, 0)] {
        let mut backend = Agent::of("xen_backend", "", &[]);
        let back = "sectors=4096 info=0 sector-size=512";
        let (running, domid) = start(victim.guest(backend.domid, "model 100 5", back));
        serve(&mut backend, domid, 0);
        let outcome = running.wait();
        assert_eq!(outcome.exit_status, Some(status), "{outcome}");
        let counts = backend.ask("stop").expect("numbers");
        assert_eq!(counts[FLUSHES..=WRONG], [0; 4], "{victim:?} {counts:?}");
        backend.exit();
    }
}

/// What QEMU does with an upcall then is told in `src/arch/gates.s`. Whoever halts with interrupts off is powered off without a word.
#[test]
fn a_machine_that_stops_all_the_time_loses_no_domain() {
    let interruptions = Interruptions::start();
    model(FLUSH, "feature-flush-cache=1", 512);
    assert!(interruptions.end() > 100);
}

#[test]
fn a_disk_without_pages_of_segments() {
    for counts in model(FLUSH, "feature-flush-cache=1", 512) {
        assert_eq!(counts[INDIRECTS], 0, "{counts:?}");
    }
}

#[test]
fn a_disk_with_few_segments_in_a_page() {
    let back = "feature-flush-cache=1 feature-max-indirect-segments=16";
    for counts in model(INDIRECT | FLUSH, back, 512) {
        assert_eq!(counts[INDIRECTS], 0, "{counts:?}");
    }
}

#[test]
fn a_disk_with_large_sectors_and_pages_of_segments() {
    let back = "feature-flush-cache=1 feature-max-indirect-segments=64 feature-persistent=1";
    for counts in model(INDIRECT | FLUSH, back, 4096) {
        assert!(counts[INDIRECTS] > 0, "{counts:?}");
    }
}

#[test]
fn a_disk_that_can_discard() {
    let back = "feature-flush-cache=1 feature-discard=1 discard-granularity=512";
    for victim in VICTIMS {
        let (text, counts, _) = variant(victim, "discard", FLUSH | DISCARD, back, 512);
        assert!(text.contains("SUCCESS"), "{text}");
        assert_eq!((counts[DISCARDS], counts[WRONG]), (1, 0), "{counts:?}");
    }
}

/// The backend answers with errors for some sectors. Each operation on them fails, and those beside them do not.
#[test]
fn errors_of_the_backend_are_the_operations() {
    for victim in VICTIMS {
        let mut backend = Agent::of("xen_backend", "", &[]);
        let back = "sectors=4096 info=0 sector-size=512 feature-flush-cache=1 feature-discard=1";
        let (running, domid) = start(victim.guest(backend.domid, "faulty", back));
        backend.get("bad 100 8");
        serve(&mut backend, domid, FLUSH | DISCARD);
        let outcome = running.wait();
        ended_well(&outcome);
        assert!(outcome.text().contains("SUCCESS"), "{victim:?} {outcome}");
        if victim == Victim::OCaml {
            let error = ": the disk answered with an error";
            assert_eq!(outcome.text().matches(error).count(), 5, "{outcome}");
        }
        let counts = backend.ask("stop").expect("numbers");
        assert_eq!(counts[WRONG], 0, "{victim:?} {counts:?}");
        backend.exit();
    }
}

/// Where a frontend of so many queues says what of a queue.
fn queue_keys(count: usize) -> String {
    let of = |queue| format!("queue-{queue}/ring-ref queue-{queue}/event-channel");
    let queues: Vec<String> = (0..count).map(of).collect();
    let queues = if count == 1 {
        DISK_KEYS.into()
    } else {
        queues.join(" ")
    };
    format!("multi-queue-num-queues {queues}")
}

/// A backend that says that it has so many queues connects, and finds that the frontend has `count`.
fn connect(backend: &mut Agent, domid: u32, offered: &str, count: usize) {
    write(backend.domid, domid, "multi-queue-max-queues", offered);
    let keys = handshake(backend.domid, domid, &queue_keys(count));
    let keys = keys.unwrap_or_else(|| panic!("offered {offered:?}, there are not {count} queues"));
    assert_eq!(keys[0], count.to_string(), "offered {offered:?}");
    assert_eq!(keys.len(), 1 + 2 * count, "{keys:?}");
    backend.get(&format!(
        "disk {domid} 4096 512 3 {count} {}",
        keys[1..].join(" ")
    ));
    set_state(backend.domid, domid, 4);
}

const QUEUES: &str = "sectors=4096 info=0 sector-size=512 feature-flush-cache=1 feature-max-indirect-segments=64 multi-queue-max-queues=3";

/// One backend after the other, each with another number of queues, none of which answers all that it is asked: what it leaves is
/// asked of the next, and nothing is lost or done twice, as the model would see.
#[test]
fn backends_with_other_numbers_of_queues_under_load() {
    let mut backend = Agent::of("xen_backend", "", &[]);
    let cmdline = "--solo5:debug --solo5:block-queues=4 model 100 6 until";
    let (victim, domid) = start(Victim::Solo5.guest(backend.domid, cmdline, QUEUES));
    let mut last = vec![0; 4];
    for (offered, count) in [
        ("3", 3),
        ("4", 4),
        ("2", 2),
        ("", 1),
        ("100", 4),
        ("0", 1),
        ("-4", 1),
        ("two", 1),
        ("18446744073709551616", 1),
        ("4", 4),
    ] {
        connect(&mut backend, domid, offered, count);
        backend.line_that(|line| line == "all queues are used");
        let counts = backend.ask("stop").expect("numbers");
        assert_eq!(counts[WRONG], 0, "{counts:?}");
        let served = counts[SERVED..].to_vec();
        for queue in 0..4 {
            // Each queue that there was has been used, and no other.
            assert_eq!(
                served[queue] > last[queue],
                queue < count,
                "offered {offered:?}: {last:?}, then {served:?}"
            );
        }
        last = served;
    }
    backend.get("over 4088");
    connect(&mut backend, domid, "2", 2);
    let outcome = victim.wait();
    ended_well(&outcome);
    backend.order("stop");
    let digest = backend.line_that(|line| line.starts_with("digest "));
    assert!(outcome.text().contains(&digest), "{digest}:\n{outcome}");
    let asked_again = |line: &str| line.rsplit(' ').next()?.parse::<u64>().ok();
    let said = outcome.text();
    let again = said.lines().filter(|line| line.contains("is connected"));
    assert!(again.filter_map(asked_again).max() > Some(0), "{said}");
    backend.exit();
}

/// It goes before it is connected: several queues are not what it wants, whatever it said. It gets one.
#[test]
fn a_backend_that_refuses_several_queues_gets_one() {
    let mut backend = Agent::of("xen_backend", "", &[]);
    let back = QUEUES.replace("queues=3", "queues=4");
    let cmdline = "--solo5:block-queues=4 model 100 5";
    let (victim, domid) = start(Victim::Solo5.guest(backend.domid, cmdline, &back));
    let keys = handshake(backend.domid, domid, &queue_keys(4)).expect("it connects");
    assert_eq!(keys[0], "4", "{keys:?}");
    set_state(backend.domid, domid, 5);
    connect(&mut backend, domid, "4", 1);
    let outcome = victim.wait();
    ended_well(&outcome);
    let counts = backend.ask("stop").expect("numbers");
    assert_eq!(counts[SERVED + 1..], [0, 0, 0], "{counts:?}");
    backend.exit();
}

#[test]
fn a_number_of_queues_that_cannot_be_is_refused() {
    let back = QUEUES.replace("queues=3", "queues=4");
    for queues in ["0", "5", "many"] {
        let cmdline = format!("--solo5:block-queues={queues} model 1 1");
        let outcome = Lab::shared().run(Victim::Solo5.guest(0, &cmdline, &back));
        let reason = "the option for its queues is no number from 1 to 4";
        assert!(outcome.text().contains(reason), "{queues}: {outcome}");
        assert_eq!(outcome.exit_status, Some(1), "{queues}: {outcome}");
    }
}

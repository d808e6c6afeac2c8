// SPDX-License-Identifier: ISC
//! Devices whose backend is a domain of our own (`guests/xen_backend`): disks with the features that blkback cannot hide or does
//! not have. The tests play the toolstack's part in xenstore.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod agent;
#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use agent::Agent;
use devices::{built, device, ended_well, long};
use lab::{Guest, Lab, Running};
use std::time::Duration;

/// What a backend does in xenstore, after it has closed its connection if there was one, until the frontend has published the
/// nodes `keys`: their values. `None` when it does not, for three quarters of a minute.
fn handshake(
    class: &str,
    number: u32,
    backend: u32,
    domid: u32,
    keys: &str,
) -> Option<Vec<String>> {
    let script = format!(
        "F=/local/domain/{domid}/device/{class}/{number}; B=/local/domain/{backend}/backend/{class}/{domid}/{number}\n\
         go() {{ [ \"$(xenstore-read $B/state)\" = $1 ] || xenstore-write $B/state $1; }}\n\
         [ \"$(xenstore-read $B/state)\" != 4 ] || go 5\n\
         end=$(($(date +%s) + 45)); while [ $(date +%s) -lt $end ]; do\n\
         case $(xenstore-read $F/state) in 5) go 5;; 6) go 6;; 1) go 2;;\n\
         3|4) if [ \"$(xenstore-read $B/state)\" = 2 ]; then for key in {keys}; do xenstore-read $F/$key; done; exit; fi;; esac\n\
         sleep 0.1; done; exit 7"
    );
    let output = Lab::shared().dom0(&script);
    let words = output.stdout.split_whitespace().map(str::to_owned);
    (output.status == Some(0)).then(|| words.collect())
}

fn set_state(class: &str, number: u32, backend: u32, domid: u32, state: u32) {
    let path = format!("/local/domain/{backend}/backend/{class}/{domid}/{number}/state");
    let output = Lab::shared().dom0(&format!("xenstore-write {path} {state}"));
    assert_eq!(output.status, Some(0), "{output:?}");
}

fn start(guest: Guest) -> (Running, u32) {
    let mut running = Lab::shared().start(guest);
    let (domid, _) = running.domain().expect("the domain is created");
    (running, domid)
}

const DISK: u32 = 51712;
const DISK_KEYS: &str = "ring-ref event-channel";

fn disk_guest(backend: u32, cmdline: &str, back: &str) -> Guest {
    Guest {
        cmdline: cmdline.into(),
        before: Some(device("vbd", DISK, backend, "virtual-device=51712", back)),
        timeout: Duration::from_secs(if long() { 3000 } else { 550 }),
        ..Guest::new(built("guests/solo5_blk.xen"))
    }
}

/// A guest on a disk of 2 MiB with some features, which counts what it was asked: reads, writes, flushes, discards, requests with
/// pages of segments, and ones that it has no feature for.
fn variant(cmdline: &str, features: u32, back: &str, sector: u32) -> (String, Vec<i64>, String) {
    let mut backend = Agent::of("xen_backend", "", &[]);
    let back = format!("sectors=4096 info=0 sector-size={sector} {back}");
    let (victim, domid) = start(disk_guest(backend.domid, cmdline, &back));
    let keys = handshake("vbd", DISK, backend.domid, domid, DISK_KEYS).expect("it connects");
    // Nothing was asked yet: what the backend can see is the ring, and zeros.
    let seen = backend
        .ask(&format!("peek {domid} 8 240"))
        .expect("numbers");
    assert!(seen[0] > 100 && seen[1] == 1, "{seen:?}");
    backend.get(&format!(
        "disk {domid} 4096 {sector} {features} 1 {} {}",
        keys[0], keys[1]
    ));
    set_state("vbd", DISK, backend.domid, domid, 4);
    let outcome = victim.wait();
    ended_well(&outcome);
    backend.order("stop");
    let digest = backend.line_that(|line| line.starts_with("digest "));
    let counts = backend.answer().expect("numbers");
    backend.exit();
    (outcome.text(), counts, digest)
}

fn model(features: u32, back: &str, sector: u32) -> Vec<i64> {
    let count = if long() { 5000 } else { 200 };
    let (text, counts, digest) = variant(&format!("model {count} 5"), features, back, sector);
    assert!(text.contains(&digest), "{digest}:\n{text}");
    assert_eq!(counts[5], 0, "{counts:?}");
    assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");
    counts
}

#[test]
fn a_disk_without_any_feature() {
    // A flush of a disk that has no cache is refused by the driver: the model's last step.
    let mut backend = Agent::of("xen_backend", "", &[]);
    let (victim, domid) = start(disk_guest(
        backend.domid,
        "model 100 5",
        "sectors=4096 info=0 sector-size=512",
    ));
    let keys = handshake("vbd", DISK, backend.domid, domid, DISK_KEYS).expect("it connects");
    backend.get(&format!(
        "disk {domid} 4096 512 0 1 {} {}",
        keys[0], keys[1]
    ));
    set_state("vbd", DISK, backend.domid, domid, 4);
    let outcome = victim.wait();
    assert_eq!(outcome.exit_status, Some(5), "{outcome}");
    let counts = backend.ask("stop").expect("numbers");
    assert_eq!(counts[2..6], [0, 0, 0, 0], "{counts:?}");
    backend.exit();
}

#[test]
fn a_disk_without_pages_of_segments() {
    let counts = model(2, "feature-flush-cache=1", 512);
    assert_eq!(counts[4], 0, "{counts:?}");
}

#[test]
fn a_disk_with_few_segments_in_a_page() {
    let counts = model(
        3,
        "feature-flush-cache=1 feature-max-indirect-segments=16",
        512,
    );
    assert_eq!(counts[4], 0, "{counts:?}");
}

#[test]
fn a_disk_with_large_sectors_and_pages_of_segments() {
    let back = "feature-flush-cache=1 feature-max-indirect-segments=64 feature-persistent=1";
    let counts = model(3, back, 4096);
    assert!(counts[4] > 0, "{counts:?}");
}

#[test]
fn a_disk_that_can_discard() {
    let back = "feature-flush-cache=1 feature-discard=1 discard-granularity=512";
    let (text, counts, _) = variant("discard", 6, back, 512);
    assert!(text.contains("SUCCESS"), "{text}");
    assert_eq!((counts[3], counts[5]), (1, 0), "{counts:?}");
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
    let node = format!(
        "/local/domain/{}/backend/vbd/{domid}/{DISK}/multi-queue-max-queues",
        backend.domid
    );
    let output = Lab::shared().dom0(&format!("xenstore-write -- {node} '{offered}'"));
    assert_eq!(output.status, Some(0), "{output:?}");
    let keys = handshake("vbd", DISK, backend.domid, domid, &queue_keys(count));
    let keys = keys.unwrap_or_else(|| panic!("offered {offered:?}, there are not {count} queues"));
    assert_eq!(keys[0], count.to_string(), "offered {offered:?}");
    assert_eq!(keys.len(), 1 + 2 * count, "{keys:?}");
    backend.get(&format!(
        "disk {domid} 4096 512 3 {count} {}",
        keys[1..].join(" ")
    ));
    set_state("vbd", DISK, backend.domid, domid, 4);
}

const QUEUES: &str = "sectors=4096 info=0 sector-size=512 feature-flush-cache=1 feature-max-indirect-segments=64 multi-queue-max-queues=3";

/// One backend after the other, each with another number of queues, none of which answers all that it is asked: what it leaves is
/// asked of the next, and nothing is lost or done twice, as the model would see.
#[test]
fn backends_with_other_numbers_of_queues_under_load() {
    let mut backend = Agent::of("xen_backend", "", &[]);
    let cmdline = "--solo5:debug --solo5:block-queues=4 model 100 6 until";
    let (victim, domid) = start(disk_guest(backend.domid, cmdline, QUEUES));
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
        assert_eq!(counts[5], 0, "{counts:?}");
        let served = counts[6..].to_vec();
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
    let (victim, domid) = start(disk_guest(backend.domid, cmdline, &back));
    let keys = handshake("vbd", DISK, backend.domid, domid, &queue_keys(4)).expect("it connects");
    assert_eq!(keys[0], "4", "{keys:?}");
    set_state("vbd", DISK, backend.domid, domid, 5);
    connect(&mut backend, domid, "4", 1);
    let outcome = victim.wait();
    ended_well(&outcome);
    let counts = backend.ask("stop").expect("numbers");
    assert_eq!(counts[7..], [0, 0, 0], "{counts:?}");
    backend.exit();
}

#[test]
fn a_number_of_queues_that_cannot_be_is_refused() {
    let back = QUEUES.replace("queues=3", "queues=4");
    for queues in ["0", "5", "many"] {
        let cmdline = format!("--solo5:block-queues={queues} model 1 1");
        let outcome = Lab::shared().run(disk_guest(0, &cmdline, &back));
        let reason = "the option for its queues is no number from 1 to 4";
        assert!(outcome.text().contains(reason), "{queues}: {outcome}");
        assert_eq!(outcome.exit_status, Some(1), "{queues}: {outcome}");
    }
}

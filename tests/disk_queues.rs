// SPDX-License-Identifier: ISC
//! Disks of several queues over the real blkback, which has as many as its parameter says when a device is made.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use devices::{TOOLS, built, ended_well, long};
use lab::{Guest, Lab, Outcome};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// How many queues blkback has is every disk's: one test at a time says it.
fn offered(queues: usize) -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(|error| error.into_inner());
    let output = Lab::shared().dom0(&parameter(queues));
    assert_eq!(output.status, Some(0), "{output:?}");
    guard
}

fn parameter(queues: usize) -> String {
    format!("echo {queues} >/sys/module/xen_blkback/parameters/max_queues")
}

/// For dom0: the disk's backend, how the guest is told that it is enough, and how often blkback's thread of each queue had something
/// to do.
const DISK: &str = r#"
front=/local/domain/$DOMID/device/vbd/51712 backend=/local/domain/0/backend/vbd/$DOMID/51712
enough() { echo stop | dd of=$DIR/disk.img bs=512 seek=4096 conv=notrunc 2>/dev/null; xenstore-write /local/domain/$DOMID/data/go stop; }
queues() {
	echo "nodes $(xenstore-ls -f $front | grep -c 'queue-[0-9]/ring-ref') number $(xenstore-read $front/multi-queue-num-queues)"
	for task in /proc/[0-9]*; do
		case $(cat $task/comm 2>/dev/null) in $DOMID.xvda-*) echo "woken $(sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' $task/status)";; esac
	done
}
are_used() { [ $(queues | grep -c '^woken [0-9][0-9]') = $1 ]; }
anew() {
	echo vbd-$DOMID-51712 >/sys/bus/xen-backend/drivers/vbd/unbind || exit 1
	# blkback leaves its state as it was, and takes a frontend that has not let go of it for connected.
	xenstore-write $backend/state 6
	wait_for 60 state_is $front 1
	echo vbd-$DOMID-51712 >/sys/bus/xen-backend/drivers/vbd/bind || exit 2
	wait_for 60 state_is $front 4
}
"#;

/// A guest with a disk of 2 MiB that it works on, and for Solo5's 4 KiB in which it is told that it is enough.
fn guest(elf: &str, cmdline: &str, script: &str) -> Guest {
    let more = if elf.contains("solo5") { 4096 } else { 0 };
    let tool = std::fs::read(built("dom0/disk")).expect("the file is there");
    Guest {
        cmdline: cmdline.into(),
        memory: 96,
        config: vec![
            r#"disk = ["script=block-lab,vdev=xvda,access=rw,format=raw,target=@DIR@/disk.img"]"#
                .into(),
        ],
        files: vec![
            ("disk.img".into(), vec![0; (2 << 20) + more]),
            ("disk".into(), tool),
        ],
        dom0: Some(format!(
            "{TOOLS}{DISK}wait_for 60 state_is $front 4\n{script}\nenough"
        )),
        after: Some(
            "chmod +x $DIR/disk; truncate -s 2M $DIR/disk.img; $DIR/disk digest $DIR/disk.img"
                .into(),
        ),
        timeout: Duration::from_secs(if long() { 3000 } else { 600 }),
        ..Guest::new(built(elf))
    }
}

/// The numbers in the lines that start with `start`.
fn lines(text: &str, start: &str) -> Vec<Vec<u64>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(start));
    let numbers = |line: &str| {
        line.split(' ')
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    lines.map(numbers).collect()
}

fn run(guest: Guest) -> Outcome {
    let outcome = Lab::shared().run(guest);
    ended_well(&outcome);
    let (said, seen) = (outcome.text(), &outcome.dom0.stdout);
    assert!(!said.contains("wrong"), "{outcome}");
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    assert_eq!(lines(&said, "digest "), lines(seen, "digest "), "{outcome}");
    outcome
}

#[test]
fn each_queue_is_used() {
    let _one = offered(4);
    for queues in [1, 2, 4] {
        let cmdline = format!("--solo5:debug --solo5:block-queues={queues} model 100 6 until");
        let script = format!("wait_for 120 are_used {queues}; queues");
        let outcome = run(guest("guests/solo5_blk.xen", &cmdline, &script));
        let seen = &outcome.dom0.stdout;
        // One queue's nodes are not in a folder of it.
        let nodes = if queues == 1 { 0 } else { queues };
        assert_eq!(lines(seen, "nodes "), [[nodes, queues]], "{outcome}");
        let woken: Vec<u64> = lines(seen, "woken ").concat();
        assert_eq!(woken.len() as u64, queues, "{outcome}");
        assert!(woken.iter().all(|&times| times >= 10), "{outcome}");
        println!("{queues} queues: woken {woken:?}");
    }
}

/// In order: how many queues each connection had.
fn connections(outcome: &Outcome) -> Vec<u64> {
    let text = outcome.text();
    let lines = text.lines().filter(|line| line.contains("is connected"));
    let queues = |line: &str| {
        let rest = line.split("queues: ").nth(1)?;
        rest.split(',').next()?.parse().ok()
    };
    lines.filter_map(queues).collect()
}

/// The parameter, and a new device in dom0, for each of them.
fn restarts(numbers: &[usize]) -> String {
    let one = |&queues: &usize| format!("{}; anew; sleep 1; queues", parameter(queues));
    numbers.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn blkback_comes_back_with_another_number_of_queues_under_load() {
    let _one = offered(4);
    let numbers = [1, 3, 4, 2, 8, 1];
    let outcome = run(guest(
        "guests/solo5_blk.xen",
        "--solo5:debug --solo5:block-queues=4 model 100 7 until",
        &restarts(&numbers),
    ));
    assert_eq!(connections(&outcome), [4, 1, 3, 4, 2, 4, 1], "{outcome}");
}

/// With more requests at once than the next backend has room for.
#[test]
fn requests_of_an_ocaml_program_wait_for_room_in_fewer_queues() {
    let _one = offered(4);
    let numbers = [1, 4, 2, 1, 4];
    let outcome = run(guest(
        "guests/os_devices.xen",
        "queues 4 120",
        &format!("sleep 2; queues\n{}", restarts(&numbers)),
    ));
    let nodes: Vec<u64> = lines(&outcome.dom0.stdout, "nodes ")
        .iter()
        .map(|n| n[1])
        .collect();
    assert_eq!(nodes, [4, 1, 4, 2, 1, 4], "{outcome}");
}

/// blkback said that it has four, and then has one: the frontend asks for one, once four were refused.
#[test]
fn blkback_that_has_less_than_it_said() {
    let _one = offered(4);
    let outcome = run(Guest {
        before: Some(parameter(1)),
        ..guest(
            "guests/solo5_blk.xen",
            "--solo5:debug --solo5:block-queues=4 model 100 8 until",
            "sleep 1; queues",
        )
    });
    assert_eq!(connections(&outcome), [1], "{outcome}");
}

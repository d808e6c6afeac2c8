// SPDX-License-Identifier: ISC
//! Disks over the real blkback that is not as before: it takes fewer pages in a request, its disk grows or shrinks, it is gone.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use devices::{TOOLS, built, ended_well, go_after, long, numbers};
use lab::{Guest, Lab, Outcome};
use std::time::Duration;

/// For dom0: the disk's backend, how the guest is told that it is enough, and a new backend that says that it takes so many segments in
/// a page of them. blkback always says 256: the guest stands still until that is changed.
const DISK: &str = r#"
front=/local/domain/$DOMID/device/vbd/51712 backend=/local/domain/0/backend/vbd/$DOMID/51712 vbd=vbd-$DOMID-51712
enough() { echo stop | dd of=$DIR/disk.img bs=512 seek=4096 conv=notrunc 2>/dev/null; xenstore-write /local/domain/$DOMID/data/go stop; }
anew() {
	echo $vbd >/sys/bus/xen-backend/drivers/vbd/unbind || exit 1
	# blkback leaves its state as it was, and takes a frontend that has not let go of it for connected.
	xenstore-write $backend/state 6
	wait_for 60 state_is $front 1
	xl pause $DOMID || exit 2
	echo $vbd >/sys/bus/xen-backend/drivers/vbd/bind || exit 3
	wait_for 60 state_is $backend 2
	xenstore-write $backend/feature-max-indirect-segments $1
	xl unpause $DOMID || exit 4
	wait_for 60 state_is $front 4
	echo asked $1
}
written() { cat /sys/bus/xen-backend/devices/$vbd/statistics/wr_sect; }
has_written() { [ $(written) -ge $1 ]; }
"#;

fn guest(elf: &str, cmdline: &str, script: &str) -> Guest {
    Guest {
        cmdline: cmdline.into(),
        memory: 96,
        config: vec![
            r#"disk = ["script=block-lab,vdev=xvda,access=rw,format=raw,target=@DIR@/disk.img"]"#
                .into(),
        ],
        files: vec![("disk.img".into(), vec![0; (2 << 20) + 4096])],
        dom0: Some(format!(
            "{TOOLS}{DISK}wait_for 60 state_is $front 4\n{script}\nenough"
        )),
        timeout: Duration::from_secs(if long() { 3000 } else { 600 }),
        ..Guest::new(built(elf))
    }
}

fn run(guest: Guest) -> Outcome {
    ended(Lab::shared().run(guest))
}

fn ended(outcome: Outcome) -> Outcome {
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    ended_well(&outcome);
    assert!(!outcome.text().contains("wrong"), "{outcome}");
    outcome
}

/// Of a mebibyte's requests six are under way at once, and two wait for them, when one comes that takes no such requests. Each backend
/// serves one of its own for at least two rounds, so that none of its transfers stands still.
fn takes_less(elf: &str, cmdline: &str) -> Outcome {
    let rounds = if long() { 20 } else { 2 };
    let script = format!(
        "wait_for 60 has_written 2048\nfor round in $(seq {rounds}); do for most in 16 256 0 11 256; do\n\
         anew $most; wait_for 60 has_written 4096; done; done"
    );
    run(guest(elf, cmdline, &script))
}

#[test]
fn blkback_comes_back_with_fewer_segments_under_load() {
    let outcome = takes_less("guests/solo5_blk.xen", "--solo5:debug whole");
    let said = outcome.text();
    assert!(numbers(&said, "SUCCESS")[0] > 10, "{outcome}");
    let asked_again = |line: &str| line.rsplit(' ').next()?.parse::<u64>().ok();
    let again = said.lines().filter(|line| line.contains("is connected"));
    assert!(again.filter_map(asked_again).max() > Some(0), "{outcome}");
}

#[test]
fn blkback_comes_back_with_fewer_segments_under_load_of_an_ocaml_program() {
    takes_less("guests/os_devices.xen", "whole");
}

/// The guests whose transfers have no answer: a read, and a write of more than there is room for.
fn no_answer(elf: &str, writes: usize) -> Outcome {
    let mut running = Lab::shared().start(guest(
        elf,
        "gone",
        // The guest ends by itself, once it is back.
        "sleep 1; echo $vbd >/sys/bus/xen-backend/drivers/vbd/unbind; wait_go\n\
         xenstore-write $backend/state 6; wait_for 60 state_is $front 1\n\
         echo $vbd >/sys/bus/xen-backend/drivers/vbd/bind; exit",
    ));
    go_after(&mut running, "a write failed after ", writes);
    let outcome = ended(running.wait());
    for what in ["a read failed after ", "a write failed after "] {
        let took = numbers(&outcome.text(), what)[0];
        assert!((29..=40).contains(&took), "{what}{took}: {outcome}");
    }
    outcome
}

#[test]
fn transfers_end_that_no_backend_answers() {
    let outcome = no_answer("guests/solo5_blk.xen", 1);
    assert!(outcome.text().contains("SUCCESS"), "{outcome}");
}

#[test]
fn transfers_of_an_ocaml_program_end_that_no_backend_answers() {
    let outcome = no_answer("guests/os_devices.xen", 3);
    let said = outcome.text();
    let failed = "s: the disk answered with an error, or not at all";
    assert_eq!(said.matches(failed).count(), 4, "{outcome}");
}

/// In KiB, what the disk has; dom0 waits until the guest has written that it knows.
fn resized(elf: &str) -> Vec<u64> {
    let script = "knows() { [ \"$(dd if=$DIR/disk.img bs=1 skip=4096 count=1 2>/dev/null)\" = $1 ]; }\n\
                  wait_for 60 knows M; for size in 4096.L 1024.M 512.S 4096.L; do\n\
                  truncate -s ${size%.*}K $DIR/disk.img && losetup -c $(xenstore-read $backend/node) || exit 1\n\
                  wait_for 60 knows ${size#*.}; done\n\
                  enough() { echo stop | dd of=$DIR/disk.img conv=notrunc 2>/dev/null; }";
    let outcome = run(Guest {
        files: vec![("disk.img".into(), vec![0; 1 << 20])],
        ..guest(elf, "resize", script)
    });
    let said = outcome.text();
    let sizes = said.lines().filter_map(|line| line.strip_prefix("size "));
    sizes.filter_map(|size| size.trim().parse().ok()).collect()
}

#[test]
fn a_disk_grows_and_shrinks() {
    let sizes = [1024, 4096, 1024, 512, 4096];
    assert_eq!(resized("guests/solo5_blk.xen"), sizes);
    assert_eq!(resized("guests/os_devices.xen"), sizes);
}

// SPDX-License-Identifier: ISC
//! Disks over the real blkback: Solo5's behaviours, contents checked against a model and from dom0, and backends that go away.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use devices::{TOOLS, built, ended_well, long, scaled};
use lab::{Guest, Lab, Outcome};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A guest with a disk of so many bytes of zeros, `xvda`, of which dom0 has the file.
fn guest(cmdline: &str, size: usize, access: &str) -> Guest {
    let tool = std::fs::read(built("dom0/disk")).expect("the file is there");
    Guest {
        cmdline: cmdline.into(),
        config: vec![format!(
            r#"disk = ["script=block-lab,vdev=xvda,access={access},format=raw,target=@DIR@/disk.img"]"#
        )],
        files: vec![("disk.img".into(), vec![0; size]), ("disk".into(), tool)],
        after: Some("chmod +x $DIR/disk; $DIR/disk digest $DIR/disk.img".into()),
        timeout: Duration::from_secs(if long() { 3000 } else { 600 }),
        ..Guest::new(built("guests/solo5_blk.xen"))
    }
}

fn run(guest: Guest) -> Outcome {
    let outcome = Lab::shared().run(guest);
    ended_well(&outcome);
    outcome
}

/// The line that starts with `digest`.
fn digest(text: &str) -> &str {
    let line = text.lines().find(|line| line.starts_with("digest "));
    line.unwrap_or_else(|| panic!("no digest:\n{text}"))
        .trim_end()
}

#[test]
fn solo5_behaviour() {
    let outcome = run(guest("blk", 1 << 20, "rw"));
    assert!(outcome.text().contains("SUCCESS"), "{outcome}");
    assert!(
        outcome
            .text()
            .contains("disk of 1048576 bytes in blocks of 512"),
        "{outcome}"
    );
}

/// Without the option it would be the first one.
#[test]
fn a_disk_is_named_by_its_number() {
    let disk = |name: &str, file: &str| {
        format!(r#""script=block-lab,vdev={name},access=rw,format=raw,target=@DIR@/{file}""#)
    };
    let with = |option: &str| {
        let one = guest(
            &format!("--solo5:block:storage={option} blk"),
            1 << 20,
            "rw",
        );
        let disks = format!(
            "disk = [{}, {}]",
            disk("xvda", "disk.img"),
            disk("xvdb", "other.img")
        );
        let mut files = one.files;
        files.push(("other.img".into(), vec![0; 2 << 20]));
        Guest {
            config: vec![disks],
            files,
            after: None,
            ..one
        }
    };
    let outcome = run(with("51728"));
    let said = outcome.text();
    assert!(said.contains("disk of 2097152 bytes"), "{outcome}");
    assert!(said.contains("SUCCESS"), "{outcome}");
    let outcome = Lab::shared().run(with("xvdb"));
    let reason = "error: block 'storage': the option for it names no number";
    assert!(outcome.text().contains(reason), "{outcome}");
    assert_eq!(outcome.exit_status, Some(1), "{outcome}");
}

#[test]
fn a_disk_for_reading_only() {
    let outcome = run(guest("readonly", 1 << 20, "ro"));
    assert!(outcome.text().contains("SUCCESS"), "{outcome}");
}

#[test]
fn contents_are_what_was_written_and_dom0_sees_them() {
    let count = scaled(100_000);
    let outcome = run(guest(&format!("model {count} 1"), 4 << 20, "rw"));
    assert_eq!(
        digest(&outcome.text()),
        digest(&outcome.dom0.stdout),
        "{outcome}"
    );
}

#[test]
fn little_memory_for_buffers_is_enough() {
    let count = scaled(20_000);
    let cmdline = format!("--solo5:block-memory=136k model {count} 2");
    let outcome = run(guest(&cmdline, 2 << 20, "rw"));
    assert_eq!(
        digest(&outcome.text()),
        digest(&outcome.dom0.stdout),
        "{outcome}"
    );
}

/// For dom0: the disk's backend.
const VBD: &str = "backend=/local/domain/0/backend/vbd/$DOMID/51712 front=/local/domain/$DOMID/device/vbd/51712\n\
                   both_connected() { state_is $backend 4 && state_is $front 4; }\n";

/// A disk of 2 MiB, and what the guest is told behind them: that it is enough.
const TOLD: usize = (2 << 20) + 4096;
const DIGEST_OF_TOLD: &str =
    "chmod +x $DIR/disk; truncate -s 2M $DIR/disk.img; $DIR/disk digest $DIR/disk.img";

fn script(text: &str) -> Option<String> {
    Some(format!("{TOOLS}{VBD}{text}"))
}

/// blkback leaves its state as it was, and goes on with the rings of a frontend that is slow to see it gone: the first time that is
/// left to who is faster. Then the frontend is told, and rings are made anew.
#[test]
fn blkback_lets_go_of_a_disk_and_takes_it_again_under_load() {
    let count = scaled(50_000);
    let outcome = run(Guest {
        // The module cannot be removed while it has a disk, so this is all that can happen to one.
        dom0: script(
            "vbd=vbd-$DOMID-51712\n\
             let_go() { echo $vbd >/sys/bus/xen-backend/drivers/vbd/unbind || exit 1; }\n\
             take() { echo $vbd >/sys/bus/xen-backend/drivers/vbd/bind || exit 2; wait_for 60 both_connected; wait_for 60 has_read; }\n\
             has_read() { [ $(cat /sys/bus/xen-backend/devices/$vbd/statistics/rd_req) -gt 10 ]; }\n\
             wait_for 60 both_connected; wait_for 60 has_read; let_go; sleep 1; take\n\
             for i in 1 2; do let_go; xenstore-write $backend/state 6; wait_for 60 state_is $front 1; take; done\n\
             echo stop | dd of=$DIR/disk.img bs=512 seek=4096 conv=notrunc",
        ),
        after: Some(DIGEST_OF_TOLD.into()),
        ..guest(&format!("--solo5:debug model {count} 4 until"), TOLD, "rw")
    });
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    let (said, seen) = (outcome.text(), &outcome.dom0.stdout);
    assert_eq!(digest(&said), digest(seen), "{outcome}");
    assert!(said.matches("is disconnected").count() >= 2, "{outcome}");
}

/// The whole device goes, its folder in xenstore with it, and comes again; what was under way is asked of the new one.
#[test]
fn a_disk_that_is_detached_and_attached_under_load_goes_on() {
    let rounds = if long() { 20 } else { 2 };
    let outcome = run(Guest {
        // xl has ten seconds for a detach, which a busy machine may not have. What it has begun goes on without it.
        dom0: script(&format!(
            "gone() {{ ! xenstore-exists /local/domain/$DOMID/device/vbd/51712; }}\n\
             wait_for 60 both_connected; sleep 1; for i in $(seq {rounds}); do\n\
             xl block-detach $DOMID xvda || wait_for 30 gone; wait_for 60 gone; sleep 1\n\
             xl block-attach $DOMID script=block-lab,vdev=xvda,access=rw,format=raw,target=$DIR/disk.img || exit 2\n\
             wait_for 60 both_connected; sleep 1; done\n\
             echo stop | dd of=$DIR/disk.img bs=512 seek=4096 conv=notrunc"
        )),
        after: Some(DIGEST_OF_TOLD.into()),
        ..guest("--solo5:debug model 100 6 until", TOLD, "rw")
    });
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    let (said, seen) = (outcome.text(), &outcome.dom0.stdout);
    assert_eq!(digest(&said), digest(seen), "{outcome}");
    assert_eq!(
        said.matches("is connected").count(),
        rounds + 1,
        "{outcome}"
    );
}

#[test]
fn errors_of_the_backend_are_returned_and_a_larger_disk_is_seen() {
    // The disk's file lies where there is room for 2 MiB. It grows from 1 MiB to 4, all of which the guest writes to: what there is
    // no room for the loop device answers with errors.
    let small = format!("/run/small-{}", std::process::id());
    let made = Lab::shared().dom0(&format!(
        "mkdir {small} && mount -t tmpfs -o size=2m small {small} && truncate -s 1M {small}/disk.img"
    ));
    assert_eq!(made.status, Some(0), "{made:?}");
    let outcome = run(Guest {
        config: vec![format!(
            r#"disk = ["script=block-lab,vdev=xvda,access=rw,format=raw,target={small}/disk.img"]"#
        )],
        dom0: script(&format!(
            "wait_for 60 both_connected\ntruncate -s 4M {small}/disk.img && losetup -c $(xenstore-read $backend/node) || exit 1"
        )),
        after: Some(format!("umount -l {small}")),
        files: Vec::new(),
        ..guest("--solo5:debug errors", 512, "rw")
    });
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    let said = outcome.text();
    assert!(said.contains("disk of 1048576 bytes"), "{outcome}");
    assert!(said.contains("a write failed after"), "{outcome}");
    assert!(!said.contains("does not answer"), "{outcome}");
}

#[test]
fn lab_run_gives_a_file_as_a_disk_and_takes_it_back() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab run disk.img");
    std::fs::write(&file, vec![0; 1 << 20]).expect("cargo's folder for tests is writable");
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/run"))
        .args(["--timeout", "200", "--cmdline", "model 20 7", "--disk"])
        .arg(&file)
        .arg(built("guests/solo5_blk.xen"))
        .env("MIRAGE_XEN_LAB_SESSION", Lab::shared().folder())
        .stdin(Stdio::null())
        .output()
        .expect("lab/run is part of the checkout");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // What the guest wrote, in the same digest.
    let bytes = std::fs::read(&file).expect("it came back");
    assert_eq!(bytes.len(), 1 << 20);
    let hash = bytes
        .chunks_exact(8)
        .fold(14695981039346656037_u64, |hash, word| {
            let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
            (hash ^ word).wrapping_mul(1099511628211)
        });
    assert_eq!(digest(&said), format!("digest {hash}"));
}

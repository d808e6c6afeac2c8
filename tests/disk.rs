// SPDX-License-Identifier: ISC
//! Disks over the real blkback: Solo5's behaviours, contents checked against a model and from dom0, and backends that go away.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Outcome, Reason};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

fn built(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target")
        .join(name);
    assert!(
        path.exists(),
        "{} is not built: make guests",
        path.display()
    );
    path
}

/// Counts that are large are run in full by `make test-long`, a hundredth of them otherwise.
fn scaled(full: u64) -> u64 {
    match std::env::var_os("MIRAGE_XEN_LONG") {
        Some(_) => full,
        None => full / 100,
    }
}

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
        timeout: Duration::from_secs(if scaled(100) > 1 { 3000 } else { 600 }),
        ..Guest::new(built("guests/solo5_blk.xen"))
    }
}

fn good(outcome: &Outcome) {
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
}

/// Tests side by side, but for those that take blkback from all of them.
static BLKBACK: RwLock<()> = RwLock::new(());

fn run(guest: Guest) -> Outcome {
    let _shared = BLKBACK.read().unwrap_or_else(PoisonError::into_inner);
    run_alone(guest)
}

fn run_alone(guest: Guest) -> Outcome {
    let outcome = Lab::shared().run(guest);
    good(&outcome);
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

#[test]
fn lab_run_gives_a_file_as_a_disk_and_takes_it_back() {
    let _shared = BLKBACK.read().unwrap_or_else(PoisonError::into_inner);
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

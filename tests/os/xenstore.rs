// SPDX-License-Identifier: ISC
//! xenstore, of either daemon, and one connection for a device and the program.

use super::lab::{self, Guest};
use super::{guest, lines, passes, root, scaled, scratch};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Makes 1000 children in dom0, before the guest runs: this takes transactions, which the guest's writes would upset.
const MANY: &str = "p=/local/domain/$DOMID; i=1
    while [ $i -le 1000 ]; do
      args=
      for j in $(seq $i $((i + 49))); do args=\"$args $p/many/entry$(printf %04d $j) x\"; done
      xenstore-write $args || exit 1
      i=$((i + 50))
    done
    xenstore-write $p/many-ready yes";

#[test]
fn everything_a_domain_may_do_with_xenstore() {
    passes(Guest {
        before: Some(MANY.into()),
        ..guest("os_xenstore", &scaled(10_000, 2_000).to_string())
    });
}

/// The same with the other daemon, in a lab of its own. It cannot tell of so many children.
#[test]
fn everything_a_domain_may_do_with_oxenstored() {
    let folder = scratch("oxenstored");
    let script = scratch("oxenstored-many");
    std::fs::create_dir_all(&folder).expect("a folder for the lab");
    std::fs::write(&script, MANY).expect("a script for dom0");
    let mut session = Command::new(root().join("lab/session"))
        .args(["serve", "--memory", "1200", "--xenstored", "oxenstored"])
        .arg("--folder")
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("lab/session");
    let mut line = String::new();
    BufReader::new(session.stdout.take().expect("it was piped"))
        .read_line(&mut line)
        .expect("what lab/session says");
    assert!(line.starts_with("ready"), "the lab did not start: {line}");
    let output = Command::new(root().join("lab/run"))
        .args(["--quiet", "--timeout", "500", "--cmdline", "300", "--dom0"])
        .arg(&script)
        .arg(lab::guests().join("os_xenstore.xen"))
        .env("MIRAGE_XEN_LAB_SESSION", &folder)
        .output()
        .expect("lab/run");
    // The lab ends with its standard input.
    drop(session.stdin.take());
    let _ = session.wait();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("cancelled") && text.contains("E2BIG"),
        "{}: {text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A Solo5 device and the program ask xenstore on one connection.
#[test]
fn a_device_and_the_program_share_the_connection() {
    let disk = r#"disk = ["script=block-lab,vdev=xvda,access=w,format=raw,target=@DIR@/disk.img"]"#;
    let outcome = passes(Guest {
        config: vec![disk.into()],
        files: vec![("disk.img".into(), vec![0; 64 * 512])],
        dom0: Some("sleep 1; xenstore-write /local/domain/$DOMID/data/dom0 ready".into()),
        ..guest("os_shared", "")
    });
    assert_eq!(
        lines(&outcome),
        ["replies", "events", "rounds", "ok"],
        "{outcome}"
    );
}

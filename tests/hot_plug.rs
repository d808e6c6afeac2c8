// SPDX-License-Identifier: ISC
//! Devices that a domain has not had when it was made, over the real netback and blkback: `xl network-attach`, `xl block-attach`.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use devices::{TOOLS, built, ended_well, go_after};
use lab::{Guest, Lab, Outcome};
use std::time::Duration;

/// What dom0 does once the guest has said `word`, with what it attaches at hand.
fn run(name: &str, cmdline: &str, word: &str, script: &str) -> Outcome {
    let read = |tool| std::fs::read(built(tool)).expect("the file is there");
    let tools = "chmod +x $DIR/net; in_space() { ip netns exec guest$DOMID \"$@\"; }\n\
                 attach_vif() { xl network-attach $DOMID script=vif-lab-own mac=00:16:3e:00:00:77 || exit 2; }\n\
                 attach_vbd() { xl block-attach $DOMID script=block-lab,vdev=$1,access=rw,format=raw,target=$DIR/disk.img || exit 3; }\n";
    let mut running = Lab::shared().start(Guest {
        cmdline: cmdline.into(),
        memory: 64,
        dom0: Some(format!("{TOOLS}{tools}wait_go\n{script}")),
        files: vec![
            ("net".into(), read("dom0/net")),
            ("disk.img".into(), vec![0; 1 << 20]),
        ],
        timeout: Duration::from_secs(600),
        ..Guest::new(built(&format!("guests/{name}.xen")))
    });
    go_after(&mut running, word, 1);
    let outcome = running.wait();
    println!("{outcome}");
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    ended_well(&outcome);
    assert!(!outcome.text().contains("wrong"), "{outcome}");
    outcome
}

const ECHO: &str = "attach_vif; wait_for 120 in_space ping -c 1 -W 1 10.0.0.2 >/dev/null\n\
                    in_space $DIR/net echo 10.0.0.2 100 1472 3 && in_space $DIR/net order 10.0.0.2 stop";
const MISSING: &str = "the domain has no such device: see its configuration";

#[test]
fn an_interface_is_acquired_once_it_is_attached() {
    let outcome = run("solo5_net", "later", "not there yet", ECHO);
    let said = outcome.text();
    assert!(
        said.contains(&format!("Solo5: error: net 'service': {MISSING}")),
        "{outcome}"
    );
    assert!(said.contains("not there yet"), "{outcome}");
    assert!(outcome.dom0.stdout.contains("echoed 100"), "{outcome}");
}

/// An option names it before it is there: acquiring waits for it, which begins soon after the boot has said what memory there is.
#[test]
fn an_interface_that_an_option_names_is_waited_for() {
    let script = format!("sleep 1\n{ECHO}");
    let cmdline = "--solo5:net:service=0 echo";
    let outcome = run("solo5_net", cmdline, "Solo5: Memory: ", &script);
    assert!(!outcome.text().contains("error"), "{outcome}");
}

#[test]
fn a_disk_is_acquired_once_it_is_attached() {
    let outcome = run("solo5_blk", "later", "not there yet", "attach_vbd xvdb");
    let said = outcome.text();
    assert!(
        said.contains(&format!("Solo5: error: block 'storage': {MISSING}")),
        "{outcome}"
    );
    assert!(
        said.contains("not there yet") && said.contains("SUCCESS"),
        "{outcome}"
    );
}

/// An OCaml program learns of both by xenstore, without looking again and again.
#[test]
fn an_ocaml_program_waits_for_an_interface_and_a_disk() {
    let outcome = run(
        "os_devices",
        "later",
        "has no disk \"xvdb\"; it has: none",
        "attach_vif; wait_for 120 state_is /local/domain/0/backend/vif/$DOMID/0 4\n\
         in_space ping -c 5 -W 1 10.0.0.2 >/dev/null\nattach_vbd xvdb\n\
         gone() { ! xenstore-exists /local/domain/$DOMID/device/vbd/51728/state || state_is /local/domain/$DOMID/device/vbd/51728 6; }\n\
         wait_for 60 gone; dd if=$DIR/disk.img bs=512 skip=3 count=1 2>/dev/null",
    );
    let said = outcome.text();
    assert_eq!(said.matches("it has: none").count(), 2, "{outcome}");
    assert_eq!(said.lines().last(), Some("ok"), "{outcome}");
    assert!(outcome.dom0.stdout.contains(&"a".repeat(512)), "{outcome}");
}

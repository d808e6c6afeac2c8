// SPDX-License-Identifier: ISC
//! Network interfaces over the real netback: Solo5's behaviours, traffic checked by content, names, addresses and the MTU.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/net.rs"]
mod net;

use devices::{built, numbers, scaled};
use lab::{Guest, Lab, Outcome};
use net::{UP, good, guest, with_up};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Guests on the lab's own bridge, where each answers as 10.0.0.2, are there one at a time.
static BRIDGE: Mutex<()> = Mutex::new(());

fn run(guest: Guest) -> Outcome {
    Lab::shared().run(guest)
}

#[test]
fn solo5_result_codes() {
    let outcome = run(guest("solo5_net", "codes", 1, ""));
    good(&outcome);
    assert!(outcome.text().contains("SUCCESS"), "{outcome}");
}

#[test]
fn pings_of_all_sizes_are_answered() {
    let outcome = run(guest(
        "solo5_net",
        "echo",
        1,
        &with_up(
            "for size in 0 1 17 18 56 1471 1472 1473 2960 4096 9000 20000 40001 65507; do\n\
             in_space ping -c 3 -i 0.1 -W 30 -s $size 10.0.0.2 | grep ' 0% packet loss' || { echo $size; exit 1; }\n\
             done\nin_space $net order 10.0.0.2 stop",
        ),
    ));
    good(&outcome);
}

#[test]
fn datagrams_come_back_as_they_were() {
    let count = scaled(1_000_000);
    let outcome = run(guest(
        "solo5_net",
        "echo",
        1,
        &with_up(&format!(
            "in_space $net echo 10.0.0.2 {count} 1472 1 && in_space $net echo 10.0.0.2 {} 65507 2 && in_space $net order 10.0.0.2 stop",
            count / 100 + 20
        )),
    ));
    good(&outcome);
    let seen = numbers(&outcome.dom0.stdout, "echoed");
    assert_eq!(seen, [count, 0], "{outcome}");
}

#[test]
fn datagrams_both_ways_at_once() {
    let count = scaled(200_000);
    let outcome = run(guest(
        "solo5_net",
        "echo",
        1,
        &with_up(&format!(
            "in_space $net both 10.0.0.2 {count} 1472 3 && in_space $net take 10.0.0.2 {count} 1472 && \
             in_space $net take 10.0.0.2 {} 65504 && in_space $net order 10.0.0.2 stop",
            count / 50
        )),
    ));
    good(&outcome);
    assert_eq!(
        numbers(&outcome.dom0.stdout, "echoed"),
        [count, 0],
        "{outcome}"
    );
    // All of the others came, too, and most of them while answers were under way.
    let [came, lost, between] = numbers(&outcome.dom0.stdout, "meanwhile")[..] else {
        panic!("{outcome}");
    };
    assert_eq!((came, lost), (count, 0), "{outcome}");
    assert!(between > count / 2, "{outcome}");
    let took = numbers(&outcome.dom0.stdout, "took");
    assert!(took[0] > count * 9 / 10, "{outcome}");
}

#[test]
fn two_interfaces_are_told_apart() {
    let outcome = run(guest(
        "solo5_net2",
        "",
        2,
        &with_up(
            "wait_up 10.0.1.2\nin_space $net echo 10.0.0.2 300 1472 4 && \
             in_space $net echo 10.0.1.2 300 1472 5 && in_space $net order 10.0.1.2 stop",
        ),
    ));
    good(&outcome);
    assert!(!outcome.text().contains("nothing to read"), "{outcome}");
}

/// Each interface is known by the address that the domain's configuration gives it, to Solo5 programs and to OCaml's.
#[test]
fn addresses_are_those_of_the_configuration() {
    let config = r#"vif = ["script=vif-lab-own,mac=00:16:3e:12:af:01", "script=vif-lab-own,mac=02:ff:00:80:7f:fe"]"#;
    let addresses = [
        [0, 0x16, 0x3e, 0x12, 0xaf, 1],
        [2, 0xff, 0, 0x80, 0x7f, 0xfe],
    ];
    let with_config = |name, script: &str| Guest {
        config: vec![config.into()],
        ..guest(name, "", 2, &with_up(script))
    };
    // Linux has the same, as ARP says, and both answer.
    let script = "wait_up 10.0.1.2\n\
        for n in 0 1; do in_space ip neigh show 10.0.$n.2 | grep -i \"lladdr $(xenstore-read /local/domain/$DOMID/device/vif/$n/mac)\" || exit 3; done\n\
        in_space $net order 10.0.0.2 stop";
    let outcome = run(with_config("solo5_net2", script));
    good(&outcome);
    for (number, address) in (0..).zip(addresses) {
        let text = outcome.text();
        let said = numbers(&text, &format!("net {number} "));
        assert_eq!(said[3..], address, "{outcome}");
    }
    let outcome = run(with_config("echo", "in_space $net order 10.0.0.2 stop"));
    good(&outcome);
    let said = "echo: 00:16:3e:12:af:01 is 10.0.0.2";
    assert!(outcome.text().contains(said), "{outcome}");
}

/// Linux sends a frame to an address that is not the interface's, and one to all: the program sees both, and tells them apart by
/// the address that it was told.
#[test]
fn frames_for_others_are_not_taken_for_its_own() {
    let outcome = run(guest(
        "solo5_net",
        "echo",
        1,
        &with_up(
            "in_space ip neigh replace 10.0.0.2 lladdr 02:00:00:00:00:33 dev b0\n\
             in_space ping -c 3 -i 0.1 -W 1 10.0.0.2 && exit 3\n\
             in_space ip neigh del 10.0.0.2 dev b0\n\
             in_space ping -c 3 -i 0.1 -W 30 10.0.0.2 | grep ' 0% packet loss' || exit 4\n\
             in_space $net order 10.0.0.2 stop",
        ),
    ));
    good(&outcome);
    let text = outcome.text();
    let counts = numbers(&text, "received");
    assert_eq!(counts.last(), Some(&3), "{outcome}");
}

#[test]
fn eight_interfaces() {
    let _alone = BRIDGE.lock().unwrap_or_else(PoisonError::into_inner);
    // On the lab's own bridge, since a network for each takes long to make.
    let addresses: String = (1..8)
        .map(|n| format!("ip addr add 10.0.{n}.1/24 dev xenbr0\n"))
        .collect();
    let echoes: String = (1..8)
        .map(|n| format!("until ping -c 1 -W 1 10.0.{n}.2 >/dev/null; do :; done\n$net echo 10.0.{n}.2 50 1472 {n} || exit 1\n"))
        .collect();
    let vifs = ["\"script=vif-lab,bridge=xenbr0\""; 8].join(", ");
    let outcome = run(Guest {
        config: vec![format!("vif = [{vifs}]")],
        memory: 48,
        ..guest(
            "solo5_net8",
            "",
            8,
            &format!("{addresses}{echoes}$net order 10.0.7.2 stop"),
        )
    });
    good(&outcome);
}

#[test]
fn names_stand_for_devices_by_option_too() {
    let outcome = run(guest(
        "solo5_net2",
        "--solo5:net:service0=1 --solo5:net:service1=0",
        2,
        // The first name's address is on the second device's bridge.
        &format!(
            "{UP}ip netns exec $space ip addr flush dev b0; ip netns exec $space ip addr flush dev b1\n\
             ip netns exec $space ip addr add 10.0.0.1/24 dev b1; ip netns exec $space ip addr add 10.0.1.1/24 dev b0\n\
             wait_up && wait_up 10.0.1.2 && in_space $net echo 10.0.0.2 100 1472 1 && in_space $net order 10.0.0.2 stop"
        ),
    ));
    good(&outcome);
}

#[test]
fn a_device_that_is_not_there_is_said_to_be_missing() {
    let outcome = run(guest("solo5_net2", "", 1, ""));
    assert_eq!(outcome.exit_status, Some(1), "{outcome}");
    assert!(
        outcome
            .text()
            .contains("Solo5: error: net 'service1': the domain has no such device"),
        "{outcome}"
    );
}

#[test]
fn the_mtu_is_that_of_xenstore() {
    let mut guest = guest(
        "solo5_net",
        "echo",
        1,
        &with_up(
            "in_space ping -c 3 -W 30 -s 8900 10.0.0.2 | grep ' 0% packet loss' && \
             in_space $net echo 10.0.0.2 100 8972 8 && in_space $net order 10.0.0.2 stop",
        ),
    );
    guest.before = Some(
        "xenstore-write /local/domain/$DOMID/device/vif/0/mtu 9000\n\
         ip netns exec guest$DOMID ip link set vif$DOMID.0 mtu 9000 && ip netns exec guest$DOMID ip link set b0 mtu 9000"
            .into(),
    );
    let outcome = run(guest);
    good(&outcome);
    assert!(outcome.text().contains(" mtu 9000 "), "{outcome}");
    // Each in one frame: no fragments.
    let text = outcome.text();
    let sent = numbers(&text, "received");
    assert!(sent[3] < 130, "{sent:?}");
}

#[test]
fn lab_run_captures_packets() {
    let _alone = BRIDGE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab run pcap");
    std::fs::create_dir_all(&folder).expect("cargo's folder for tests is writable");
    let (file, script) = (folder.join("packets.pcap"), folder.join("ping.sh"));
    let text = "n=0; until ping -c 1 -W 2 -s 1000 10.0.0.2 >/dev/null; do n=$((n + 1)); [ $n -lt 60 ] || exit 1; done\n\
                xl destroy $DOMID";
    std::fs::write(&script, text).expect("writable");
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/run"))
        .args(["--timeout", "200", "--cmdline", "echo", "--net", "--pcap"])
        .arg(&file)
        .arg("--dom0")
        .arg(&script)
        .arg(built("guests/solo5_net.xen"))
        .env("MIRAGE_XEN_LAB_SESSION", Lab::shared().folder())
        .stdin(Stdio::null())
        .output()
        .expect("lab/run is part of the checkout");
    assert_eq!(output.status.code(), Some(254), "destroyed: {output:?}");
    let bytes = std::fs::read(&file).expect("it came back");
    let word =
        |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    assert_eq!(
        (word(0), word(16), word(20)),
        (0xa1b23c4d, 65535, 1),
        "a pcap file of Ethernet frames"
    );
    let (mut at, mut pings, mut answers) = (24, 0, 0);
    while at < bytes.len() {
        let len = word(at + 8);
        assert_eq!(len, word(at + 12));
        let frame = &bytes[at + 16..at + 16 + len];
        if frame[12..14] == [8, 0] && frame[23] == 1 {
            pings += usize::from(frame[34] == 8);
            answers += usize::from(frame[34] == 0);
            assert_eq!(len, 14 + 20 + 8 + 1000);
        }
        at += 16 + len;
    }
    assert!(pings >= 1 && answers >= 1, "{pings} {answers}");
}

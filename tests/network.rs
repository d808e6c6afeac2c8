// SPDX-License-Identifier: ISC
//! Network interfaces over the real netback: Solo5's behaviours, traffic checked by content, and backends that go away.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/net.rs"]
mod net;

use devices::{TOOLS, built, numbers, scaled};
use lab::{Guest, Lab, Outcome};
use net::{UP, VIF, good, guest, with_up};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, RwLock};

/// Tests side by side, but for those that take netback from all of them.
static NETBACK: RwLock<()> = RwLock::new(());

/// Guests on the lab's own bridge, where each answers as 10.0.0.2, are there one at a time.
static BRIDGE: Mutex<()> = Mutex::new(());

fn run(guest: Guest) -> Outcome {
    let _shared = NETBACK.read().unwrap_or_else(PoisonError::into_inner);
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
             in_space ping -c 3 -i 0.1 -W 5 -s $size 10.0.0.2 | grep ' 0% packet loss' || { echo $size; exit 1; }\n\
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
    assert!(
        numbers(&outcome.dom0.stdout, "meanwhile")[0] > 0,
        "{outcome}"
    );
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

/// For dom0: traffic that is there while something happens.
const UNDER_LOAD: &str =
    "load() { while :; do in_space $net echo 10.0.0.2 50 1472 9; sleep 0.3; done; }\n";

/// Traffic before `change`, during it, and after it, when none may be lost. What `before` runs comes before the traffic, and
/// `after` when none is under way.
fn under_load(before: &str, change: &str, after: &str) -> String {
    with_up(&format!(
        "{UNDER_LOAD}sleep 1\n{before}\nload >/dev/null 2>&1 & loader=$!\nsleep 1\n{change}\nwait_up || exit 8\n\
         kill $loader\nsleep 2\n{after}\n\
         in_space $net echo 10.0.0.2 200 1472 6 && in_space $net order 10.0.0.2 stop"
    ))
}

#[test]
fn a_bridge_goes_down_and_up() {
    let change = "in_space ip link set b0 down\nsleep 2\nin_space ip link set b0 up";
    let outcome = run(guest("solo5_net", "echo", 1, &under_load(":", change, ":")));
    good(&outcome);
    assert_eq!(
        numbers(&outcome.dom0.stdout, "echoed"),
        [200, 0],
        "{outcome}"
    );
}

fn change_under_load(change: &str) -> Outcome {
    // A packet that dom0 still holds has its page mapped: what was in use before is waited for.
    let script = under_load(
        "before=$(counts seen)",
        change,
        "as_before() { [ \"$(counts seen)\" = \"$before\" ]; }\nwait_for 6 as_before",
    );
    Lab::shared().run(guest(
        "solo5_net",
        "--solo5:debug echo",
        1,
        &format!("{TOOLS}{VIF}{script}"),
    ))
}

#[test]
fn an_interface_is_taken_away_and_given_back_under_load() {
    let _shared = NETBACK.read().unwrap_or_else(PoisonError::into_inner);
    let rounds = scaled(200);
    let outcome = change_under_load(&format!(
        "for i in $(seq {rounds}); do detach; attach || exit 2\nwait_for 60 state_is $backend 4; wait_up; done"
    ));
    good(&outcome);
    assert_eq!(
        numbers(&outcome.dom0.stdout, "echoed"),
        [200, 0],
        "{outcome}"
    );
    let connections = format!("connections {}", rounds + 1);
    assert!(outcome.text().contains(&connections), "{outcome}");
}

#[test]
fn netback_is_loaded_anew_under_load() {
    let _alone = NETBACK.write().unwrap_or_else(PoisonError::into_inner);
    let outcome = change_under_load(
        "# The module can be removed once it has no interface.\necho vif-$DOMID-0 >/sys/bus/xen-backend/drivers/vif/unbind\n\
         wait_for 60 rmmod xen_netback 2>/dev/null\nsleep 1\ninsmod /modules/xen_netback.ko || exit 2\n\
         wait_for 60 [ -e /sys/class/net/vif$DOMID.0 ]\n\
         XENBUS_PATH=backend/vif/$DOMID/0 vif=vif$DOMID.0 /etc/xen/scripts/vif-lab-own online || exit 4\n\
         wait_for 60 state_is $backend 4",
    );
    good(&outcome);
    assert_eq!(
        numbers(&outcome.dom0.stdout, "echoed"),
        [200, 0],
        "{outcome}"
    );
}

/// Gives the guest's bridge the addresses of IPv6 that `solo5_tcp.h` has.
const V6: &str = "in_space ip -6 addr add fd00::1/64 dev b0 nodad\n\
                  in_space ip -6 neigh add fd00::2 lladdr $(xenstore-read /local/domain/$DOMID/device/vif/0/mac) dev b0\n";

/// A TCP connection from the guest to `net WHAT` in dom0, of `size` bytes.
fn tcp(cmdline: &str, what: &str, size: u64) -> Outcome {
    let outcome = run(guest(
        "solo5_net",
        cmdline,
        1,
        &with_up(&format!(
            "{V6}in_space $net {what} 5001 {size} & program=$!\nsleep 2\nin_space $net order 10.0.0.2 stop; wait $program"
        )),
    ));
    good(&outcome);
    outcome
}

/// Over IPv6 the checksums of all segments, too, are the backend's to compute.
#[test]
fn large_segments_reach_the_tcp_of_dom0() {
    for (protocol, size) in [("", scaled(400 << 20)), (" v6", scaled(100 << 20))] {
        let outcome = tcp(&format!("tcp {size}{protocol}"), "sink", size);
        assert_eq!(numbers(&outcome.dom0.stdout, "sank"), [size], "{outcome}");
    }
}

/// What dom0's TCP sends is larger than the MTU: it comes so to who asks for that, and cut into frames to who does not.
#[test]
fn large_segments_of_the_tcp_of_dom0_come_in() {
    for (how, size) in [
        ("cut v4", scaled(400 << 20)),
        ("whole v4", scaled(400 << 20)),
        ("cut v6", scaled(100 << 20)),
        ("whole v6", scaled(100 << 20)),
    ] {
        let outcome = tcp(&format!("pour {how}"), "pour", size);
        assert_eq!(numbers(&outcome.dom0.stdout, "poured"), [size], "{outcome}");
        let text = outcome.text();
        let [got, large, bad] = numbers(&text, "received in order")[..] else {
            panic!("{outcome}");
        };
        assert_eq!((got, bad), (size, 0), "{how}: {outcome}");
        assert_eq!(large > 0, how.starts_with("whole"), "{how}: {outcome}");
    }
}

/// The least pages that an interface can do with still hold the largest packet each way.
#[test]
fn an_interface_does_with_little_memory() {
    let size = scaled(100 << 20);
    for cmdline in ["pour whole v4".to_string(), format!("tcp {size}")] {
        let what = if cmdline.starts_with("tcp") {
            "sink"
        } else {
            "pour"
        };
        tcp(&format!("--solo5:net-memory=172k {cmdline}"), what, size);
    }
}

#[test]
fn datagrams_whose_checksum_the_backend_computes_come_back_as_they_were() {
    let outcome = run(guest(
        "solo5_net",
        "blank",
        1,
        &with_up("in_space $net echo 10.0.0.2 500 1472 7 && in_space $net order 10.0.0.2 stop"),
    ));
    good(&outcome);
    let seen = numbers(&outcome.dom0.stdout, "echoed");
    assert_eq!(seen, [500, 0], "{outcome}");
}

/// Over IPv6 every datagram has a checksum: the guest's own and what the backend makes of it.
#[test]
fn datagrams_over_ipv6_come_back_as_they_were() {
    for (mode, count) in [("echo", scaled(100_000)), ("blank", scaled(50_000))] {
        let outcome = run(guest(
            "solo5_net",
            mode,
            1,
            &with_up(&format!(
                "{V6}in_space $net echo fd00::2 {count} 1452 4 && in_space $net order 10.0.0.2 stop"
            )),
        ));
        good(&outcome);
        let seen = numbers(&outcome.dom0.stdout, "echoed");
        assert_eq!(seen, [count, 0], "{outcome}");
    }
}

/// Datagrams that go out on one interface without a checksum and come in on the other, to which Linux sends them as to a card that
/// computes none: the guest looks at the values that were computed.
#[test]
fn checksums_that_are_left_to_the_backend_are_right() {
    let count = scaled(20_000);
    let outcome = run(guest(
        "solo5_net2",
        &format!("checksums {count}"),
        2,
        &with_up(
            "in_space ip link set vif$DOMID.1 master b0 && in_space $net software vif$DOMID.1 && in_space $net order 10.0.0.2 stop",
        ),
    ));
    good(&outcome);
    let text = outcome.text();
    let [v4, v6, blank] = numbers(&text, "checksums")[..] else {
        panic!("{outcome}");
    };
    assert_eq!((v4, v6, blank), (count, count, 0), "{outcome}");
}

#[test]
fn the_mtu_is_that_of_xenstore() {
    let mut guest = guest(
        "solo5_net",
        "echo",
        1,
        &with_up(
            "in_space ping -c 3 -W 5 -s 8900 10.0.0.2 | grep ' 0% packet loss' && \
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
fn the_carrier_is_seen_to_go_and_come() {
    let _shared = NETBACK.read().unwrap_or_else(PoisonError::into_inner);
    let script = format!(
        "{TOOLS}{VIF}{}",
        with_up(
            "detach; sleep 1; attach || exit 2\nwait_for 60 state_is $backend 4; wait_up; in_space $net order 10.0.0.2 stop"
        )
    );
    let outcome = Lab::shared().run(guest("solo5_net", "carrier", 1, &script));
    good(&outcome);
    let text = outcome.text();
    let seen: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("carrier"))
        .collect();
    assert_eq!(seen, ["carrier 1", "carrier 0", "carrier 1"], "{outcome}");
}

#[test]
fn lab_run_captures_packets() {
    let _alone = BRIDGE.lock().unwrap_or_else(PoisonError::into_inner);
    let _shared = NETBACK.read().unwrap_or_else(PoisonError::into_inner);
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

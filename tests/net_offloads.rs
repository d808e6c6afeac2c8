// SPDX-License-Identifier: ISC
//! What a packet leaves to the other side, over the real netback: segments of TCP both ways, checksums, IPv6.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/net.rs"]
mod net;

use devices::{numbers, scaled};
use lab::{Guest, Lab, Outcome};
use net::{LISTENS, good, guest, with_up};

fn run(guest: Guest) -> Outcome {
    Lab::shared().run(guest)
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
            "{V6}{LISTENS}in_space $net {what} 5001 {size} >$DIR/said & program=$!\n\
             listens; in_space $net order 10.0.0.2 stop; wait $program; status=$?; cat $DIR/said; exit $status"
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
        tcp(&format!("--solo5:net-memory=176k {cmdline}"), what, size);
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

// SPDX-License-Identifier: ISC
//! What `Netif` has beyond `Mirage_net.S`: packets as they came, over several queues, and a backend that does anything.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/net.rs"]
mod net;

use devices::{numbers, scaled};
use lab::Lab;
use net::{LISTENS, good, guest};

/// TCP between two networks that the guest joins: segments come and go whole, over IPv4 and IPv6, and all bytes are right.
#[test]
fn segments_are_passed_on_whole() {
    for queues in [1, 2] {
        let size = scaled(400 << 20);
        let script = format!(
            "space=guest$DOMID; other=other$DOMID; in_space() {{ ip netns exec $space \"$@\"; }}; in_other() {{ ip netns exec $other \"$@\"; }}\n\
             trap 'status=$?; ip netns del $other; [ $status = 0 ] || xl destroy $DOMID' EXIT\n\
             ip netns add $other && in_space ip link set vif$DOMID.1 nomaster && in_space ip link set vif$DOMID.1 netns $other || exit 1\n\
             in_other ip link set vif$DOMID.1 address 02:00:00:00:00:07 && in_other ip link set vif$DOMID.1 up\n\
             in_other ip addr add 10.0.0.7/24 dev vif$DOMID.1 && in_other ip -6 addr add fd00::7/64 dev vif$DOMID.1 nodad\n\
             in_space ip -6 addr add fd00::1/64 dev b0 nodad\n\
             n=0; until in_space ping -c 1 -W 1 10.0.0.7 >/dev/null; do n=$((n + 1)); [ $n -lt 60 ] || exit 9; done\n\
             in_space ping -c 3 -i 0.1 -s 9000 10.0.0.7 | grep ' 0% packet loss' || exit 8\n\
             {LISTENS}transfer() {{ : >$DIR/said; in_other $net pour 5001 {size} >$DIR/said & pouring=$!; listens\n\
             in_space $net fetch $1 5001 {size} && wait $pouring || exit 7; }}\n\
             transfer 10.0.0.7; transfer fd00::7; xl shutdown $DOMID"
        );
        let outcome = Lab::shared().run(guest("os_relay", &queues.to_string(), 2, &script));
        good(&outcome);
        let fetched: Vec<&str> = outcome.dom0.stdout.lines().collect();
        let fetched = fetched.iter().filter(|line| line.starts_with("fetched "));
        let all = format!("fetched {size}");
        assert_eq!(fetched.filter(|line| **line == all).count(), 2, "{outcome}");
        let text = outcome.text();
        let [packets, large, bytes, partial, strange, _] = numbers(&text, "relayed")[..] else {
            panic!("{outcome}");
        };
        println!("{queues} queues: {packets} packets, {large} large of {bytes} bytes");
        // Hardly any of the bytes came in frames; how large the segments are is TCP's to say, by how fast it is answered.
        assert!(bytes > 2 * size * 9 / 10, "{outcome}");
        assert!(partial >= large && strange == 0, "{outcome}");
    }
}

// SPDX-License-Identifier: ISC
//! Network interfaces whose netback goes away and comes back, or whose bridge does, under load.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/net.rs"]
mod net;

use devices::{TOOLS, numbers, scaled};
use lab::{Lab, Outcome};
use net::{VIF, good, guest, with_up};
use std::sync::{PoisonError, RwLock};

/// Tests side by side, but for the one that takes netback from all of them.
static NETBACK: RwLock<()> = RwLock::new(());

/// For dom0: traffic that is there while something happens.
const UNDER_LOAD: &str = "load() { while :; do in_space env PATIENCE=2000 $net echo 10.0.0.2 50 1472 9; sleep 0.3; done; }\n";

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
    let _shared = NETBACK.read().unwrap_or_else(PoisonError::into_inner);
    let outcome = Lab::shared().run(guest("solo5_net", "echo", 1, &under_load(":", change, ":")));
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
        "as_before() { [ \"$(counts seen)\" = \"$before\" ]; }\nwait_for 60 as_before",
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

// SPDX-License-Identifier: ISC
//! Interfaces with several queues over the real netback: traffic on each, its contents checked, backends that come back with
//! another number of queues, or without event channels for each direction.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/net.rs"]
mod net;

use devices::{TOOLS, numbers};
use lab::{Lab, Outcome};
use net::{UP, VIF, good, guest};
use std::sync::Mutex;

/// How many queues the backend offers is for all of dom0.
static OFFER: Mutex<()> = Mutex::new(());

/// For dom0: the backend begins anew, with so many queues and with two event channels each or with one; datagrams from many
/// addresses go there and back, which are as many flows; then it is said what went through each queue.
const QUEUES: &str = r#"
mount -t debugfs none /sys/kernel/debug 2>/dev/null
parameters=/sys/module/xen_netback/parameters
front=/local/domain/$DOMID/device/vif/0
left() { ! state_is $front 4; }
restart() {
	echo $1 >$parameters/max_queues; echo $2 >$parameters/separate_tx_rx_irq
	echo vif-$DOMID-0 >/sys/bus/xen-backend/drivers/vif/unbind
	# Linux leaves the state as it is, and a frontend that is slow would see it connected before and after.
	xenstore-write $backend/state 6
	wait_for 60 left
	echo vif-$DOMID-0 >/sys/bus/xen-backend/drivers/vif/bind || exit 3
	wait_for 60 [ -e /sys/class/net/vif$DOMID.0 ]
	XENBUS_PATH=backend/vif/$DOMID/0 vif=vif$DOMID.0 /etc/xen/scripts/vif-lab-own online || exit 4
	wait_for 60 state_is $backend 4
	wait_up
}
# The same while the guest stands still, so that it sees the backend connected before and after, and nothing between.
swap() {
	echo $1 >$parameters/max_queues; echo $2 >$parameters/separate_tx_rx_irq
	xl pause $DOMID
	echo vif-$DOMID-0 >/sys/bus/xen-backend/drivers/vif/unbind
	echo vif-$DOMID-0 >/sys/bus/xen-backend/drivers/vif/bind || exit 3
	wait_for 60 [ -e /sys/class/net/vif$DOMID.0 ]
	XENBUS_PATH=backend/vif/$DOMID/0 vif=vif$DOMID.0 /etc/xen/scripts/vif-lab-own online || exit 4
	wait_for 60 state_is $backend 4
	xl unpause $DOMID
	wait_up
}
responses() { sed -n "/^$2:/,/^$/s/^rsp prod \([0-9]*\).*/\1/p" /sys/kernel/debug/xen-netback/vif$DOMID.0/io_ring_q$1; }
# Of the queue whose nodes begin with $1: each of its event channels, and whether the backend has bound it.
channels() { for name in event-channel event-channel-tx event-channel-rx; do
	port=$(xenstore-read $front/$1$name 2>/dev/null) || continue
	lsevtchn $DOMID | grep -q "^ *$port: .*Interdomain (Connected)" && echo -n " bound $name"
	echo -n " $name=$port"
done; echo; }
flows() {
	for host in $(seq 10 41); do SOURCE=10.0.0.$host in_space $net echo 10.0.0.2 10 1472 $host >/run/echo-$DOMID || exit 5
	grep -q 'echoed 10 lost 0' /run/echo-$DOMID || { cat /run/echo-$DOMID; exit 6; }; done
}
are_used() { for ring in /sys/kernel/debug/xen-netback/vif$DOMID.0/io_ring_q*; do
	queue=${ring##*_q}; [ $(responses $queue TX) -ge 10 ] && [ $(responses $queue RX) -ge 10 ] || return 1; done; }
# Linux gives a flow to a queue by chance, which may leave one out.
traffic() {
	flows; for again in 1 2 3 4 5; do are_used || flows; done
	for queue in $(seq 0 9); do [ ! -e /sys/kernel/debug/xen-netback/vif$DOMID.0/io_ring_q$queue ] ||
	echo "$1 queue $queue sent $(responses $queue TX) received $(responses $queue RX)"; done
	said=$(xenstore-read $front/multi-queue-num-queues 2>/dev/null || echo 1)
	echo "$1 said $said"
	[ $said = 1 ] && echo "$1 channels 0$(channels)" ||
	for queue in $(seq 0 $((said - 1))); do echo "$1 channels $queue$(channels queue-$queue/)"; done
}
for host in $(seq 10 41); do in_space ip addr add 10.0.0.$host/24 dev b0; done
wait_up
"#;

fn run(name: &str, cmdline: &str, script: &str) -> Outcome {
    let _alone = OFFER.lock().unwrap_or_else(|error| error.into_inner());
    let script = format!(
        "{TOOLS}{VIF}{UP}{QUEUES}{script}\necho 1 >$parameters/max_queues\nin_space $net order 10.0.0.2 stop"
    );
    let outcome = Lab::shared().run(guest(name, cmdline, 1, &script));
    good(&outcome);
    outcome
}

/// In the phase of that name there were so many queues, and packets went through each of them both ways. Each had two event channels
/// if they are `split`, else one.
fn expect(outcome: &Outcome, phase: &str, queues: u64, split: bool) {
    let text = &outcome.dom0.stdout;
    assert_eq!(
        numbers(text, &format!("{phase} said")),
        [queues],
        "{outcome}"
    );
    for queue in 0..queues {
        let counts = numbers(text, &format!("{phase} queue {queue} "));
        assert!(counts[1] >= 10 && counts[2] >= 10, "{counts:?} {outcome}");
        let start = format!("{phase} channels {queue} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        let line = line.unwrap_or_else(|| panic!("no {start:?}: {outcome}"));
        let bound = |name: &str| line.contains(&format!("bound {name} {name}="));
        let there = |name: &str| line.contains(&format!(" {name}="));
        // What a backend looks at first says it, so what is left of one channel before may stay.
        let (tx, rx) = ("event-channel-tx", "event-channel-rx");
        assert_eq!([bound(tx), bound(rx)], [split; 2], "{phase}: {line:?}");
        assert_eq!([there(tx), there(rx)], [split; 2], "{phase}: {line:?}");
        assert!(split || bound("event-channel"), "{phase}: {line:?}");
    }
    assert!(
        !text.contains(&format!("{phase} queue {queues} ")),
        "{outcome}"
    );
}

/// With another number of queues each time, some of it under load.
fn backend_comes_back(name: &str, cmdline: &str) {
    let outcome = run(
        name,
        cmdline,
        "restart 1 1; traffic one\nrestart 2 1; traffic two\nrestart 4 1; traffic four\n\
         load() { while :; do in_space env PATIENCE=300 $net echo 10.0.0.2 50 1472 9; sleep 0.1; done; }\n\
         load >/dev/null 2>&1 & loader=$!\n\
         restart 2 0; restart 4 0; restart 1 1\nkill $loader; sleep 1\n\
         restart 4 0; traffic four-unsplit\nrestart 9 1; traffic nine\nrestart 1 0; traffic one-unsplit\nrestart 1 1; traffic last",
    );
    for (phase, queues, split) in [
        ("one", 1, true),
        ("two", 2, true),
        ("four", 4, true),
        ("four-unsplit", 4, false),
        ("nine", 4, true),
        ("one-unsplit", 1, false),
        ("last", 1, true),
    ] {
        expect(&outcome, phase, queues, split);
    }
}

#[test]
fn a_backend_comes_back_with_another_number_of_queues() {
    backend_comes_back("solo5_net", "--solo5:debug --solo5:net-queues=4 echo");
}

#[test]
fn ocaml_programs_have_queues_too() {
    backend_comes_back("echo", "10.0.0.2 4");
}

/// The backend is another, and the domain sees it connected before and after: one that cannot take over all rings, or one that can,
/// which goes on with them.
fn backend_is_another_at_once(name: &str, cmdline: &str) {
    let outcome = run(
        name,
        cmdline,
        "restart 4 1; traffic four\nswap 1 1; traffic one\nswap 4 1; traffic still-one\n\
         restart 4 0; traffic four-again\nswap 2 1; traffic two\nswap 2 0; traffic still-two\nrestart 1 1; traffic last",
    );
    for (phase, queues, split) in [
        ("four", 4, true),
        ("one", 1, true),
        ("still-one", 1, true),
        ("four-again", 4, false),
        ("two", 2, true),
        ("still-two", 2, true),
        ("last", 1, true),
    ] {
        expect(&outcome, phase, queues, split);
    }
}

#[test]
fn a_backend_is_another_one_before_the_domain_looks() {
    backend_is_another_at_once("solo5_net", "--solo5:debug --solo5:net-queues=4 echo");
}

#[test]
fn a_backend_is_another_one_before_an_ocaml_program_looks() {
    backend_is_another_at_once("echo", "10.0.0.2 4");
}

#[test]
fn one_queue_is_what_there_is_without_the_option() {
    let outcome = run("solo5_net", "echo", "restart 4 1; traffic one");
    expect(&outcome, "one", 1, true);
}

#[test]
fn queues_share_little_memory() {
    let outcome = run(
        "solo5_net",
        "--solo5:net-queues=4 --solo5:net-memory=340k echo",
        "restart 4 1; traffic two\n\
         got=0; for again in 1 2 3 4 5; do [ $got -ge 20 ] || {\n\
         set -- $(in_space env PATIENCE=5000 $net echo 10.0.0.2 20 65507 2); got=$((got + $2)); }; done\n\
         echo large $got; in_space $net take 10.0.0.2 50 65504",
    );
    expect(&outcome, "two", 2, true);
    // A frame for which netback makes no room within a tenth of a second is dropped, and with it the datagram: others are sent.
    assert!(numbers(&outcome.dom0.stdout, "large")[0] >= 20, "{outcome}");
}

#[test]
fn a_number_of_queues_that_cannot_be_is_refused() {
    for number in ["0", "5", "x", "", "4k", "99999999999999999999"] {
        let outcome = Lab::shared().run(guest(
            "solo5_net",
            &format!("--solo5:net-queues={number} echo"),
            1,
            "",
        ));
        assert_eq!(outcome.exit_status, Some(1), "{outcome}");
        let wanted = "net 'service': the option for its queues is no number from 1 to 4";
        assert!(outcome.text().contains(wanted), "{outcome}");
    }
}

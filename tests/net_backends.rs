// SPDX-License-Identifier: ISC
//! Network interfaces whose backend is a domain of our own that keeps to the protocol (`guests/xen_net_backend`) and takes less than
//! netback does, or offers less. What it does not take is refused, nothing of it is sent, and all bytes are right both ways.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod agent;
#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use agent::{Agent, scaled};
use devices::{built, device, ended_well, long, numbers};
use lab::{Guest, Lab, Outcome, Running};
use std::time::Duration;

/// Whose interface it is: the core's, or OCaml's `Netif`. Both have up to four queues.
const FRONTENDS: [(&str, &str); 2] = [
    ("solo5_net_kinds", "--solo5:net-queues=4"),
    ("os_net_kinds", "4"),
];

const ALL: &str = "feature-sg=1 feature-gso-tcpv4=1 feature-gso-tcpv6=1 feature-ipv6-csum-offload=1 feature-rx-copy=1 \
                   feature-split-event-channels=1 multi-queue-max-queues=4";

/// What a backend with these nodes takes, as the order to `xen_net_backend` has it.
#[derive(Clone, Copy)]
struct Takes {
    sg: bool,
    cut: [bool; 2],
    blank: [bool; 2],
    split: bool,
    queues: i64,
}

impl Takes {
    fn of(back: &str) -> Takes {
        let says = |word: &str| back.split_whitespace().any(|said| said == word);
        let queues = back.split_once("max-queues=").map_or("1", |(_, rest)| rest);
        Takes {
            sg: says("feature-sg=1"),
            cut: [says("feature-gso-tcpv4=1"), says("feature-gso-tcpv6=1")],
            blank: [
                !says("feature-no-csum-offload=1"),
                says("feature-ipv6-csum-offload=1"),
            ],
            split: says("feature-split-event-channels=1"),
            queues: queues[..1].parse().expect("the last word is a digit"),
        }
    }

    fn order(self) -> u32 {
        let [cut4, cut6] = self.cut;
        let [blank4, blank6] = self.blank;
        let all = [self.sg, cut4, cut6, blank4, blank6];
        (0..).zip(all).map(|(bit, is)| u32::from(is) << bit).sum()
    }
}

fn start((name, cmdline): (&str, &str), backend: u32, back: &str) -> (Running, u32) {
    let front = "handle=0 mac=00:16:3e:00:00:99 mtu=9000";
    let mut running = Lab::shared().start(Guest {
        cmdline: cmdline.into(),
        before: Some(device("vif", 0, backend, front, back)),
        timeout: Duration::from_secs(if long() { 3000 } else { 600 }),
        ..Guest::new(built(&format!("guests/{name}.xen")))
    });
    let (domid, _) = running.domain().expect("the domain is created");
    (running, domid)
}

/// The backend is one that says this; how many packets with anything that it has to take came.
fn serve(backend: &mut Agent, domid: u32, back: &str, count: u64, stop: bool) {
    let takes = Takes::of(back);
    let order = format!(
        "net {domid} 0 {count} {} {}",
        takes.order(),
        u32::from(stop)
    );
    let counts = backend.ask(&order).expect("numbers");
    println!(
        "{back:?}: answered, wrong, blank, to be cut, in several slots, queues, channels, unasked: {counts:?}"
    );
    let [
        answered,
        wrong,
        blank,
        cut,
        several,
        queues,
        channels,
        unasked,
    ] = counts[..]
    else {
        panic!("{counts:?}");
    };
    let console = || String::from_utf8_lossy(backend.running.console()).into_owned();
    assert_eq!((answered, wrong), (count as i64, 0), "{}", console());
    assert_eq!(queues, takes.queues, "{back:?}");
    assert_eq!(channels, if takes.split { 2 } else { 1 }, "{back:?}");
    let any = |one: [bool; 2]| one[0] || one[1];
    let both = |v: usize| takes.cut[v] && takes.blank[v];
    assert_eq!(blank > 0, any(takes.blank), "{back:?}");
    let cuts = any([both(0), both(1)]);
    // Hardly any segment fits into a page.
    assert!(
        if takes.sg {
            (cut > 0) == cuts
        } else {
            cut == 0 || cuts
        },
        "{back:?}"
    );
    assert_eq!(several > 0, takes.sg, "{back:?}");
    assert_eq!(unasked > 0, takes.blank[0], "{back:?}");
}

fn good(outcome: &Outcome) {
    ended_well(outcome);
    assert!(!outcome.text().contains("wrong"), "{outcome}");
}

/// What the program was refused is what the backend does not take.
fn refused(outcome: &Outcome, takes: Takes) {
    let text = outcome.text();
    for (v, version) in [4, 6].into_iter().enumerate() {
        let counts = numbers(&text, &format!("kinds over IP {version}:"));
        let refused = [4, 5, 6].map(|kind| counts[kind] > 0);
        let wanted = [
            !takes.sg,
            !(takes.sg && takes.blank[v]),
            !(takes.sg && takes.blank[v] && takes.cut[v]),
        ];
        assert_eq!(refused, wanted, "{outcome}");
    }
    assert_eq!(numbers(&text, "large")[0] > 0, !takes.sg, "{outcome}");
}

/// A frontend of each kind beside a backend with those nodes.
fn variant(back: &str) {
    for frontend in FRONTENDS {
        let mut backend = Agent::of("xen_net_backend", "", &[]);
        let (running, domid) = start(frontend, backend.domid, back);
        serve(&mut backend, domid, back, 3 * scaled(20_000), true);
        let outcome = running.wait();
        good(&outcome);
        refused(&outcome, Takes::of(back));
        backend.exit();
    }
}

/// All but the words that start so.
fn without(names: &[&str]) -> String {
    let words = ALL.split_whitespace();
    let words = words.filter(|word| !names.iter().any(|name| word.starts_with(name)));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_backend_that_takes_all() {
    variant(ALL);
}

#[test]
fn a_backend_without_scatter_gather() {
    variant(&without(&["feature-sg"]));
}

#[test]
fn a_backend_that_cuts_no_segments() {
    variant(&without(&["feature-gso"]));
    variant(&without(&["feature-gso-tcpv6"]));
}

#[test]
fn a_backend_that_computes_no_checksums() {
    variant(&format!(
        "feature-no-csum-offload=1 {}",
        without(&["feature-ipv6-csum"])
    ));
}

#[test]
fn a_backend_that_computes_checksums_of_one_ip_only() {
    variant(&without(&["feature-ipv6-csum"]));
    variant(&format!("feature-no-csum-offload=1 {ALL}"));
}

#[test]
fn a_backend_with_fewer_queues_or_channels() {
    variant(&without(&["multi-queue", "feature-rx-copy"]));
    variant(&without(&["feature-split"]).replace("queues=4", "queues=2"));
}

#[test]
fn a_backend_that_says_nothing_or_no() {
    variant("");
    variant(
        "feature-no-csum-offload=1 feature-sg=0 feature-gso-tcpv4=0 feature-gso-tcpv6=0 feature-ipv6-csum-offload=0 \
         feature-rx-copy=0 feature-split-event-channels=0 multi-queue-max-queues=1",
    );
}

/// The toolstack gives the backend, which is closed, other nodes.
fn becomes(backend: u32, domid: u32, back: &str) {
    let names = without(&[]).replace("=1", "").replace("=4", "");
    let script = format!(
        "B=/local/domain/{backend}/backend/vif/{domid}/0\n\
         for name in {names} feature-no-csum-offload; do xenstore-rm $B/$name 2>/dev/null; done\n\
         for word in {back}; do xenstore-write $B/${{word%=*}} ${{word#*=}} || exit 1; done"
    );
    let output = Lab::shared().dom0(&script);
    assert_eq!(output.status, Some(0), "{output:?}");
}

/// One backend after the other, each of which takes something else: none gets what only the one before it took, though the
/// program sends all the time.
#[test]
fn backends_that_take_less_each_time() {
    for frontend in FRONTENDS {
        let mut backend = Agent::of("xen_net_backend", "", &[]);
        let (running, domid) = start(frontend, backend.domid, ALL);
        let nothing = "feature-no-csum-offload=1";
        serve(&mut backend, domid, ALL, 60, false);
        for _ in 0..scaled(200) {
            for back in [nothing, &without(&["feature-sg"]), nothing, ALL] {
                becomes(backend.domid, domid, back);
                serve(&mut backend, domid, back, 60, false);
            }
        }
        becomes(backend.domid, domid, nothing);
        serve(&mut backend, domid, nothing, 60, true);
        good(&running.wait());
        backend.exit();
    }
}

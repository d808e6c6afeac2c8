// SPDX-License-Identifier: ISC
//! A network backend in a second domain that does anything (`guests/xen_hostile_net`): to xenstore, to rings, to pages, at any
//! moment. The domain goes on, and its other interface, over netback, does not notice.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod agent;
#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use agent::Agent;
use devices::{TOOLS, anew, built, device, ended_well, long, numbers};
use lab::{Guest, Lab};
use std::time::Duration;

const NUMBER: u32 = 7;

/// Whose devices the victim uses: the core's, or OCaml's `Netif`.
const VICTIMS: [(&str, &str); 2] = [
    ("solo5_net2", "--solo5:net-queues=4 hostile"),
    ("os_hostile", ""),
];

/// The victim: its first interface is netback's and answers from before to after; the second one is `backend`'s, with so many queues.
fn victim((name, cmdline): (&str, &str), backend: u32, queues: u32) -> Guest {
    let net = std::fs::read(built("dom0/net")).expect("the file is there");
    let script = format!(
        "{TOOLS}chmod +x $DIR/net; in_space() {{ ip netns exec guest$DOMID \"$@\"; }}\n\
         wait_for 120 in_space ping -c 1 -W 1 10.0.0.2\n\
         echo up >/run/up-$DOMID\n\
         until [ -e /run/over-$DOMID ]; do in_space $DIR/net echo 10.0.0.2 50 1472 3 >/run/echo-$DOMID || exit 4; cat /run/echo-$DOMID; sleep 0.5; done\n\
         in_space $DIR/net echo 10.0.0.2 300 1472 4 | sed 's/^/after /'; in_space $DIR/net order 10.0.0.2 stop"
    );
    let front = "handle=7 mac=00:16:3e:00:00:99";
    let back = format!(
        "feature-sg=1 feature-gso-tcpv4=1 feature-rx-copy=1 multi-queue-max-queues={queues}"
    );
    Guest {
        cmdline: cmdline.into(),
        config: vec![r#"vif = ["script=vif-lab-own"]"#.into()],
        before: Some(device("vif", NUMBER, backend, front, &back)),
        dom0: Some(script),
        files: vec![("net".into(), net)],
        timeout: Duration::from_secs(if long() { 3000 } else { 900 }),
        ..Guest::new(built(&format!("guests/{name}.xen")))
    }
}

fn plug_again(backend: u32, domid: u32) {
    let script = anew("vif", NUMBER, backend, domid, "", 4);
    let output = Lab::shared().dom0(&script);
    assert_eq!(output.status, Some(0), "{output:?}");
}

#[test]
fn a_network_backend_that_does_anything_harms_only_its_interface() {
    does_anything(VICTIMS[0]);
}

#[test]
fn a_network_backend_that_does_anything_harms_only_its_interface_of_an_ocaml_program() {
    does_anything(VICTIMS[1]);
}

fn does_anything(whose: (&str, &str)) {
    let rounds = if long() { 60 } else { 6 };
    let mut backend = Agent::of("xen_hostile_net", "", &[]);
    let mut running = Lab::shared().start(victim(whose, backend.domid, 4));
    let (domid, _) = running.domain().expect("the domain is created");
    let (mut all, mut queues) = ([0; 4], 0);
    for round in 0..rounds {
        let wild = round % 3;
        let order = format!("net {} 100 {domid} {NUMBER} {wild}", round + 1);
        let counts = backend.ask(&order).expect("numbers");
        println!("round {round}: connections, steps, packets, pranks, queues: {counts:?}");
        if counts[0] == 0 || counts[2] == 0 {
            while running.wait_more(running.console().len(), Duration::from_secs(1)) {}
            let console = String::from_utf8_lossy(running.console());
            panic!("round {round}: {counts:?}; the victim says:\n{console}");
        }
        all.iter_mut()
            .zip(&counts)
            .for_each(|(sum, one)| *sum += one);
        queues = queues.max(counts[4]);
        plug_again(backend.domid, domid);
    }
    let output = Lab::shared().dom0(&format!(": >/run/over-{domid}"));
    assert_eq!(output.status, Some(0), "{output:?}");
    let outcome = running.wait();
    println!("{outcome}");
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    ended_well(&outcome);
    assert!(!outcome.text().contains("wrong"), "{outcome}");
    // Every datagram of the other interface came back, and was right.
    for line in outcome
        .dom0
        .stdout
        .lines()
        .filter(|line| line.starts_with("echoed"))
    {
        assert_eq!(numbers(line, "echoed"), [50, 0], "{outcome}");
    }
    assert_eq!(
        numbers(&outcome.dom0.stdout, "after"),
        [300, 0],
        "{outcome}"
    );
    assert!(all[0] > rounds && all[2] > 50 * rounds, "{all:?}");
    assert_eq!(queues, 4, "all queues were in use at some time");
    backend.exit();
}

#[test]
fn a_protocol_broken_while_nothing_is_done_but_wait_is_noticed() {
    for whose in VICTIMS {
        let mut backend = Agent::of("xen_hostile_net", "", &[]);
        let mut running = Lab::shared().start(Guest {
            dom0: None,
            ..victim(whose, backend.domid, 1)
        });
        let (domid, _) = running.domain().expect("the domain is created");
        let order = format!("break {domid} {NUMBER}");
        assert_eq!(backend.ask(&order).expect("numbers"), [1, 1], "{}", whose.0);
        running.kill();
        running.wait();
        backend.exit();
    }
}

#[test]
fn a_network_backend_sees_nothing_but_its_rings() {
    VICTIMS.into_iter().for_each(sees_nothing);
}

fn sees_nothing(whose: (&str, &str)) {
    let mut backend = Agent::of("xen_hostile_net", "", &[]);
    let mut running = Lab::shared().start(Guest {
        dom0: None,
        ..victim(whose, backend.domid, 1)
    });
    let (domid, _) = running.domain().expect("the domain is created");
    // Connected once, so that all is granted; what it has sent then is what it means to be seen.
    let mut seen = Vec::new();
    for _ in 0..600 {
        seen = backend
            .ask(&format!("peek {domid} 8 500"))
            .expect("numbers");
        if seen[0] > 100 {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    // The rings are in use; pages to send from and to receive into are zero before the first packet.
    assert!(seen[0] > 100 && seen[1] <= 2, "{seen:?}");
    running.kill();
    running.wait();
    backend.exit();
}

#[test]
fn a_device_that_is_made_anew_as_it_was_is_published_again() {
    for whose in VICTIMS {
        // A slow machine has time for few in one program's.
        let mut rounds = 0;
        while rounds < 5 {
            rounds += made_anew(whose);
        }
    }
}

/// The toolstack writes again what there was before the frontend published its rings, at once, so that a slow one has not looked
/// meanwhile. For 20 s at most once it is there: the program gives up after 30. Returns how often that was, at least once.
fn made_anew(whose: (&str, &str)) -> u64 {
    let backend = Agent::of("xen_hostile_net", "", &[]);
    let mut running = Lab::shared().start(Guest {
        dom0: None,
        ..victim(whose, backend.domid, 1)
    });
    let (domid, _) = running.domain().expect("the domain is created");
    let output = Lab::shared().dom0(&format!(
        "F=/local/domain/{domid}/device/vif/{NUMBER}; B=$(xenstore-read $F/backend); i=0 n=0\n\
         until [ \"$(xenstore-read $F/state)\" = 4 ]; do n=$((n + 1)); [ $n -lt 600 ] || exit 2; sleep 0.1; done\n\
         end=$(($(date +%s) + 20)); while [ $i -lt 40 ] && [ $(date +%s) -lt $end ]; do\n\
         n=0; until [ \"$(xenstore-read $F/state)\" = 4 ]; do n=$((n + 1)); [ $n -lt 600 ] && xenstore-exists $F || {{ echo $i; xenstore-ls $F; exit 3; }}; done\n\
         xenstore-write $F/state 1 $F/backend $B; i=$((i + 1))\n\
         done; echo rounds $i; [ $i -ge 1 ] || exit 4"
    ));
    running.kill();
    let outcome = running.wait();
    assert_eq!(output.status, Some(0), "{}: {output:?}\n{outcome}", whose.0);
    backend.exit();
    numbers(&output.stdout, "rounds ")[0]
}

// SPDX-License-Identifier: ISC
//! A disk's backend in a second domain that does anything (`guests/xen_hostile_disk`): to xenstore, to its rings, to the pages that it
//! was lent, at any moment. The domain gets an answer to each operation, its memory is what it was, and its other disk, over blkback,
//! does not notice.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod agent;
#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use agent::Agent;
use devices::{anew, built, device, ended_well, long, numbers};
use lab::{Guest, Lab, Running};
use std::time::Duration;

const NUMBER: u32 = 51728;
/// Those of the good disk that the guest works on; the next one says when it is to end.
const SECTORS: u32 = 2048;

/// After so many broken connections there is no other.
const BREAKS: usize = 16;

/// Whose disks the victim uses: the core's, or OCaml's `Block`.
const VICTIMS: [(&str, &str); 2] = [
    ("solo5_blk2", "--solo5:block-queues=4"),
    ("os_hostile_disk", "queues 4"),
];

#[test]
fn a_disk_backend_that_does_anything_harms_only_its_disk() {
    does_anything(VICTIMS[0]);
}

#[test]
fn a_disk_backend_that_does_anything_harms_only_its_disk_of_an_ocaml_program() {
    does_anything(VICTIMS[1]);
}

fn plug_again(backend: u32, domid: u32) {
    let script = anew(
        "vbd",
        NUMBER,
        backend,
        domid,
        "sectors=4096 sector-size=512 multi-queue-max-queues=4",
        3,
    );
    let again = Lab::shared().dom0(&script);
    assert_eq!(again.status, Some(0), "{again:?}");
}

/// The victim is told that a backend broke the protocol until it gives up. What it has asked for ends all the same: the victim does.
fn breaks_it_always(backend: &mut Agent, running: &mut Running, domid: u32) -> usize {
    const BROKE: &str = "broke the protocol";
    let broken = |running: &Running| {
        let said = String::from_utf8_lossy(running.console()).into_owned();
        said.matches(BROKE).count()
    };
    // What is on its way is there.
    while running.wait_more(running.console().len(), Duration::from_secs(3)) {}
    let before = broken(running);
    // Until it has said so often enough, and is not connected to any more, which it has time for twice.
    let (mut orders, mut idle) = (0, 0);
    while (idle < 2 || broken(running) < before + BREAKS) && orders < 60 {
        let order = format!("disk {} 1000 {domid} {NUMBER} 3", 7 + orders);
        let counts = backend.ask(&order).expect("numbers");
        println!("3: {counts:?}");
        orders += 1;
        idle = if counts[0] == 0 { idle + 1 } else { 0 };
        while running.wait_more(running.console().len(), Duration::from_millis(100)) {}
    }
    broken(running) - before
}

fn does_anything((victim, cmdline): (&str, &str)) {
    let (orders, rounds) = if long() { (60, 400) } else { (3, 150) };
    let mut backend = Agent::of("xen_hostile_disk", "", &[]);
    let back = "sectors=4096 info=0 sector-size=512 feature-flush-cache=1 feature-discard=1 feature-max-indirect-segments=256 multi-queue-max-queues=4";
    let file = format!("/tmp/good-{}.img", backend.domid);
    let made = Lab::shared().dom0(&format!(
        "dd if=/dev/zero of={file} bs=512 count={}",
        SECTORS + 8
    ));
    assert_eq!(made.status, Some(0), "{made:?}");
    let mut running = Lab::shared().start(Guest {
        config: vec![format!(
            r#"disk = ["script=block-lab,vdev=xvda,access=rw,format=raw,target={file}"]"#
        )],
        before: Some(device(
            "vbd",
            NUMBER,
            backend.domid,
            "virtual-device=51728",
            back,
        )),
        timeout: Duration::from_secs(if long() { 3000 } else { 900 }),
        cmdline: cmdline.into(),
        ..Guest::new(built(&format!("guests/{victim}.xen")))
    });
    let (domid, _) = running.domain().expect("the domain is created");
    let (mut all, mut queues, mut by_others) = ([0; 3], 0, 0);
    for order in 0..orders {
        let wild = order % 3;
        let counts = backend
            .ask(&format!(
                "disk {} {rounds} {domid} {NUMBER} {wild}",
                order + 1
            ))
            .expect("numbers");
        println!("{wild}: connections, answers, pranks, queues, by others: {counts:?}");
        queues = queues.max(counts[3]);
        by_others += counts[4];
        all.iter_mut()
            .zip(counts)
            .for_each(|(sum, one)| *sum += one);
        plug_again(backend.domid, domid);
    }
    let broken = breaks_it_always(&mut backend, &mut running, domid);
    let said = String::from_utf8_lossy(running.console());
    assert_eq!(broken, BREAKS, "{said}");
    let stop = format!("echo stop | dd of={file} bs=512 seek={SECTORS} conv=notrunc; rm {file}");
    assert_eq!(Lab::shared().dom0(&stop).status, Some(0));
    let outcome = running.wait();
    println!("{outcome}");
    ended_well(&outcome);
    assert!(outcome.text().contains("SUCCESS"), "{outcome}");
    let done = numbers(&outcome.text(), "operations ");
    assert!(done[0] > 0, "{outcome}");
    assert!(!outcome.text().contains("wrong"), "{outcome}");
    assert!(all[0] > orders && all[1] > 50 * orders, "{all:?}");
    assert_eq!(queues, 4, "all queues were there at some time");
    assert!(by_others > 0, "others than the first were used");
    backend.exit();
}

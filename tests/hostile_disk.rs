// SPDX-License-Identifier: ISC
//! A disk's backend in a second domain that does anything (`guests/xen_hostile_disk`): to xenstore, to its ring, to the pages that it
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
use devices::{built, device, ended_well, long, numbers};
use lab::{Guest, Lab};
use std::time::Duration;

const NUMBER: u32 = 51728;
/// Those of the good disk that the guest works on; the next one says when it is to end.
const SECTORS: u32 = 2048;

#[test]
fn a_disk_backend_that_does_anything_harms_only_its_disk() {
    let (orders, rounds) = if long() { (60, 400) } else { (3, 150) };
    let mut backend = Agent::of("xen_hostile_disk", "", &[]);
    let back = "sectors=4096 info=0 sector-size=512 feature-flush-cache=1 feature-discard=1 feature-max-indirect-segments=256";
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
        ..Guest::new(built("guests/solo5_blk2.xen"))
    });
    let (domid, _) = running.domain().expect("the domain is created");
    let mut all = [0; 3];
    for order in 0..orders {
        let wild = order % 3;
        let counts = backend
            .ask(&format!(
                "disk {} {rounds} {domid} {NUMBER} {wild}",
                order + 1
            ))
            .expect("numbers");
        println!("{wild}: connections, answers, pranks: {counts:?}");
        all.iter_mut()
            .zip(counts)
            .for_each(|(sum, one)| *sum += one);
        // The toolstack makes the device anew, as xl does it: a frontend that has given up begins again.
        let again = Lab::shared().dom0(&format!(
            "F=/local/domain/{domid}/device/vbd/{NUMBER}; B=/local/domain/{}/backend/vbd/{domid}/{NUMBER}\n\
             xenstore-write $B/online 1 $B/state 2 $F/state 1",
            backend.domid
        ));
        assert_eq!(again.status, Some(0), "{again:?}");
    }
    let stop = format!("echo stop | dd of={file} bs=512 seek={SECTORS} conv=notrunc; rm {file}");
    assert_eq!(Lab::shared().dom0(&stop).status, Some(0));
    let outcome = running.wait();
    println!("{outcome}");
    ended_well(&outcome);
    assert!(outcome.text().contains("SUCCESS"), "{outcome}");
    let done = numbers(&outcome.text(), "operations ");
    assert!(done[0] > 0, "{outcome}");
    assert!(all[0] > orders && all[1] > 50 * orders, "{all:?}");
    backend.exit();
}

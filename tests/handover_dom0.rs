// SPDX-License-Identifier: ISC
//! Devices that go from Linux's netback and blkback in dom0 to a backend in another domain (`guests/xen_handover`), back, and there
//! again, as a virtual machine's whose network or disk domain is changed. `xl` is dom0's toolstack, the test the other domain's.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod agent;
#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use agent::Agent;
use devices::{TOOLS, built, device, ended_well};
use lab::{Guest, Lab, Running};

/// A class of devices, and what dom0 does with one.
struct Kind {
    class: &'static str,
    number: u32,
    front: &'static str,
    back: &'static str,
    /// The line of the domain's configuration.
    config: String,
    attach: String,
    detach: &'static str,
    /// That it is used over dom0's backend.
    used: &'static str,
}

fn vif() -> Kind {
    Kind {
        class: "vif",
        number: 0,
        front: "handle=0 mac=00:16:3e:00:00:77",
        back: "feature-sg=1 feature-rx-copy=1",
        config: r#"vif = ["script=vif-lab-own,mac=00:16:3e:00:00:77"]"#.into(),
        attach: "xl network-attach $DOMID script=vif-lab-own mac=00:16:3e:00:00:77".into(),
        detach: "xl network-detach $DOMID 0",
        used: "ip netns exec guest$DOMID ping -c 1 -W 1 -s 1400 10.0.0.2",
    }
}

fn vbd(file: &str) -> Kind {
    let disk = format!("script=block-lab,vdev=xvda,access=rw,format=raw,target={file}");
    Kind {
        class: "vbd",
        number: 51712,
        front: "virtual-device=51712",
        back: "sectors=4096 info=0 sector-size=512 feature-flush-cache=1 feature-max-indirect-segments=64",
        config: format!(r#"disk = ["{disk}"]"#),
        attach: format!("xl block-attach $DOMID {disk}"),
        detach: "xl block-detach $DOMID xvda",
        used: "[ $(cat /sys/bus/xen-backend/devices/vbd-$DOMID-51712/statistics/rd_req) -gt 5 ]",
    }
}

/// Runs a script in dom0, of which the functions of [`TOOLS`] are part.
fn dom0(domid: u32, script: &str) {
    let output = Lab::shared().dom0(&format!("DOMID={domid}{TOOLS}trap - EXIT; {script}"));
    assert_eq!(output.status, Some(0), "{script}: {output:?}");
}

impl Kind {
    /// dom0's toolstack takes the device away. It has ten seconds, and what it has begun then goes on without it.
    fn leave_dom0(&self, domid: u32) {
        let Kind { class, number, .. } = self;
        dom0(
            domid,
            &format!(
                "gone() {{ ! xenstore-exists /local/domain/0/backend/{class}/$DOMID/{number}; }}; {} || wait_for 60 gone",
                self.detach
            ),
        );
    }

    /// The other domain has it until it is taken away there; how it ended there.
    fn visit(&self, domid: u32, backend: &mut Agent, end: &str) -> Vec<i64> {
        let Kind { class, number, .. } = self;
        dom0(
            domid,
            &device(class, *number, backend.domid, self.front, self.back),
        );
        backend.order(&format!("{class} {domid} {number} 77"));
        backend.line_that(|line| line == "connected");
        backend.ask(end).expect("numbers")
    }

    fn return_to_dom0(&self, domid: u32, backend: &Agent) {
        let Kind { class, number, .. } = self;
        dom0(
            domid,
            &format!(
                "xenstore-rm /local/domain/{}/backend/{class}/$DOMID/{number}\nxenstore-rm /local/domain/$DOMID/device/{class}/{number}\n{}",
                backend.domid, self.attach
            ),
        );
    }

    fn start(&self, name: &str, cmdline: &str) -> (Talking, u32) {
        let mut running = Lab::shared().start(Guest {
            cmdline: cmdline.into(),
            config: vec![self.config.clone()],
            memory: 96,
            ..Guest::new(built(&format!("guests/{name}.xen")))
        });
        let (domid, _) = running.domain().expect("the domain is created");
        (Talking(Some(running)), domid)
    }

    fn goes_there_and_back(&self, name: &str, cmdline: &str) {
        let mut backend = Agent::of("xen_handover", "", &[]);
        let (mut guest, domid) = self.start(name, cmdline);
        let used = format!("used() {{ {}; }}; wait_for 60 used", self.used);
        dom0(domid, &used);
        self.leave_dom0(domid);
        let there = self.visit(domid, &mut backend, "stop");
        self.return_to_dom0(domid, &backend);
        dom0(domid, &used);
        self.leave_dom0(domid);
        // It serves until the guest has ended: one that is slow may not have looked at the answer yet that tells it to.
        if self.class == "vbd" {
            backend.get("over 4088");
        }
        let last = self.visit(domid, &mut backend, "last");
        let outcome = guest.0.take().expect("it was started").wait();
        ended_well(&outcome);
        assert!(!outcome.text().contains("wrong"), "{outcome}");
        for counts in [there, last] {
            match counts[..] {
                [sent, answered, wrong, twice] => assert!(
                    sent > 0 && answered == sent && wrong + twice == 0,
                    "{counts:?}: {outcome}"
                ),
                [reads, _, failed] => assert!(reads > 0 && failed == 0, "{counts:?}: {outcome}"),
                _ => panic!("{counts:?}"),
            }
        }
        backend.exit();
    }
}

/// A guest whose console is shown where the test fails.
struct Talking(Option<Running>);

impl Drop for Talking {
    fn drop(&mut self) {
        if let Some(running) = self.0.as_mut().filter(|_| std::thread::panicking()) {
            println!("the guest: {}", running.last_words());
        }
    }
}

#[test]
fn an_interface_goes_to_another_domain_and_back() {
    vif().goes_there_and_back("solo5_net", "echo");
    vif().goes_there_and_back("echo", "");
}

#[test]
fn a_disk_goes_to_another_domain_and_back() {
    let file = format!("/tmp/handover-{}.img", std::process::id());
    dom0(0, &format!("truncate -s 2M {file}"));
    vbd(&file).goes_there_and_back("solo5_blk", "idle");
    vbd(&file).goes_there_and_back("os_devices", "idle");
    dom0(0, &format!("rm {file}"));
}

// SPDX-License-Identifier: ISC
//! Devices whose backend is from now on in another domain, as a virtual machine's whose network or disk domain was changed or started
//! anew. Backends are domains of our own (`guests/xen_handover`), and the tests play the toolstack's part in xenstore. The file is long
//! because that part has many steps, which all devices share.

#[path = "support/agent.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod agent;
#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use agent::Agent;
use devices::{TOOLS, built, device, ended_well, long};
use lab::{Guest, Lab, Outcome, Running};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A device under test: its class, its number, and what the toolstack says of it besides.
#[derive(Clone, Copy)]
struct Kind {
    class: &'static str,
    number: u32,
    front: &'static str,
    back: &'static str,
    /// The frontend's state once it has published its rings.
    published: u32,
}

const VIF: Kind = Kind {
    class: "vif",
    number: 0,
    front: "handle=0 mac=00:16:3e:00:00:99",
    back: "feature-sg=1 feature-rx-copy=1",
    published: 4,
};

const VBD: Kind = Kind {
    class: "vbd",
    number: 51712,
    front: "virtual-device=51712",
    back: "sectors=4096 info=0 sector-size=512 feature-flush-cache=1 feature-max-indirect-segments=64",
    published: 3,
};

impl Kind {
    /// A guest that has the device.
    fn guest(&self, name: &str, cmdline: &str, backend: u32) -> Guest {
        Guest {
            cmdline: cmdline.into(),
            memory: 96,
            before: Some(device(
                self.class,
                self.number,
                backend,
                self.front,
                self.back,
            )),
            timeout: Duration::from_secs(if long() { 3000 } else { 900 }),
            ..Guest::new(built(&format!("guests/{name}.xen")))
        }
    }

    /// The toolstack takes the device from `old` and gives it to `new`: it makes the frontend's folder `anew`, as xl does, or
    /// writes another backend into it. Waits until the frontend has lent its pages to that.
    fn hand_over(&self, domid: u32, old: u32, new: u32, anew: bool) {
        self.give(domid, old, new, anew);
        self.wait_published(domid);
    }

    /// Waits until the frontend has lent its pages to the backend.
    fn wait_published(&self, domid: u32) {
        let Kind {
            class,
            number,
            published,
            ..
        } = self;
        let wait = format!(
            "F=/local/domain/{domid}/device/{class}/{number}; n=0; until [ \"$(xenstore-read $F/state)\" = {published} ]; do\n\
             n=$((n + 1)); [ $n -lt 1200 ] || {{ xenstore-ls -p $F; xenstore-ls -p $(xenstore-read $F/backend);\n\
             for i in 1 2 3; do /usr/lib/xen-*/bin/xenctx {domid} 0; done; xl list;\n\
             xl debug-keys e; xl debug-keys r; sleep 1; xl dmesg | tail -n 400; exit 5; }}; sleep 0.1; done"
        );
        let output = Lab::shared().dom0(&wait);
        assert_eq!(output.status, Some(0), "it does not connect: {output:?}");
    }

    /// The same without waiting.
    fn give(&self, domid: u32, old: u32, new: u32, anew: bool) {
        let Kind { class, number, .. } = self;
        let front = format!("/local/domain/{domid}/device/{class}/{number}");
        let change = if anew {
            format!("xenstore-rm {front}")
        } else {
            format!("xenstore-chmod -r {front} n{domid} r{new}")
        };
        let script = format!(
            "DOMID={domid}\nxenstore-rm /local/domain/{old}/backend/{class}/{domid}/{number}\n{change}\n{}",
            device(class, *number, new, self.front, self.back)
        );
        let output = Lab::shared().dom0(&script);
        assert_eq!(output.status, Some(0), "{output:?}");
    }
}

/// Ways to give a device up.
const WAYS: [&str; 6] = ["stop", "freeze", "live", "hoard 100", "destroy", "freeze"];

fn pause() {
    std::thread::sleep(Duration::from_millis(400));
}

/// The lab has room for the domains of one test.
static ROOM: Mutex<()> = Mutex::new(());

/// The backends of a device, one after the other.
struct Backends {
    _room: MutexGuard<'static, ()>,
    kind: Kind,
    /// The guest that has it.
    victim: Option<Running>,
    domid: u32,
    /// Whoever has the disk's memory.
    store: Option<Agent>,
    agents: Vec<Agent>,
    /// Whose turn it is, and how many turns there were.
    turn: usize,
    turns: i64,
}

impl Backends {
    fn new(kind: Kind) -> Backends {
        let room = ROOM.lock().unwrap_or_else(PoisonError::into_inner);
        let store = (kind.class == "vbd").then(|| Agent::of("xen_handover", "", &[]));
        let agents = (0..2).map(|_| Agent::of("xen_handover", "", &[]));
        let mut backends = Backends {
            _room: room,
            kind,
            victim: None,
            domid: 0,
            store,
            agents: agents.collect(),
            turn: 0,
            turns: 0,
        };
        (0..2).for_each(|agent| backends.borrow(agent));
        backends
    }

    /// Starts the guest.
    fn start(&mut self, name: &str, cmdline: &str) {
        let guest = self.kind.guest(name, cmdline, self.agents[0].domid);
        let victim = self.victim.insert(Lab::shared().start(guest));
        (self.domid, _) = victim.domain().expect("the domain is created");
    }

    /// Waits for its end.
    fn wait(&mut self) -> Outcome {
        let victim = self.victim.take().expect("it was started");
        victim.wait()
    }

    /// Gives a backend the disk's memory.
    fn borrow(&mut self, agent: usize) {
        if let Some(store) = &mut self.store {
            let agent = &mut self.agents[agent];
            let first = store.get(&format!("lend {}", agent.domid));
            agent.get(&format!("borrow {} {first}", store.domid));
        }
    }

    fn current(&mut self) -> &mut Agent {
        &mut self.agents[self.turn]
    }

    /// The word that is in all that this turn's backend sends.
    fn word(&self) -> i64 {
        0x5a00_ff00_1234_5600 + self.turns
    }

    /// The backend whose turn it is serves the device.
    fn serve(&mut self) {
        let (kind, domid, word) = (self.kind, self.domid, self.word());
        let agent = self.current();
        agent.order(&format!("{} {domid} {} {word}", kind.class, kind.number));
        agent.line_that(|line| line == "connected");
    }

    /// The device goes to the other one, in one of [`WAYS`]. What is not let go of is kept until it is the old one's turn again. How many
    /// pages are lent to the new one.
    fn hand_over(&mut self, way: &str) -> i64 {
        let (domid, old, new) = (self.domid, self.turn, 1 - self.turn);
        match way {
            "live" => {}
            "destroy" => {
                self.agents[old].running.kill();
                let dead =
                    std::mem::replace(&mut self.agents[old], Agent::of("xen_handover", "", &[]));
                self.kind
                    .hand_over(domid, dead.domid, self.agents[new].domid, true);
                dead.running.wait();
                self.borrow(old);
            }
            "stop" => self.stop("stop"),
            "scrawl" => {
                self.stop("stop");
                let scrawl = format!("scrawl {domid} {}", self.word());
                assert!(self.agents[old].get(&scrawl) > 30);
            }
            way => {
                let counts = self.agents[old].ask(way).expect("numbers");
                println!("{way}: {counts:?}");
            }
        }
        if way != "destroy" {
            let (from, to) = (self.agents[old].domid, self.agents[new].domid);
            self.kind.hand_over(domid, from, to, self.turns % 2 == 0);
        }
        // The new one is not shown what the old one has left.
        let word = self.word();
        self.agents[new].get("release");
        self.turn = new;
        let lent = self.seek(word);
        println!("{way}: {lent} pages are lent");
        self.turns += 1;
        self.serve();
        if way == "live" {
            let counts = self.agents[old].ask("freeze").expect("numbers");
            println!("{way}: {counts:?}");
            self.agents[old].get("release");
        }
        lent
    }

    /// How many pages are lent to this turn's backend, none of which has the word.
    fn seek(&mut self, word: i64) -> i64 {
        let order = format!("seek {} {word}", self.domid);
        let seen = self.current().ask(&order).expect("numbers");
        assert!(seen[0] > 30 && seen[1] == 0, "{seen:?}");
        seen[0]
    }

    /// How many event channels the guest has, and mapped pages.
    fn counts(&self) -> String {
        let output = Lab::shared().dom0(&format!(
            "DOMID={}{TOOLS}trap - EXIT; counts seen",
            self.domid
        ));
        assert_eq!(output.status, Some(0), "{output:?}");
        output.stdout
    }

    /// The backend lets go of the device, having lost nothing.
    fn stop(&mut self, how: &str) {
        let counts = self.current().ask(how).expect("numbers");
        println!("{how}: {counts:?}");
        if self.kind.class == "vif" {
            let [sent, answered, wrong, twice] = counts[..] else {
                panic!("{counts:?}")
            };
            assert!(
                sent > 100 && answered == sent && wrong == 0 && twice == 0,
                "{counts:?}"
            );
        } else {
            assert!(counts[0] + counts[1] > 0 && counts[2] == 0, "{counts:?}");
        }
    }

    /// Tells the guest of that name, which has a disk, that it is enough: by the disk, or in xenstore.
    fn tell_to_stop(&mut self, name: &str) {
        self.stop("stop");
        if name.starts_with("solo5") {
            self.current().get("over 4088");
        }
        let go = format!("xenstore-write /local/domain/{}/data/go stop", self.domid);
        assert_eq!(Lab::shared().dom0(&go).status, Some(0));
        self.serve();
    }

    fn exit(mut self) {
        let agents = std::mem::take(&mut self.agents);
        agents
            .into_iter()
            .chain(self.store.take())
            .for_each(|agent| {
                agent.exit();
            });
    }
}

/// What goes wrong may have its reason in the guest.
impl Drop for Backends {
    fn drop(&mut self) {
        if let Some(victim) = self.victim.as_mut().filter(|_| std::thread::panicking()) {
            println!("the guest: {}", victim.last_words());
        }
    }
}

/// A guest that does little with a device, and its command line.
type Idle = (Kind, &'static str, &'static str);
const NET: Idle = (VIF, "solo5_net", "echo");
const OCAML_NET: Idle = (VIF, "echo", "");
const DISK: Idle = (VBD, "solo5_blk", "idle");
const OCAML_DISK: Idle = (VBD, "os_devices", "idle");

/// Ends a guest that does little, whose device the backend serves.
fn end(mut backends: Backends) {
    if backends.kind.class == "vif" {
        backends.current().ask("last").expect("numbers");
    } else {
        backends.current().ask("stop").expect("numbers");
        backends.current().get("over 4088");
        backends.serve();
    }
    let outcome = backends.wait();
    ended_well(&outcome);
    assert!(!outcome.text().contains("wrong"), "{outcome}");
    if backends.kind.class == "vbd" {
        backends.current().ask("stop").expect("numbers");
    }
    backends.exit();
}

/// What the first backend sees was zeroed, too, of memory that an OCaml program has used for something else: the word is that of
/// `guests/os_devices`.
fn shows_nothing((kind, name, cmdline): Idle) {
    let mut backends = Backends::new(kind);
    backends.start(name, cmdline);
    kind.wait_published(backends.domid);
    backends.seek(i64::from_le_bytes(*b"REMEMBER"));
    backends.serve();
    for _ in 0..3 {
        pause();
        backends.hand_over("scrawl");
    }
    end(backends);
}

#[test]
fn a_backend_is_shown_nothing_that_another_has_left() {
    shows_nothing(NET);
    shows_nothing(DISK);
}

#[test]
fn a_backend_of_an_ocaml_program_is_shown_nothing_that_another_has_left_nor_the_program() {
    shows_nothing(OCAML_NET);
    shows_nothing(OCAML_DISK);
}

/// With all pages of a device in a backend's hands there is none for the next one, which is said once; when they are let go of it goes on,
/// though nothing in xenstore tells of that.
fn is_late((kind, name, cmdline): Idle) {
    let mut backends = Backends::new(kind);
    backends.start(name, cmdline);
    let domid = backends.domid;
    backends.serve();
    pause();
    let (old, new) = (backends.agents[0].domid, backends.agents[1].domid);
    backends.current().ask("hoard 600").expect("numbers");
    kind.give(domid, old, new, true);
    let victim = backends.victim.as_mut().expect("it was started");
    let said = victim.wait_for(b" still maps them", Duration::from_secs(300));
    let console = String::from_utf8_lossy(victim.console()).into_owned();
    assert!(said, "{name}: {console}");
    // It is tried again without a word.
    std::thread::sleep(Duration::from_secs(3));
    while victim.wait_more(victim.console().len(), Duration::from_millis(100)) {}
    let console = String::from_utf8_lossy(victim.console()).into_owned();
    let said = console.matches(" still maps them").count();
    assert_eq!(said, 1, "{name}: {console}");
    backends.current().get("release");
    kind.wait_published(domid);
    backends.turn = 1;
    backends.serve();
    pause();
    end(backends);
}

#[test]
fn pages_that_are_let_go_of_late_are_used_again() {
    is_late(NET);
    is_late(DISK);
}

#[test]
fn pages_of_an_ocaml_program_that_are_let_go_of_late_are_used_again() {
    is_late(OCAML_NET);
    is_late(OCAML_DISK);
}

fn goes_round(kind: Kind, name: &str, cmdline: &str) {
    let rounds = if long() { 60 } else { WAYS.len() };
    let mut backends = Backends::new(kind);
    backends.start(name, cmdline);
    kind.wait_published(backends.domid);
    let lent = backends.seek(0x7777_7777_7777);
    backends.serve();
    let counts = backends.counts();
    for way in WAYS.into_iter().cycle().take(rounds) {
        pause();
        backends.hand_over(way);
    }
    // Nobody keeps anything any more, and all is as it was.
    let old = 1 - backends.turn;
    backends.agents[old].get("release");
    pause();
    assert_eq!(backends.hand_over("stop"), lent);
    assert_eq!(backends.counts(), counts);
    pause();
    if kind.class == "vif" {
        backends.stop("last");
    } else {
        backends.tell_to_stop(name);
    }
    let outcome = backends.wait();
    println!("{outcome}");
    ended_well(&outcome);
    let said = outcome.text();
    assert!(!said.contains("wrong"), "{outcome}");
    if kind.class == "vbd" {
        if name.starts_with("solo5") {
            let lost = "a flush failed: the domain that had what was written before it is gone";
            assert_eq!(said.matches(lost).count(), 1, "{outcome}");
        }
        backends.current().order("stop");
        let agent = backends.current();
        agent.answer().expect("numbers");
        let sectors = if name.starts_with("os") { 4096 } else { 4088 };
        agent.order(&format!("digest {sectors}"));
        let digest = agent.line_that(|line| line.starts_with("digest "));
        assert!(said.contains(&digest), "{digest}: {outcome}");
    }
    backends.exit();
}

#[test]
fn an_interface_goes_from_domain_to_domain_under_load() {
    goes_round(VIF, "solo5_net", "--solo5:debug echo");
}

#[test]
fn an_interface_of_an_ocaml_program_goes_from_domain_to_domain_under_load() {
    goes_round(VIF, "echo", "");
}

#[test]
fn a_disk_goes_from_domain_to_domain_under_load() {
    goes_round(VBD, "solo5_blk", "--solo5:debug model 100 6 handed");
}

#[test]
fn a_disk_of_an_ocaml_program_goes_from_domain_to_domain_under_load() {
    goes_round(VBD, "os_devices", "handed 1 6");
}

/// Whoever has all pages in use when half of them are kept goes on with the rest, and nothing fails.
fn goes_on_with_the_rest(name: &str, cmdline: &str) {
    let rounds = if long() { 40 } else { 4 };
    let mut backends = Backends::new(VBD);
    backends.start(name, cmdline);
    VBD.wait_published(backends.domid);
    backends.serve();
    let lent = (0..rounds).map(|_| {
        pause();
        backends.hand_over("hoard 100")
    });
    // How many it keeps depends on the references of the time.
    assert!(lent.min() < Some(120));
    pause();
    backends.tell_to_stop(name);
    let outcome = backends.wait();
    ended_well(&outcome);
    backends.current().ask("stop").expect("numbers");
    backends.exit();
}

#[test]
fn large_requests_go_on_with_the_pages_that_are_left() {
    goes_on_with_the_rest("solo5_blk", "--solo5:debug whole 4088");
}

#[test]
fn large_requests_of_an_ocaml_program_go_on_with_the_pages_that_are_left() {
    goes_on_with_the_rest("os_devices", "whole");
}

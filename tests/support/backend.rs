// SPDX-License-Identifier: ISC
//! Disks whose backend is a domain of our own (`guests/xen_backend`); whoever uses them plays the toolstack's part in xenstore. A driver
//! includes `lab.rs`, `devices.rs` and `agent.rs` beside this file.
#![allow(dead_code, reason = "every test driver uses another part of it")]

use crate::agent::Agent;
use crate::devices::{built, device, long};
use crate::lab::{Guest, Lab, Running};
use std::time::Duration;

pub const DISK: u32 = 51712;
pub const DISK_KEYS: &str = "ring-ref event-channel";

/// What xen_backend's disk can do.
pub const INDIRECT: u32 = 1;
pub const FLUSH: u32 = 2;
pub const DISCARD: u32 = 4;

/// What it says that it was asked: how often what, how often something wrong, and how much by each queue.
pub const READS: usize = 0;
pub const WRITES: usize = 1;
pub const FLUSHES: usize = 2;
pub const DISCARDS: usize = 3;
pub const INDIRECTS: usize = 4;
pub const WRONG: usize = 5;
pub const SERVED: usize = 6;

/// What a backend does in xenstore, after it has closed its connection if there was one, until the frontend has published the
/// nodes `keys`: their values. `None` when it does not, for three quarters of a minute.
pub fn handshake(backend: u32, domid: u32, keys: &str) -> Option<Vec<String>> {
    let script = format!(
        "F=/local/domain/{domid}/device/vbd/{DISK}; B=/local/domain/{backend}/backend/vbd/{domid}/{DISK}\n\
         go() {{ [ \"$(xenstore-read $B/state)\" = $1 ] || xenstore-write $B/state $1; }}\n\
         [ \"$(xenstore-read $B/state)\" != 4 ] || go 5\n\
         end=$(($(date +%s) + 45)); while [ $(date +%s) -lt $end ]; do\n\
         case $(xenstore-read $F/state) in 5) go 5;; 6) go 6;; 1) go 2;;\n\
         3|4) if [ \"$(xenstore-read $B/state)\" = 2 ]; then for key in {keys}; do xenstore-read $F/$key; done; exit; fi;; esac\n\
         sleep 0.1; done; exit 7"
    );
    let output = Lab::shared().dom0(&script);
    let words = output.stdout.split_whitespace().map(str::to_owned);
    (output.status == Some(0)).then(|| words.collect())
}

/// Writes a node of the backend's.
pub fn write(backend: u32, domid: u32, name: &str, value: &str) {
    let path = format!("/local/domain/{backend}/backend/vbd/{domid}/{DISK}/{name}");
    let output = Lab::shared().dom0(&format!("xenstore-write -- {path} '{value}'"));
    assert_eq!(output.status, Some(0), "{output:?}");
}

pub fn set_state(backend: u32, domid: u32, state: u32) {
    write(backend, domid, "state", &state.to_string());
}

pub fn start(guest: Guest) -> (Running, u32) {
    let mut running = Lab::shared().start(guest);
    let (domid, _) = running.domain().expect("the domain is created");
    (running, domid)
}

/// Which program has the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// Over the core.
    Solo5,
    /// Over `Block`.
    OCaml,
}

pub const VICTIMS: [Victim; 2] = [Victim::Solo5, Victim::OCaml];

impl Victim {
    /// With a disk whose backend, in domain `backend`, says `back`.
    pub fn guest(self, backend: u32, cmdline: &str, back: &str) -> Guest {
        let elf = match self {
            Victim::Solo5 => "guests/solo5_blk.xen",
            Victim::OCaml => "guests/os_devices.xen",
        };
        Guest {
            cmdline: cmdline.into(),
            memory: 96,
            before: Some(device("vbd", DISK, backend, "virtual-device=51712", back)),
            timeout: Duration::from_secs(if long() { 3000 } else { 550 }),
            ..Guest::new(built(elf))
        }
    }
}

/// A backend with a disk of 4096 sectors of 512 bytes connects.
pub fn serve(backend: &mut Agent, domid: u32, features: u32) {
    serve_sectors(backend, domid, features, 512);
}

/// The same, with larger sectors.
pub fn serve_sectors(backend: &mut Agent, domid: u32, features: u32, sector: u32) {
    let keys = handshake(backend.domid, domid, DISK_KEYS).expect("it connects");
    backend.get(&format!(
        "disk {domid} 4096 {sector} {features} 1 {} {}",
        keys[0], keys[1]
    ));
    set_state(backend.domid, domid, 4);
}

// SPDX-License-Identifier: ISC
//! What gdb shows of a domain: alive, through gdbsx, and dumped by xl.

use super::lab::{Guest, Lab, long};
use super::report::Report;
use super::{built, dump, guest, root, scratch};
use std::path::Path;
use std::process::Command;

/// Talks to gdbsx in dom0 as gdb does: `g` asks for the registers, `D` lets go of the domain.
const ASK_GDBSX: &str = "ip link set lo up
chmod +x gdbsx
./gdbsx -a $DOMID 64 9999 >gdbsx.log 2>&1 &
sleep 2
(printf '+$g#67'; sleep 2; printf '+$D#44'; sleep 1) | busybox nc 127.0.0.1 9999
echo
cat gdbsx.log";

#[test]
fn gdbsx_shows_a_living_domain() {
    let version = std::env::var("MIRAGE_XEN_LAB_XEN").unwrap_or_else(|_| "4.17".into());
    let cache = std::env::var("MIRAGE_XEN_CACHE").unwrap_or_else(|_| ".cache".into());
    let lab = Lab::shared();
    let gdbsx = root()
        .join(cache)
        .join(format!("lab/root-{version}/usr/sbin/gdbsx"));
    let gdbsx =
        std::fs::read(&gdbsx).unwrap_or_else(|error| panic!("{}: {error}", gdbsx.display()));
    let outcome = lab.run(Guest {
        files: vec![("gdbsx".into(), gdbsx)],
        dom0: Some(ASK_GDBSX.into()),
        ..guest("solo5_basics", "idle")
    });
    let said = &outcome.dom0.stdout;
    if said.contains("Hyp is NOT enabled for gdbsx") {
        // Debian builds Xen with gdbsx up to 11's 4.14.
        assert_ne!(version, "4.14", "{outcome}");
        eprintln!("Xen {version} is built without CONFIG_GDBSX: no living domain was looked at");
        return;
    }
    // Sixteen registers, then rip, eight bytes each, lowest byte first.
    let reply = said.split('$').nth(1).unwrap_or_default();
    let rip = reply.get(256..272).unwrap_or_default();
    let rip = u64::from_str_radix(rip, 16).map(u64::swap_bytes);
    let text = 0x10_0000..0x12_0000;
    assert!(rip.is_ok_and(|rip| text.contains(&rip)), "{said}{outcome}");
}

/// Minutes long, so in the long run only: a real dump, by one command; gdb shows the report's frames in the report's order.
#[test]
fn gdb_on_a_dump_agrees_with_the_report() {
    if !long() {
        return;
    }
    let core = scratch("dumped.core");
    let output = Command::new(root().join("lab/run"))
        .env("MIRAGE_XEN_LAB_SESSION", Lab::shared().folder())
        .args([
            "--memory",
            "4",
            "--shadow-memory",
            "4",
            "--gdb",
            "--dump-core",
            &core,
        ])
        .args(["--cmdline", "--solo5:quiet handler-fault"])
        .arg(built("solo5_crash"))
        .output()
        .expect("lab/run starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<String> = said
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    let report = Report::find(&lines).unwrap_or_else(|| panic!("no report: {said}"));
    // What lab/run's gdb prints: the crash first, with its source.
    assert!(said.contains("#0  store ("), "{said}");
    assert!(said.contains(" in outer ("), "{said}");
    let shown = dump::core_frames(Path::new(&core), &built("solo5_crash"));
    assert_eq!(shown, report.certain_frames(), "{said}");
}

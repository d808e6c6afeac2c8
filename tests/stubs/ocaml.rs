// SPDX-License-Identifier: ISC
//! The stubs' externals, called from OCaml programs that count their checks.

use super::agent::{Agent, elf};
use super::lab::{Guest, Lab, Outcome, Reason};

/// An OCaml program that counts its checks.
fn ocaml(name: &str, cmdline: &str) -> Guest {
    Guest {
        cmdline: cmdline.into(),
        memory: 64,
        ..Guest::new(elf(name))
    }
}

fn nothing_wrong(outcome: &Outcome) {
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
    assert!(outcome.text().contains(" checks, 0 wrong"), "{outcome}");
}

#[test]
fn every_external_does_and_raises_what_it_should() {
    for options in ["", "--solo5:evtchn=2l "] {
        let outcome = Lab::shared().run(ocaml("xen_stubs", &format!("{options}the command line")));
        nothing_wrong(&outcome);
        assert!(
            outcome
                .text()
                .contains("evtchn_notify: port 901: Xen: invalid argument"),
            "{outcome}"
        );
    }
}

#[test]
fn the_externals_of_6_0_do_and_raise_what_they_should() {
    nothing_wrong(&Lab::shared().run(ocaml("xen_stubs6", "")));
}

#[test]
fn ocaml_maps_copies_and_forgets_pages_of_a_peer() {
    let mut a = Agent::plain();
    let mut b = Lab::shared().start(ocaml("xen_stubs", &format!("peer {} 8", a.domid)));
    let (domid, _) = b.domain().expect("the domain is created");
    a.get(&format!("share 8 4 {domid} 1"));
    let outcome = b.wait();
    nothing_wrong(&outcome);
    assert!(
        outcome.text().contains("a mapping of 1 pages at 0x"),
        "the finaliser speaks: {outcome}"
    );
    assert_eq!(a.get("peek 100") & 0xff, 42);
    a.ends(8, 4);
    a.exit();
}

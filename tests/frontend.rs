// SPDX-License-Identifier: ISC
//! An OCaml program's connection to a backend (`Xen_frontend`), at moments that the real backends do not offer twice. Backend and
//! toolstack are a script in dom0 that writes to xenstored what they would; rings there are none. `guests/os_frontend` is the program.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use devices::{TOOLS, built, device, ended_well, go_after};
use lab::{Guest, Lab, Outcome};
use std::time::Duration;

/// For dom0: both sides' folders, waiting for states, a backend that closes with the frontend and comes up again, and the program: `waits`
/// until it waits for a word, `go` says it.
const SCENE: &str = r#"
front=/local/domain/$DOMID/device/test/3 back=/local/domain/0/backend/test/$DOMID/3
front() { wait_for 60 state_is $front $1; }
back() { xenstore-write $back/state $1; }
connect() { front 3; back 4; front 4; }
is_waiting() { [ "$(xenstore-read /local/domain/$DOMID/data/waits 2>/dev/null)" = $1 ]; }
waits() { wait_for 60 is_waiting $1; }
go() { xenstore-write /local/domain/$DOMID/data/go $1; }
again() { front 5; back 5; front 6; back 6; front 1; back 2; }
xenstore-write /local/domain/$DOMID/data '' && xenstore-chmod /local/domain/$DOMID/data n$DOMID || exit 1
"#;

fn guest(cmdline: &str, script: &str) -> Guest {
    Guest {
        cmdline: cmdline.into(),
        before: Some(device("test", 3, 0, "", "")),
        dom0: Some(format!("{TOOLS}{SCENE}{script}")),
        timeout: Duration::from_secs(600),
        ..Guest::new(built("guests/os_frontend.xen"))
    }
}

fn run(guest: Guest) -> Outcome {
    ended(Lab::shared().run(guest))
}

fn ended(outcome: Outcome) -> Outcome {
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    ended_well(&outcome);
    assert!(!outcome.text().contains("wrong"), "{outcome}");
    outcome
}

/// The toolstack gives the device once more while the frontend, which gives the backend up, is on its way to say that it closes: who
/// wrote over that would be closed for good.
#[test]
fn a_device_that_is_given_anew_while_it_is_given_up_is_connected() {
    run(guest(
        "anew",
        "connect; back 6; front 1; back 2\n\
         for round in $(seq 15); do front 3; back 4; again; done\n\
         front 3; back 4; waits anew\n\
         xenstore-write $front/state 1 $back/state 2\n\
         go anew; connect; go end",
    ));
}

/// The same states as before the frontend published its rings are no news to one that does not know what it wrote itself.
#[test]
fn a_device_that_is_given_anew_as_it_was_is_connected() {
    run(guest(
        "same",
        "n=0; until [ \"$(xenstore-read $front/ring-ref)\" = 21 ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 5; sleep 0.1; done; connect; go end",
    ));
}

/// What a toolstack is just making may not be the domain's to read yet, and what it takes away not any more.
#[test]
fn a_backend_that_may_not_be_read_is_none() {
    let outcome = run(guest(
        "",
        "connect\nfor node in state online; do\n\
         xenstore-chmod $back/$node n0; xenstore-write $back/online 1\n\
         [ $node = online ] || front 6\n\
         xenstore-chmod $back/$node n0 r$DOMID; [ $node = online ] || { back 6; front 1; back 2; connect; }\n\
         done; sleep 0.5; state_is $front 4 || exit 5; go end",
    ));
    assert_eq!(
        outcome.text().matches("disconnected").count(),
        1,
        "{outcome}"
    );
}

/// A folder that the domain may not write to yet is tried again: of the folder's own permissions no watch tells.
#[test]
fn a_folder_that_may_not_be_written_to_yet_is_written_to_later() {
    let made = device("test", 3, 0, "", "");
    let mut running = Lab::shared().start(Guest {
        before: Some(format!("{made}xenstore-chmod $F n0 r$DOMID")),
        ..guest(
            "",
            "wait_go; xenstore-chmod $front n$DOMID r0; connect; go end",
        )
    });
    go_after(&mut running, "EACCES", 1);
    let outcome = ended(running.wait());
    assert_eq!(outcome.text().matches("EACCES").count(), 1, "{outcome}");
}

/// A frontend is closed while it is busy: it hears of it when it is not any more.
#[test]
fn a_connection_is_closed_that_is_just_made() {
    let outcome = run(guest(
        "closing",
        "connect; back 6; front 1; back 2; front 3; back 4; waits closed; go closed\n\
         front 5; back 5; front 6; back 6; sleep 0.5; go end",
    ));
    let text = outcome.text();
    assert!(!text.contains("does not let go"), "{outcome}");
    assert!(text.lines().any(|line| line == "closed"), "{outcome}");
}

/// Where xenstored lets a domain have no more watches, connecting says so.
#[test]
fn a_device_that_cannot_be_watched_is_refused() {
    let outcome = run(guest("watches", ""));
    let text = outcome.text();
    let line = text.lines().find(|line| line.starts_with("refused: "));
    let line = line.unwrap_or_else(|| panic!("{outcome}"));
    assert!(
        line.contains("device/test/3: what xenstore has of it cannot be watched"),
        "{outcome}"
    );
}

#[test]
fn an_interface_is_connected_again_once_its_last_use_has_ended() {
    run(Guest {
        config: vec![r#"vif = ["script=vif-lab-own"]"#.into()],
        ..guest("again", "")
    });
}

// SPDX-License-Identifier: ISC
//! What tests of network interfaces have in common. A driver includes `lab.rs` and `devices.rs` beside this file.
#![allow(dead_code, reason = "every test driver uses another part of it")]

use crate::devices::{built, ended_well, long};
use crate::lab::{Guest, Outcome};
use std::time::Duration;

/// A guest with so many interfaces, the n-th of which is `vif$DOMID.n` on a bridge `b$DOMID.n` of its own, where dom0 is
/// 10.0.n.1: the rest of the lab has the same addresses. `script` runs in dom0 in a network namespace of the guest's own; where it
/// fails, the guest ends, too.
pub fn guest(name: &str, cmdline: &str, interfaces: usize, script: &str) -> Guest {
    let vifs = vec!["\"script=vif-lab-own\""; interfaces].join(", ");
    let net = std::fs::read(built("dom0/net")).expect("the file is there");
    Guest {
        cmdline: cmdline.into(),
        config: vec![format!("vif = [{vifs}]")],
        dom0: Some(format!(
            "trap 'status=$?; [ $status = 0 ] || xl destroy $DOMID' EXIT\n\
             chmod +x $DIR/net; net=$DIR/net; space=guest$DOMID\n{script}"
        )),
        files: vec![("net".into(), net)],
        timeout: Duration::from_secs(if long() { 3000 } else { 600 }),
        ..Guest::new(built(&format!("guests/{name}.xen")))
    }
}

/// The guest and the script ended well, and neither found anything wrong.
pub fn good(outcome: &Outcome) {
    assert_eq!(outcome.dom0.status, Some(0), "{outcome}");
    ended_well(outcome);
    assert!(!outcome.text().contains("wrong"), "{outcome}");
}

/// Waits in dom0 until the guest answers.
pub const UP: &str = "wait_up() { n=0; until ip netns exec $space ping -c 1 -W 1 ${1:-10.0.0.2} >/dev/null; do n=$((n + 1)); [ $n -lt 60 ] || exit 9; done; }\n\
                  in_space() { ip netns exec $space \"$@\"; }\n";

/// Waits in dom0 until `net sink` or `net pour`, which writes to $DIR/said, listens.
pub const LISTENS: &str = "listens() { n=0; until grep -qs listening $DIR/said; do\n\
                       n=$((n + 1)); [ $n -lt 600 ] || exit 9; sleep 0.1; done; }\n";

/// A script for dom0 that runs once the guest answers.
pub fn with_up(script: &str) -> String {
    format!("{UP}wait_up || exit 9\n{script}")
}

/// For dom0: the interface's backend, and how xl takes it away, which on a busy machine may need more than the ten seconds
/// that xl waits, and makes a new one.
pub const VIF: &str = "backend=/local/domain/0/backend/vif/$DOMID/0\n\
                   detach() { n=6; until xl network-detach $DOMID 0 || ! xenstore-exists $backend; do\n\
                   n=$((n - 1)); [ $n -gt 0 ] || exit 1; done; }\n\
                   attach() { xl network-attach $DOMID script=vif-lab-own mac=00:16:3e:00:00:77; }\n";

// SPDX-License-Identifier: ISC
//! What tests of network interfaces and disks have in common. A driver includes `lab.rs` beside this file.
#![allow(
    dead_code,
    unused_imports,
    reason = "every test driver uses another part of it"
)]

use crate::lab::{Outcome, Reason};
pub use crate::lab::{long, scaled};
use std::path::{Path, PathBuf};

/// Something that `make guests` builds.
pub fn built(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target")
        .join(name);
    assert!(
        path.exists(),
        "{} is not built: make guests",
        path.display()
    );
    path
}

/// The guest ended by itself, with status 0.
pub fn ended_well(outcome: &Outcome) {
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
}

/// The numbers in a line that starts with `start`.
pub fn numbers(text: &str, start: &str) -> Vec<u64> {
    let line = text.lines().find(|line| line.starts_with(start));
    let line = line.unwrap_or_else(|| panic!("no line starts with {start:?}:\n{text}"));
    line.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

/// For scripts in dom0, which a test of a device that comes and goes needs: `xl` is only run one at a time, `wait_for SECONDS
/// COMMAND…` gives up on what does not come, `counts` says how many event channels the guest has, and how many of its grants
/// are in use, and a script that fails takes the guest with it instead of leaving it to wait.
pub const TOOLS: &str = r#"
xl() { flock /run/lock/lab-toolstack xl "$@"; }
trap 'status=$?; [ $status = 0 ] || { echo "the script ended with $status"; xenstore-ls /local/domain/$DOMID/device; xenstore-ls /local/domain/0/backend; xl destroy $DOMID; }' EXIT
wait_for() { n=$(($1 * 10)); shift; until "$@"; do n=$((n - 1)); [ $n -gt 0 ] || { echo "in vain: $*"; exit 9; }; sleep 0.1; done; }
state_is() { [ "$(xenstore-read $1/state 2>/dev/null)" = "$2" ]; }
counts() {
	echo "$1 channels $(lsevtchn $DOMID | wc -l) grants $( (flock 9; xl dmesg -c >/dev/null; xl debug-keys g; xl dmesg) 9>/run/lock/counts |
	sed -n "/remote d$DOMID /,/remote d/p" | grep -c '^(XEN) *\[')"
}
"#;

/// A script that gives domain `$DOMID`, before it runs, device `number` of a class; `front` and `back` are more of its nodes.
pub fn device(class: &str, number: u32, backend: u32, front: &str, back: &str) -> String {
    format!(
        "F=/local/domain/$DOMID/device/{class}/{number}; B=/local/domain/{backend}/backend/{class}/$DOMID/{number}\n\
         xenstore-write $F '' && xenstore-chmod $F n$DOMID r{backend} || exit 1\n\
         xenstore-write $B '' && xenstore-chmod $B n{backend} r$DOMID || exit 2\n\
         xenstore-write $B/frontend $F $B/frontend-id $DOMID $B/online 1 {}\n\
         xenstore-write $F/backend $B $F/backend-id {backend} {} $F/state 1 && xenstore-write $B/state 2 || exit 3\n",
        nodes("$B", back),
        nodes("$F", front)
    )
}

/// `name=value` words as xenstore-write wants them.
fn nodes(folder: &str, words: &str) -> String {
    let node = |word: &str| {
        let (name, value) = word.split_once('=').expect("name=value");
        format!("{folder}/{name} {value} ")
    };
    words.split_whitespace().map(node).collect()
}

// SPDX-License-Identifier: ISC
//! What tests of network interfaces and disks have in common. A driver includes `lab.rs` beside this file.
#![allow(
    dead_code,
    unused_imports,
    reason = "every test driver uses another part of it"
)]

use crate::lab::{self, Lab, Outcome, Reason, Running};
pub use crate::lab::{long, scaled};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Something that `make guests` builds; a guest is that of the compiler that is tested.
pub fn built(name: &str) -> PathBuf {
    let path = match name.strip_prefix("guests/") {
        Some(guest) => lab::guests().join(guest),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target")
            .join(name),
    };
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
/// COMMAND…` gives up on what does not come, `wait_go` waits for [`go_after`], `counts` says how many event channels the guest has, and
/// how many of its grants are in use, by the last dump in Xen's log, and a script that fails takes the guest with it instead of leaving it
/// to wait. Nobody clears that log: the exit status of a guest that ends at the time would be lost with it.
pub const TOOLS: &str = r#"
xl() { flock /run/lock/lab-toolstack xl "$@"; }
trap 'status=$?; [ $status = 0 ] || { echo "the script ended with $status"; xenstore-ls /local/domain/$DOMID/device; xenstore-ls /local/domain/0/backend; xl destroy $DOMID; }' EXIT
wait_for() { n=$(($1 * 10)); shift; until "$@"; do n=$((n - 1)); [ $n -gt 0 ] || { echo "in vain: $*"; exit 9; }; sleep 0.1; done; }
wait_go() { wait_for 500 [ -e /run/go-$DOMID ]; rm /run/go-$DOMID; }
state_is() { [ "$(xenstore-read $1/state 2>/dev/null)" = "$2" ]; }
counts() {
	echo "$1 channels $(lsevtchn $DOMID | wc -l) grants $( (flock 9; xl debug-keys g; xl dmesg) 9>/run/lock/counts |
	awk -v own="remote d$DOMID " '/gnttab_usage_print_all \[/ { n = 0 } /remote d/ { on = index($0, own) > 0 }
	on && /\[0x/ { n++ } END { print n + 0 }')"
}
"#;

/// Lets the guest's script go on, which waits by `wait_go`, once the guest has said something so often.
pub fn go_after(running: &mut Running, word: &str, times: usize) {
    let (domid, _) = running.domain().expect("the domain is created");
    let console = |running: &Running| String::from_utf8_lossy(running.console()).into_owned();
    while console(running).matches(word).count() < times {
        let have = running.console().len();
        let more = running.wait_more(have, Duration::from_secs(300));
        assert!(more, "no {word:?}: {}", console(running));
    }
    let output = Lab::shared().dom0(&format!(": >/run/go-{domid}"));
    assert_eq!(output.status, Some(0), "{output:?}");
}

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

/// A script that makes a device of domain `domid` anew, as xl does it: a frontend that has given up begins again, and `back` are nodes
/// of its backend's. A folder that is as it was before the frontend published its rings, in state `published`, is not known for a new
/// one: so it is made twice.
pub fn anew(
    class: &str,
    number: u32,
    backend: u32,
    domid: u32,
    back: &str,
    published: u32,
) -> String {
    format!(
        "F=/local/domain/{domid}/device/{class}/{number}; B=/local/domain/{backend}/backend/{class}/{domid}/{number}\n\
         anew() {{ xenstore-write $B/online 1 {} $B/state 2 $F/state 1; }}\n\
         anew; n=0; until [ \"$(xenstore-read $F/state)\" = {published} ]; do\n\
         n=$((n + 1)); [ $n -lt 600 ] || exit 5; sleep 0.1; done; anew",
        nodes("$B", back)
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

// SPDX-License-Identifier: ISC
//! Grants: pages shared, mapped, copied and given back, tables that run full.

use super::agent::{Agent, scaled};
use super::lab::Reason;
use std::time::Duration;

#[test]
fn pages_are_shared_mapped_and_given_back() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 100 256 {} 1", b.domid));
    // A vector in one piece, each page in its place.
    b.get(&format!("map 0 {} 100 256 1", a.domid));
    for page in [0, 1, 255] {
        assert_eq!(b.get(&format!("load 0 {}", page * 4096)), 100 + page);
    }
    b.get(&format!("store 0 {} 77", 255 * 4096 + 8));
    assert_eq!(a.get(&format!("peek {}", 255 * 4096 + 8)), 77);
    // Busy until it is unmapped.
    assert_eq!(a.get("end 100 256"), 0);
    b.get("unmap 0");
    // One bad reference, and none is mapped.
    assert_eq!(
        b.refused(&format!("map 0 {} 100 256 1 200", a.domid)),
        "200 bad grant reference"
    );
    assert_eq!(a.get("end 100 256"), 256, "all was rolled back");
    assert!(
        b.refused(&format!("map 0 {} 100 1 1", a.domid))
            .starts_with("0 ")
    );
    assert!(b.refused("map 0 9999 8 1 1").contains("no such domain"));
    // A page for somebody else.
    a.get("share 100 1 0 1");
    assert!(
        b.refused(&format!("map 0 {} 100 1 1", a.domid))
            .starts_with("0 ")
    );
    assert_eq!(a.get("end 100 1"), 1);
    a.exit();
    b.exit();
}

#[test]
fn what_may_not_be_granted_is_refused() {
    let mut a = Agent::plain();
    assert!(a.refused("share 7 1 0 1").contains("bad grant reference"));
    assert!(
        a.refused("share 100000000 1 0 1")
            .contains("bad grant reference")
    );
    assert!(a.refused("share -1 1 0 1").contains("out of range"));
    assert!(a.refused("share 8 1 70000 1").contains("out of range"));
    assert_eq!(a.get("share 8 1 0 1"), 0);
    assert!(a.refused("share 8 1 0 1").contains("in use"));
    assert!(a.refused("end 3 1").contains("bad grant reference"));
    assert_eq!(a.get("end 8 1"), 1);
    assert_eq!(a.get("end 9 1"), 1, "what was never granted has ended");
    a.exit();
}

#[test]
fn mapping_again_and_again_works() {
    let times = scaled(100_000) as i64;
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 8 1 {} 1", b.domid));
    assert_eq!(b.get(&format!("remap {} 8 {times}", a.domid)), times);
    assert_eq!(a.get("end 8 1"), 1);
    a.exit();
    b.exit();
}

#[test]
fn table_and_window_run_full_and_recover() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    let entries = a.get("entries");
    for _ in 0..2 {
        let answer = a.ask("table 0").expect("an answer");
        assert_eq!(
            answer[..2],
            [entries, entries - 8],
            "every reference, and all ended"
        );
    }
    // Xen lets one grant be mapped 128 times.
    a.get(&format!("share 8 256 {} 1", b.domid));
    for _ in 0..2 {
        let answer = b
            .ask(&format!("fill {} 8 256", a.domid))
            .expect("an answer");
        assert!(
            answer[0] > 4096,
            "upstream has room for 4096 pages: {answer:?}"
        );
        assert_eq!(answer[0], answer[1], "all unmapped");
    }
    b.get(&format!("map 0 {} 8 1 1", a.domid));
    b.get("unmap 0");
    assert_eq!(a.get("end 8 256"), 256);
    a.exit();
    b.exit();
}

#[test]
fn grant_copy_moves_bytes_both_ways() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 8 3 {} 1", b.domid));
    b.get("share 8 3 0 1");
    a.get("pattern 3 1");
    b.get("pattern 3 2");
    // Out of a's second page into b's memory, across a page boundary there.
    b.get(&format!("copy {} 9 0 4096 0", a.domid));
    assert_eq!(b.get("sum 5096 4096"), a.get("sum 4096 4096"));
    // Into a's first page, a part.
    b.get("pattern 3 3");
    b.get(&format!("copy {} 8 1500 500 1", a.domid));
    assert_eq!(a.get("sum 1500 500"), b.get("sum 6596 500"));
    assert!(
        b.refused(&format!("copy {} 8 4000 97 0", a.domid))
            .contains("out of range")
    );
    b.refused(&format!("copy {} 500 0 10 0", a.domid));
    assert!(
        b.refused(&format!("copy {} 99999 0 10 0", a.domid))
            .contains("bad grant reference")
    );
    assert_eq!(a.get("end 8 3"), 3);
    // Read-only: out of it, not into it.
    a.get(&format!("share 20 3 {} 0", b.domid));
    b.get(&format!("copy {} 20 0 100 0", a.domid));
    b.refused(&format!("copy {} 20 0 100 1", a.domid));
    a.exit();
    b.exit();
}

#[test]
fn a_read_only_mapping_faults_on_write() {
    let (mut a, mut b) = (Agent::plain(), Agent::plain());
    a.get(&format!("share 8 1 {} 0", b.domid));
    assert!(
        b.refused(&format!("map 0 {} 8 1 1", a.domid))
            .starts_with("0 ")
    );
    b.get(&format!("map 0 {} 8 1 0", a.domid));
    assert_eq!(b.get("load 0 0"), 8);
    b.order("store 0 8 1");
    assert!(
        !b.running.wait_for(b"= 0\r\n", Duration::from_secs(5)),
        "the write went through or was dropped without a word"
    );
    let outcome = b.running.wait();
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    assert_eq!(a.get("peek 8"), 0);
    a.exit();
}

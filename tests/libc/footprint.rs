// SPDX-License-Identifier: ISC
//! How much memory the heap takes at its greatest for what programs ask of it, beside the host's: with canaries, and
//! what dlmalloc takes for the same without. Each in a process of its own, whose heap is new.

use crate::bare;
use crate::machine::{HEAP, turn};
use crate::ours::malloc::malloc_footprint;
use crate::trace::{Heap, Trace};
use std::process::Command;

fn trace(name: &str) -> Trace {
    match name {
        "small" => Trace::mixed(200),
        "mixed" => Trace::mixed(5_000),
        "large" => Trace::mixed(200_000),
        _ => Trace::recorded(),
    }
}

/// Measures what the environment names, and prints it.
#[test]
fn child() {
    let Ok(what) = std::env::var("LIBC_TEST_FOOTPRINT") else {
        return;
    };
    let (heap, name) = what.split_once(' ').unwrap();
    let _turn = turn();
    let trace = trace(name);
    let mut places = trace.places();
    // SAFETY: no precondition.
    let of_host = || unsafe {
        libc::malloc_trim(0);
        let info = libc::mallinfo2();
        info.arena + info.hblkhd
    };
    let mut peak = 0;
    match heap {
        "ours" => {
            trace.replay(Heap::OURS, &mut places, || {
                peak = peak.max(malloc_footprint())
            });
        }
        "bare" => {
            let memory = Box::leak(vec![0_u8; HEAP + 4096].into_boxed_slice());
            let start = memory.as_ptr().expose_provenance().next_multiple_of(4096);
            assert!(bare::heap::add(start, HEAP));
            let bare = Heap {
                get: bare::get,
                change: bare::change,
                put: bare::put,
            };
            trace.replay(bare, &mut places, || {
                peak = peak.max(bare::heap::handed_out());
            });
        }
        _ => {
            let before = of_host();
            trace.replay(Heap::HOST, &mut places, || {
                // SAFETY: no precondition.
                let info = unsafe { libc::mallinfo2() };
                peak = peak.max(info.arena + info.hblkhd);
            });
            peak -= before;
        }
    }
    println!("\npeak {peak}");
}

fn peak(heap: &str, trace: &str) -> f64 {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "footprint::child",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("LIBC_TEST_FOOTPRINT", format!("{heap} {trace}"))
        // One heap of the host's, whatever thread the test runs on.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("peak "));
    line.and_then(|peak| peak.parse().ok()).unwrap_or_else(|| {
        panic!(
            "{heap} {trace}: {text} {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

#[test]
fn peaks() {
    println!("peak footprint, KiB       host  dlmalloc       ours");
    for trace in ["small", "mixed", "large", "recorded"] {
        let [host, bare, ours] = ["host", "bare", "ours"].map(|heap| peak(heap, trace));
        println!(
            "{trace:20} {:9.0} {:9.0} {:.2} {:9.0} {:.2}",
            host / 1024.0,
            bare / 1024.0,
            bare / host,
            ours / 1024.0,
            ours / host
        );
        assert!(bare / host <= 1.1, "{trace}: without canaries");
        assert!(ours / host <= 1.4, "{trace}: with canaries");
    }
}

// SPDX-License-Identifier: ISC
//! Crash reports on a real Xen: for each way to crash the cause, the frames in order, what the other parts add, and the
//! end that the toolstack sees. The whole report is on the console and on port 0xE9.

#[path = "support/dump.rs"]
mod dump;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/crash_report.rs"]
mod report;

#[path = "crash/console.rs"]
mod console;
#[path = "crash/gdb.rs"]
mod gdb;
#[path = "crash/images.rs"]
mod images;

use lab::{Guest, Lab, Outcome, Reason};
use report::{Report, matches};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn built(name: &str) -> PathBuf {
    let elf = lab::guests().join(format!("{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    elf
}

fn guest(name: &str, case: &str) -> Guest {
    Guest {
        cmdline: format!("--solo5:quiet {case}"),
        ..Guest::new(built(name))
    }
}

/// A crash: the guest's case, the cause (`…` is a number), and the frames from the innermost on, without those of Rust's
/// inner functions (`a::b`), which depend on what the compiler inlines, and without OCaml's numbers.
type Case = (&'static str, &'static str, &'static [&'static str]);

/// Runs the cases side by side and compares each report, with what gdb says of the domain's memory, too.
fn check(name: &str, cases: &[Case]) {
    let running: Vec<_> = cases
        .iter()
        .map(|(case, ..)| {
            let guest = guest(name, case);
            Lab::shared().start(Guest {
                memory: 8,
                after: Some(dump::script(8)),
                timeout: Duration::from_secs(300),
                ..guest
            })
        })
        .collect();
    for ((case, cause, frames), running) in cases.iter().zip(running) {
        let mut outcome = running.wait();
        let shown = dump::frames(&mut outcome, &built(name), &format!("{name}-{case}"));
        let report = crashed(&outcome);
        let reported = report.certain_frames();
        assert!(
            shown.starts_with(&reported),
            "{case}: gdb shows {shown:x?}, not {reported:x?}: {outcome}"
        );
        assert!(
            report.causes.iter().any(|line| matches(line, cause)),
            "{case}: no {cause:?}: {outcome}"
        );
        let named = report.named_frames();
        assert!(
            named.len() >= frames.len() && named[..frames.len()] == **frames,
            "{case}: {frames:#?} are not the first of {named:#?}: {outcome}"
        );
        assert!(report.has("command line, "), "{case}: {outcome}");
        assert!(report.has(case), "{case}: {outcome}");
    }
}

/// The report of a crash, which is the same on both outputs.
fn crashed(outcome: &Outcome) -> Report {
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    let console: Vec<String> = outcome
        .text()
        .lines()
        .map(|line| line.trim_end_matches('\r').to_owned())
        .collect();
    let report = Report::find(&console).unwrap_or_else(|| panic!("no whole report: {outcome}"));
    let other = Report::find(&outcome.port_e9);
    assert_eq!(Some(&report), other.as_ref(), "{outcome}");
    assert!(outcome.exit_status.is_none(), "{outcome}");
    report
}

const PAGE_FAULT: &str = "trap: page fault at rip=… ";

/// Frames of a guest's case over Solo5 alone, below which the core is.
macro_rules! frames {
    ($($name:literal)*) => { &[$($name,)* "switch_stack"] };
}

#[test]
fn what_the_hardware_stops() {
    let fault = |what: &str| -> &'static str { format!("{PAGE_FAULT}{what}").leak() };
    check(
        "solo5_faults",
        &[
            (
                "zero-write",
                fault("writing 0x8, page zero"),
                frames!["zero_write"],
            ),
            (
                "zero-read",
                fault("reading 0x8, page zero"),
                frames!["zero_read"],
            ),
            (
                "write-text",
                fault("writing …, text"),
                frames!["write_text"],
            ),
            (
                "write-rodata",
                fault("writing …, read-only data"),
                frames!["write_rodata"],
            ),
            // No code where control went: the caller is found by the return address on the stack.
            (
                "run-data",
                fault("executing …, data"),
                frames!["not code" "?run_data"],
            ),
            (
                "run-heap",
                fault("executing …, heap"),
                frames!["not code" "?run_heap"],
            ),
            (
                "run-stack",
                fault("executing …, main stack"),
                frames!["not code" "?run_stack"],
            ),
            (
                "overflow-stack",
                fault("writing …, guard page of the main stack: stack overflow"),
                frames!["overflow" "overflow" "..." "overflow_stack"],
            ),
            (
                "lose-stack",
                fault("writing 0x0, page zero"),
                &["lose_stack", "..."],
            ),
            (
                "smash-stack",
                "stack smashed: a function's stack canary was overwritten",
                &["__stack_chk_fail", "smash"],
            ),
            (
                "divide",
                "trap: divide error at rip=… error=0x0",
                frames!["divide"],
            ),
            (
                "invalid-opcode",
                "trap: invalid opcode at rip=… error=0x0",
                frames!["invalid_opcode"],
            ),
        ],
    );
}

#[test]
fn crashes_in_the_machinery_of_crashes() {
    let frames: &[&str] = frames!["store" "inner" "outer"];
    check(
        "solo5_crash",
        &[
            (
                "frames",
                "trap: page fault at rip=… writing 0x10, page zero",
                frames,
            ),
            // The fault handler's own fault: both faults' frames are there.
            (
                "handler-fault",
                "trap: page fault at rip=… writing 0x18, page zero",
                frames!["store" "bad_handler" "trap" "trap_common" "store" "inner" "outer"],
            ),
            // A part's note faults: what came before it is there, and the domain ends.
            ("report-fault", "a cause that a part knows", frames),
            (
                "report-fault",
                "trap: page fault at rip=… writing 0x10, page zero",
                frames,
            ),
            (
                "report-crash",
                "for once",
                frames!["solo5__xen_crash" "report_crash"],
            ),
            (
                "lose-all",
                "trap: page fault at rip=… executing 0x8000, low memory",
                &["not code", "..."],
            ),
        ],
    );
    let outcome = Lab::shared().run(guest("solo5_crash", "report-fault"));
    let report = crashed(&outcome);
    let inside =
        "crash inside this report: Solo5: trap: page fault at rip=… writing 0x18, page zero";
    assert!(
        report.rest.iter().any(|line| matches(line, inside)),
        "{outcome}"
    );
}

#[test]
fn what_libc_finds_out() {
    let outcome = |case: &str| Lab::shared().run(guest("xen_crash", case));
    check(
        "xen_crash",
        &[
            (
                "overflow-heap",
                "free(): written past the end of block …, called from …",
                frames!["solo5__xen_crash" "overflow_heap" "solo5_app_main"],
            ),
            (
                "double-free",
                "free(): block is free already: …, called from …",
                frames!["solo5__xen_crash" "double_free" "solo5_app_main"],
            ),
            (
                "abort",
                "abort() called",
                frames!["solo5__xen_crash" "abort" "aborts" "solo5_app_main"],
            ),
            (
                "sort",
                "trap: page fault at rip=… writing 0x40, page zero",
                frames!["compare" "qsort" "sorts" "solo5_app_main"],
            ),
            (
                "print",
                "trap: page fault at rip=… reading 0x40, page zero",
                frames!["memchr" "printf" "prints" "solo5_app_main"],
            ),
            (
                "exhaust",
                "abort() called",
                frames!["solo5__xen_crash" "abort" "exhausts" "solo5_app_main"],
            ),
        ],
    );
    // Causes with a path in them.
    let report = crashed(&outcome("assert"));
    assert!(
        report.causes[0].ends_with("asserts: Assertion `one == 2' failed."),
        "{report:#?}"
    );
    for case in ["panic", "nested-panic"] {
        let report = crashed(&outcome(case));
        let cause = "panic: attempt to divide by zero (";
        assert!(report.causes[0].starts_with(cause), "{report:#?}");
        let named = report.named_frames();
        assert!(named.contains(&"div".into()), "{report:#?}");
        let again = report
            .rest
            .iter()
            .any(|line| line.starts_with("crash inside this report: Solo5: panic: attempt"));
        assert_eq!(again, case == "nested-panic", "{report:#?}");
    }
    let report = crashed(&outcome("exhaust"));
    assert!(
        report.has("last on stderr: malloc: Cannot allocate memory"),
        "{report:#?}"
    );
    assert!(report.has("libc: of a heap of "), "{report:#?}");
}

#[test]
fn through_ocaml_and_c() {
    /// From the innermost function's caller on: OCaml, C, OCaml, C.
    macro_rules! through {
        ($($name:literal)*) => {
            &[
                $($name,)* "camlMain__inner", "caml_start_program", "caml_callback", "camlMain__middle",
                "camlMain__outer", "camlMain__entry", "caml_program", "caml_start_program",
            ]
        };
    }
    let uncaught: &[&str] = &[
        "solo5__xen_crash",
        "abort",
        "caml_fatal_uncaught_exception",
        "mirage_xen_uncaught",
        "solo5_app_main",
        "switch_stack",
    ];
    check(
        "xen_crash_ocaml",
        &[
            (
                "stub",
                "trap: page fault at rip=… writing 0x48, page zero",
                through!["crash_store" "camlMain__stub"],
            ),
            (
                "wild",
                "trap: page fault at rip=… reading 0x9, page zero",
                through!["camlMain__wild"],
            ),
            (
                "c-overflow",
                "trap: page fault at rip=… writing …, guard page of the main stack: stack overflow",
                through!["deeper" "deeper" "..." "crash_overflow" "camlMain__fun"],
            ),
            (
                "uncaught",
                "uncaught OCaml exception: Main.Unhandled(1)",
                uncaught,
            ),
            (
                "recursion",
                "uncaught OCaml exception: Stack_overflow",
                uncaught,
            ),
            (
                "exhaust",
                "uncaught OCaml exception: Out_of_memory",
                uncaught,
            ),
            (
                "exhaust-minor",
                "abort() called",
                &["solo5__xen_crash", "abort", "caml_fatal_error"],
            ),
        ],
    );
    let report = crashed(&Lab::shared().run(guest("xen_crash_ocaml", "uncaught")));
    let start = report
        .rest
        .iter()
        .position(|line| line == "OCaml: backtrace of the exception:")
        .unwrap_or_else(|| panic!("no backtrace: {report:#?}"));
    // Where an exception leaves a callback, OCaml 5 begins a new backtrace, as a Linux process of it does.
    let expected: &[&str] = if report.has("OCaml 5.") {
        &[
            "OCaml:   raised by primitive at main.ml:13, characters 34-63",
            "OCaml:   called from main.ml:14, characters 33-45",
            "OCaml:   called from main.ml:30, characters 39-52",
        ]
    } else {
        &[
            "OCaml:   raised at main.ml:18, characters 30-49",
            "OCaml:   called from main.ml:12, characters 33-38",
            "OCaml:   called from main.ml:13, characters 34-63",
            "OCaml:   called from main.ml:13, characters 34-63",
            "OCaml:   called from main.ml:14, characters 33-45",
            "OCaml:   called from main.ml:30, characters 39-52",
        ]
    };
    assert_eq!(
        report.rest[start + 1..][..expected.len()],
        *expected,
        "{report:#?}"
    );
    let report = crashed(&Lab::shared().run(guest("xen_crash_ocaml", "exhaust-minor")));
    let said = ["out of memory", "allocation failure during minor GC"];
    assert!(
        said.iter()
            .any(|said| report.has(&format!("last on stderr: Fatal error: {said}"))),
        "{report:#?}"
    );
}

/// A file of its own for a test to change.
fn scratch(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.to_str().expect("the checkout's path is UTF-8").into()
}

// SPDX-License-Identifier: ISC
//! Crash reports on a real Xen: for each way to crash the cause, the frames in order, what the other parts add, and the
//! end that the toolstack sees. The whole report is on the console and on port 0xE9.

#[path = "support/dump.rs"]
mod dump;
#[path = "support/lab.rs"]
mod lab;
#[path = "support/crash_report.rs"]
mod report;

use lab::{Guest, Lab, Outcome, Reason, long};
use report::{Report, matches};
use std::path::{Path, PathBuf};
use std::process::Command;
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

#[test]
fn a_full_ring_is_waited_for() {
    // The daemon is stopped for a second, the ring is full, and the report is longer than the ring.
    let outcome = Lab::shared().run(Guest {
        before: Some("kill -STOP $(pidof xenconsoled)".into()),
        dom0: Some("sleep 1; kill -CONT $(pidof xenconsoled)".into()),
        ..guest("solo5_crash", "full-ring")
    });
    let report = crashed(&outcome);
    assert_eq!(
        report.named_frames(),
        ["store", "inner", "outer", "full_ring", "switch_stack"][..3]
            .iter()
            .chain(&["switch_stack"])
            .map(|name| name.to_string())
            .collect::<Vec<_>>(),
        "{outcome}"
    );
    let before = outcome
        .text()
        .matches("456789012345678901234567890123\r\n")
        .count();
    assert_eq!(before, 31, "{outcome}");
}

/// A daemon that never reads again costs the console's copy of the report, after ten seconds, but not the end, and the debug
/// port has all of it.
#[test]
fn a_daemon_that_stands_still_is_given_up_on() {
    // Other guests need the daemon.
    let lab = Lab::own(&["--slots", "1"]);
    let outcome = lab.run(Guest {
        before: Some("kill -STOP $(pidof xenconsoled)".into()),
        // It goes on once the domain has ended, so that the lab sees what was in the ring.
        dom0: Some(
            "while ! xl list $DOMID | grep -q -- '---sc-'; do sleep 1; done; kill -CONT $(pidof xenconsoled)"
                .into(),
        ),
        timeout: Duration::from_secs(300),
        ..guest("solo5_crash", "full-ring")
    });
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    assert!(outcome.elapsed >= Duration::from_secs(10), "{outcome}");
    let report = Report::find(&outcome.port_e9).unwrap_or_else(|| panic!("no report: {outcome}"));
    assert_eq!(
        report.named_frames(),
        ["store", "inner", "outer", "switch_stack"],
        "{outcome}"
    );
    // The ring holds 2 KiB, and these are what came first.
    assert!(outcome.console.len() <= 2048, "{outcome}");
    assert!(!outcome.text().contains("end of crash report"), "{outcome}");
}

/// A file of its own for a test to change.
fn scratch(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.to_str().expect("the checkout's path is UTF-8").into()
}

fn run(program: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).trim().into(),
    )
}

#[test]
fn an_image_without_names_reports_addresses() {
    let image = scratch("no-names.xen");
    let part = |name: &str| root().join("target/parts").join(name).display().to_string();
    let object = root().join("target/guests/solo5_crash/solo5.o");
    let (linked, said) = run(
        Path::new("ld"),
        &[
            "-nostdlib",
            "-z",
            "max-page-size=0x1000",
            "-static",
            "-T",
            &part("solo5_xen.lds"),
            &part("solo5_xen.o"),
            object.to_str().expect("UTF-8"),
            "-o",
            &image,
        ],
    );
    assert!(linked, "{said}");
    let outcome = Lab::shared().run(Guest {
        elf: image.clone().into(),
        ..guest("solo5_crash", "frames")
    });
    let report = crashed(&outcome);
    assert_eq!(report.frames.len(), 6, "{outcome}");
    assert!(
        report
            .frames
            .iter()
            .any(|frame| frame.contains("addr2line")),
        "{outcome}"
    );
    assert!(report.has("image not identified"), "{outcome}");
    let tool = root().join("tools/xen-symbols");
    let (identified, said) = run(&tool, &["--identity", &image]);
    assert!(!identified && said.contains("no identity"), "{said}");
    // The addresses are those of the image.
    let addresses: Vec<&str> = report.frames[..3]
        .iter()
        .map(|frame| frame.trim().split(' ').next().unwrap_or(""))
        .collect();
    let (_, names) = run(
        Path::new("addr2line"),
        &[&["-f", "-e", &image][..], &addresses].concat(),
    );
    let names: Vec<&str> = names.lines().step_by(2).collect();
    assert_eq!(names, ["store", "inner", "outer"], "{outcome}");
}

#[test]
fn a_stripped_image_keeps_names_and_identity() {
    let (image, stripped) = (scratch("names.xen"), scratch("stripped.xen"));
    std::fs::copy(built("solo5_crash"), &image).expect("a copy");
    let tool = root().join("tools/xen-symbols");
    let before = std::fs::read(&image).expect("the copy");
    assert_eq!(
        run(&tool, &[&image]),
        (true, String::new()),
        "once more does nothing"
    );
    assert_eq!(std::fs::read(&image).expect("the copy"), before);
    let (done, said) = run(Path::new("strip"), &["-o", &stripped, &image]);
    assert!(done, "{said}");
    let identity = run(&tool, &["--identity", &image]);
    assert!(identity.0 && identity.1.len() == 32, "{identity:?}");
    assert_eq!(run(&tool, &["--identity", &stripped]), identity);
    let outcome = Lab::shared().run(Guest {
        elf: stripped.into(),
        ..guest("solo5_crash", "frames")
    });
    let report = crashed(&outcome);
    assert_eq!(
        report.named_frames(),
        ["store", "inner", "outer", "switch_stack"],
        "{outcome}"
    );
    assert!(report.has(&format!("image {}", identity.1)), "{outcome}");
    // What is no image is refused with its name.
    let (done, said) = run(&tool, &["/dev/null"]);
    assert!(
        !done && said.starts_with("xen-symbols: /dev/null: "),
        "{said}"
    );
}

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

/// What a crash report costs the image: OCaml's hello, stripped, with names and without.
#[test]
fn names_and_tables_are_cheap() {
    let (with, without) = (scratch("hello-names.xen"), scratch("hello-bare.xen"));
    let strip = |arguments: &[&str]| assert!(run(Path::new("strip"), arguments).0);
    let hello = built("hello");
    let hello = hello.to_str().expect("UTF-8");
    strip(&["-o", &with, hello]);
    strip(&["--remove-section=.solo5.names", "-o", &without, hello]);
    let size = |path: &str| std::fs::metadata(path).expect("the file").len();
    // OCaml 5's runtime is the larger one.
    let most = |ocaml4: u64, ocaml5: u64| {
        let five = lab::guests().components().any(|part| {
            let part = part.as_os_str().to_string_lossy();
            part.starts_with("ocaml-5")
        });
        if five { ocaml5 << 10 } else { ocaml4 << 10 }
    };
    assert!(size(&with) <= most(400, 440), "{} bytes", size(&with));
    assert!(size(&without) <= most(360, 415), "{} bytes", size(&without));
}

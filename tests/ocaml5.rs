// SPDX-License-Identifier: ISC
//! Guests that only OCaml 5 can build: effects, the collector and its memory, one domain, the new standard library,
//! parameters on the command line. `make test OCAML=5.3` runs them; `cargo test` alone leaves them out, because the
//! machine's own compiler may be older.

#[path = "support/lab.rs"]
mod lab;

#[path = "support/program.rs"]
mod program;

use lab::{Guest, Lab, Reason, guests, long};
use program::Program;
use std::process::Command;
use std::time::Duration;

macro_rules! programs {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                Program::new(concat!("ocaml5_", stringify!($name))).check();
            }
        )*

        /// Those that have a test here.
        const PROGRAMS: &[&str] = &[$(concat!("ocaml5_", stringify!($name))),*];
    };
}

programs! { compact domain effects gc params stdlib switch }

#[test]
fn no_program_is_forgotten() {
    let folder = program::root().join("tests/guests");
    for entry in std::fs::read_dir(folder).expect("read tests/guests") {
        let path = entry.expect("directory entry").path();
        let settings = std::fs::read_to_string(path.join("guest")).unwrap_or_default();
        if settings.lines().any(|line| line == "ocaml=5") {
            let name = path.file_name().and_then(|n| n.to_str()).expect("UTF-8");
            assert!(PROGRAMS.contains(&name), "{name} has no test");
        }
    }
}

/// A million handlers in each other and a million fibers where long runs are asked for, a hundredth otherwise.
#[test]
fn a_million_fibers() {
    let (count, memory) = if long() {
        (1_000_000, 1400)
    } else {
        (10_000, 32)
    };
    let outcome = Lab::shared().run(Guest {
        memory,
        cmdline: format!("--solo5:quiet {count}"),
        timeout: Duration::from_secs(1000),
        ..Guest::new(guests().join("ocaml5_effects.xen"))
    });
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    let text = outcome.text();
    assert!(text.contains("handlers in each other: true"), "{outcome}");
    assert!(text.contains("fibers: true"), "{outcome}");
}

/// With one domain allowed, `Domain.spawn` raises its documented error, every time.
#[test]
fn domain_spawn_fails_as_documented() {
    let outcome = Lab::shared().run(Guest {
        cmdline: "--solo5:quiet OCAMLRUNPARAM=d=1 one".into(),
        ..Guest::new(guests().join("ocaml5_domain.xen"))
    });
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    let said = "Domain.spawn: Failure \"failed to allocate domain\"\nmany: true\n";
    let wanted = format!("{said}{}", said.replace("many", "as many again"));
    assert_eq!(outcome.text().replace('\r', ""), wanted, "{outcome}");
}

/// A domain for whose young heap memory is lacking leaves nothing behind: not its lock, which the next one takes, and not its
/// part in a collection, which others would wait for.
#[test]
fn a_domain_that_is_made_half_way_is_undone() {
    let outcome = Lab::shared().run(Guest {
        cmdline: "--solo5:quiet OCAMLRUNPARAM=s=1M half-way".into(),
        memory: 64,
        ..Guest::new(guests().join("ocaml5_domain.xen"))
    });
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    let failed = "half-way: Failure \"failed to allocate domain\"\n".repeat(3);
    let wanted = format!("{failed}collected: true\nhalf-way: 4\n");
    assert_eq!(outcome.text().replace('\r', ""), wanted, "{outcome}");
}

/// hello needs no more than this, in MB; what decides it is in ocaml-freestanding/README.md.
#[test]
fn hello_runs_in_three_megabytes() {
    let outcome = Lab::shared().run(Guest {
        memory: 3,
        cmdline: "--solo5:quiet".into(),
        ..Guest::new(guests().join("hello.xen"))
    });
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    assert!(outcome.text().contains("Goodbye"), "{outcome}");
}

/// A program linked with OCaml's threads library by `xen-ocaml`: from its source, and from an object that holds the library
/// and Linux's runtime already.
#[test]
fn a_program_with_systhreads() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ocaml5-threads");
    std::fs::create_dir_all(&folder).expect("a folder");
    let source = program::root().join("tests/ocaml5/threads.ml");
    std::fs::copy(source, folder.join("threads.ml")).expect("copy the program");
    let run = |program: &str, arguments: &str| {
        let built = Command::new(program)
            .args(arguments.split(' '))
            .current_dir(&folder)
            .output()
            .expect("started");
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{program} {arguments}: {said}");
    };
    let boot = |image: &str| {
        let outcome = Lab::shared().run(Guest {
            cmdline: "--solo5:quiet".into(),
            ..Guest::new(folder.join(image))
        });
        assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
        let wanted = "self: 0\ntry_lock: false\na second thread\ndelayed: true\nend\nat_exit\n";
        assert_eq!(outcome.text().replace('\r', ""), wanted, "{outcome}");
    };
    let tool = program::root().join("tools/xen-ocaml");
    let tool = tool.to_str().expect("the checkout's path is UTF-8");
    run(
        tool,
        "build threads.ml --package threads.posix -o threads.xen",
    );
    boot("threads.xen");
    run(
        "ocamlfind",
        "ocamlopt -package threads.posix -linkpkg -output-complete-obj -o whole.o threads.ml",
    );
    run(tool, "link whole.o -o whole.xen");
    boot("whole.xen");
}

// SPDX-License-Identifier: ISC
//! Programs under `tests/guests` (and `examples/hello`) on a real Xen: each prints what the same source prints as a
//! Linux process, and ends with the same status. `tests/guests/Makefile` says how they are built and described.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Reason};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program: where its source is, and what it is called once built.
struct Program {
    name: &'static str,
    source: PathBuf,
}

impl Program {
    fn new(name: &'static str) -> Program {
        let plain = name.strip_suffix("_fortified").unwrap_or(name);
        let test = root().join("tests/guests").join(plain);
        let source = if test.exists() {
            test
        } else {
            root().join("examples").join(plain)
        };
        Program { name, source }
    }

    fn built(&self, kind: &str) -> PathBuf {
        let path = root().join(format!("target/guests/{}.{kind}", self.name));
        assert!(
            path.exists(),
            "{} is not built: make guests",
            path.display()
        );
        path
    }

    /// A value of the file `guest`.
    fn setting(&self, key: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.source.join("guest")).ok()?;
        let lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .into_iter()
            .find(|(k, _)| *k == key)
            .map(|(_, value)| value.to_owned())
    }

    /// What it says and with which status it ends as a Linux process, or as its file `expected` says.
    fn reference(&self, cmdline: &str) -> (String, i32) {
        if let Ok(text) = std::fs::read_to_string(self.source.join("expected")) {
            return (text, 0);
        }
        let limit = self.setting("limit").unwrap_or_else(|| "unlimited".into());
        let output = Command::new("sh")
            .args(["-c", "ulimit -v \"$1\" && exec \"$2\" 2>&1", "sh", &limit])
            .arg(self.built("linux"))
            .env("GUEST_CMDLINE", cmdline)
            .stdin(Stdio::null())
            .output()
            .expect("run sh");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let status = output
            .status
            .code()
            .unwrap_or_else(|| panic!("{}: {text}", self.name));
        (text, status)
    }

    fn check(&self) {
        let cmdline = self.setting("cmdline").unwrap_or_default();
        let (mut said, status) = self.reference(&cmdline);
        let memory = self
            .setting("memory")
            .map_or(64, |m| m.parse().expect("memory= is a number"));
        let outcome = Lab::shared().run(Guest {
            memory,
            cmdline: format!("--solo5:quiet {cmdline}"),
            timeout: Duration::from_secs(120),
            ..Guest::new(self.built("xen"))
        });
        if self.setting("end").as_deref() == Some("crash") {
            // Where Linux's status says that a program ended badly, a domain crashes, and libc says by what.
            assert_ne!(status, 0, "{}: {said}", self.name);
            said += "abort() called\n";
            assert_eq!(outcome.reason, Reason::Crash, "{}: {outcome}", self.name);
        } else {
            let wanted = (Reason::Poweroff, u8::try_from(status).ok());
            let got = (outcome.reason.clone(), outcome.exit_status);
            assert_eq!(got, wanted, "{}: {outcome}", self.name);
        }
        let printed = outcome.text().replace("\r\n", "\n");
        for (number, (here, there)) in printed.lines().zip(said.lines()).enumerate() {
            assert_eq!(
                here,
                there,
                "{}: line {} is not Linux's",
                self.name,
                number + 1
            );
        }
        assert_eq!(printed, said, "{}: {outcome}", self.name);
    }
}

macro_rules! programs {
    ($($name:ident)*) => {
        /// Every program that has a test.
        const PROGRAMS: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                Program::new(stringify!($name)).check();
            }
        )*
    };
}

programs! {
    hello
    ocaml_bigarray
    ocaml_bytes
    ocaml_containers
    ocaml_exceptions
    ocaml_exit0
    ocaml_exit3
    ocaml_floats
    ocaml_gc
    ocaml_ints
    ocaml_marshal
    ocaml_oom
    ocaml_printf
    ocaml_random
    ocaml_stack_overflow
    ocaml_stack_overflow_heap
    ocaml_text
    ocaml_uncaught
    c_faults
    c_faults_fortified
    c_jumps
    c_jumps_fortified
    c_libc
    c_libc_fortified
    c_mappings
    c_mappings_fortified
    c_posix
    c_posix_fortified
}

/// No program is forgotten: those that ask for the OS library (os=yes) have tests of their own.
#[test]
fn every_program_has_a_test() {
    let guests = root().join("tests/guests");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(&guests).expect("read tests/guests") {
        let path = entry.expect("directory entry").path();
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .expect("UTF-8 name")
            .to_owned();
        let settings = std::fs::read_to_string(path.join("guest")).unwrap_or_default();
        if settings.lines().any(|line| line == "os=yes") {
            continue;
        }
        if path.join("main.c").exists() {
            found.insert(format!("{name}_fortified"));
            found.insert(name);
        } else if path.join("main.ml").exists() {
            found.insert(name);
        }
    }
    let tested: BTreeSet<String> = PROGRAMS
        .iter()
        .map(|n| n.to_string())
        .filter(|n| n != "hello")
        .collect();
    assert_eq!(found, tested);
}

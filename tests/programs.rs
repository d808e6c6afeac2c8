// SPDX-License-Identifier: ISC
//! Programs under `tests/guests` (and `examples/hello`) on a real Xen: each prints what the same source prints as a
//! Linux process, and ends with the same status. `tests/guests/Makefile` says how they are built and described.

#[path = "support/lab.rs"]
mod lab;

#[path = "support/program.rs"]
mod program;

use program::{Program, root};
use std::collections::BTreeSet;

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
    ocaml_speed
    ocaml_stack_overflow
    ocaml_stack_overflow_heap
    ocaml_text
    ocaml_threads
    ocaml_uncaught
    ocaml_yield
    c_faults
    c_faults_fortified
    c_jumps
    c_jumps_fortified
    c_libc
    c_libc_fortified
    c_mappings
    c_mappings_fortified
    c_posix
    c_threads c_threads_fortified
    c_posix_fortified
}

/// No program is forgotten: those that ask for the OS library (os=yes) or OCaml 5 have tests of their own.
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
        if settings
            .lines()
            .any(|line| line == "os=yes" || line == "ocaml=5")
        {
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

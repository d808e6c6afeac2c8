// SPDX-License-Identifier: ISC
//! OCaml's runtime as `ocaml-freestanding` builds it: what it asks of libc is there, and two builds in different places
//! are byte for byte the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs make in `ocaml-freestanding` with `BUILD` in this test's own directory; what it printed.
fn make(build: &Path, target: &str) -> String {
    let output = Command::new("make")
        .args(["--no-print-directory", "-s", "-C"])
        .arg(root().join("ocaml-freestanding"))
        .arg(format!("BUILD={}", build.display()))
        .arg(target)
        .env_remove("MAKEFLAGS")
        .output()
        .expect("run make");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8 output")
}

fn build_directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The names in a reviewed list of exports: the first word of each line that is no comment.
fn exports(list: &str) -> BTreeSet<String> {
    let path = root().join(list);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_whitespace().next())
        .map(String::from)
        .collect()
}

#[test]
fn libc_has_what_the_runtime_asks_for() {
    let known: BTreeSet<String> = exports("src/libc/exports.txt")
        .union(&exports("src/solo5/exports.txt"))
        .cloned()
        .collect();
    let build = build_directory("runtime");
    make(&build, "all");
    let asked = make(&build, "undefined");
    // The program brings caml_…: its tables and the exceptions of the standard library; yield.c asks weakly for what the threads
    // library has. The linker brings its own table.
    let missing: Vec<&str> = asked
        .lines()
        .filter(|name| {
            !name.trim_start_matches("__real_").starts_with("caml_")
                && *name != "_GLOBAL_OFFSET_TABLE_"
                && !known.contains(*name)
        })
        .collect();
    assert!(
        missing.is_empty(),
        "the runtime asks for {missing:?}, which libc does not export"
    );
    assert!(
        asked.lines().any(|name| name == "malloc"),
        "the list of names is empty"
    );
}

#[test]
fn two_builds_are_the_same() {
    let archives = ["first/place", "second"].map(|place| {
        let build = build_directory(place);
        make(&build, "all");
        std::fs::read(build.join("libasmrun.a")).expect("read the archive")
    });
    assert!(archives[0] == archives[1], "the archives differ");
}

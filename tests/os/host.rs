// SPDX-License-Identifier: ISC
//! The library on the host: over a fake Xen, its interfaces, its variants for mirage's libraries.

use super::{root, scratch};
use std::process::Command;

fn command(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        // The bindings' Rust, built already.
        .env(
            "MIRAGE_XEN_CORE",
            root().join("target/parts/bindings7/mirage_xen_core.o"),
        )
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_library_over_a_fake_xen_and_its_signatures() {
    let build = scratch("dune");
    command(
        "dune",
        &[
            "build",
            "--root",
            ".",
            "--build-dir",
            &build.to_string_lossy(),
            "@ocaml/all",
            "@ocaml/runtest",
        ],
    );
}

/// A value or exception has its comment behind it, before the next blank line.
#[test]
fn every_exported_value_has_documentation() {
    let mut missing = Vec::new();
    let folder = root().join("ocaml/lib");
    for entry in std::fs::read_dir(folder).expect("ocaml/lib") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "mli") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("an interface");
        for paragraph in text.split("\n\n") {
            let starts = |line: &&str, words: [&str; 2]| {
                words.iter().any(|word| line.trim_start().starts_with(word))
            };
            let mut lines = paragraph.lines().peekable();
            while let Some(line) = lines.next() {
                if !starts(&line, ["val ", "exception "]) {
                    continue;
                }
                let mut documented = false;
                while let Some(next) = lines.next_if(|next| !starts(next, ["val ", "exception "])) {
                    documented |= next.trim_start().starts_with("(**");
                }
                if !documented {
                    missing.push(format!("{}: {line}", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_variants_for_mirage_libraries_have_the_right_types() {
    let folder = scratch("standins");
    command("ocaml/standins/check", &[&folder.to_string_lossy()]);
}

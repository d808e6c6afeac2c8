// SPDX-License-Identifier: ISC
//! The libc headers under `ocaml-freestanding/include`: they compile cleanly in every language standard with both
//! compilers, alone and twice, and agree with the host's glibc on the layout of every public structure, on the size and
//! sign of every type, on the value of every constant and on every function's prototype.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "headers/layout.rs"]
mod layout;
#[path = "headers/prototypes.rs"]
mod prototypes;
#[path = "headers/tables.rs"]
mod tables;

const COMPILERS: [&str; 2] = ["gcc", "clang"];
const STANDARDS: [(&str, &str); 4] = [("c", "c99"), ("c", "c11"), ("c", "gnu11"), ("c++", "c++17")];

/// -isystem silences warnings in headers; here they are what is looked for.
const STRICT: [&str; 5] = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wsystem-headers",
    "-Werror",
];

fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ocaml-freestanding/include")
}

/// Every header, as a program names it, sorted.
fn headers() -> Vec<String> {
    fn walk(directory: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(directory).expect("read include") {
            let entry = entry.expect("directory entry");
            let name = format!(
                "{prefix}{}",
                entry.file_name().to_str().expect("UTF-8 name")
            );
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    walk(&include(), "", &mut found);
    found.sort();
    assert!(
        found.len() > 50,
        "only {} headers under include",
        found.len()
    );
    found
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}; install the Debian packages gcc and clang"))
}

fn succeed(command: &mut Command) -> Output {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The flags that make `compiler` see our headers and its own, and nothing of the host's.
fn our_flags(compiler: &str) -> Vec<String> {
    let own = succeed(Command::new(compiler).arg("-print-file-name=include")).stdout;
    let own = String::from_utf8(own).expect("UTF-8 path");
    [
        "-nostdinc",
        "-isystem",
        include().to_str().expect("UTF-8 path"),
        "-isystem",
        own.trim(),
    ]
    .map(String::from)
    .to_vec()
}

fn scratch(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("write a scratch file");
    path
}

fn include_all(names: &[String]) -> String {
    names.iter().fold(String::new(), |text, name| {
        text + "#include <" + name + ">\n"
    })
}

/// Headers that a program includes: not the shared pieces under `bits/`.
fn public_headers() -> Vec<String> {
    headers()
        .into_iter()
        .filter(|name| !name.starts_with("bits/"))
        .collect()
}

#[test]
fn each_header_compiles_cleanly_alone_and_twice() {
    for compiler in COMPILERS {
        let flags = our_flags(compiler);
        for (language, standard) in STANDARDS {
            for name in headers() {
                let text = format!("#include <{name}>\n#include <{name}>\nextern int something;\n");
                let source = scratch("one_header.c", &text);
                succeed(
                    Command::new(compiler)
                        .args(["-x", language, &format!("-std={standard}"), "-fsyntax-only"])
                        .args(STRICT)
                        .args(&flags)
                        .arg(&source),
                );
            }
        }
    }
}

#[test]
fn all_headers_compile_together() {
    let text = include_all(&public_headers());
    for compiler in COMPILERS {
        let flags = our_flags(compiler);
        for (language, standard) in STANDARDS {
            for feature in [
                "-D_DEFAULT_SOURCE",
                "-D_GNU_SOURCE",
                "-D_POSIX_C_SOURCE=200809L",
            ] {
                let source = scratch("all_headers.c", &text);
                // clang++ and g++ define _GNU_SOURCE themselves.
                succeed(
                    Command::new(compiler)
                        .args([
                            "-x",
                            language,
                            &format!("-std={standard}"),
                            "-fsyntax-only",
                            "-U_GNU_SOURCE",
                            feature,
                        ])
                        .args(STRICT)
                        .args(&flags)
                        .arg(&source),
                );
            }
        }
    }
}

/// Whoever comes first, ours or the compiler's own, and with the headers that only the compiler has.
#[test]
fn compilers_headers_go_together_with_ours() {
    let own = [
        "float.h",
        "stdalign.h",
        "stdarg.h",
        "stdatomic.h",
        "stdbool.h",
        "stddef.h",
        "stdnoreturn.h",
        "immintrin.h",
    ];
    let checks =
        "_Static_assert(INT64_MAX == LONG_MAX && CHAR_BIT == 8 && PATH_MAX == 4096, \"limits\");\n";
    let text = include_all(&own.map(String::from)) + &include_all(&public_headers()) + checks;
    let source = scratch("both.c", &text);
    for compiler in COMPILERS {
        let ours_first = our_flags(compiler);
        let theirs_first = [0, 3, 4, 1, 2].map(|at| ours_first[at].clone()).to_vec();
        for flags in [ours_first, theirs_first] {
            succeed(
                Command::new(compiler)
                    .args(["-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"])
                    .args(&flags)
                    .arg(&source),
            );
        }
    }
}

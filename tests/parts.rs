// SPDX-License-Identifier: ISC
//! The three parts as upstream's packages have them: each defines what its reviewed list says and nothing else, and
//! together they link by upstream's own link line.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Reason};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn part(name: &str) -> String {
    let path = root().join("target/parts").join(name);
    assert!(path.exists(), "{} is not built: make parts", path.display());
    path.to_str().expect("the checkout's path is UTF-8").into()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("names are ASCII")
}

fn listed(file: &str) -> BTreeSet<String> {
    let text =
        std::fs::read_to_string(root().join(file)).expect("the list is part of the checkout");
    let names = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or("").trim());
    names
        .filter(|name| !name.is_empty())
        .map(String::from)
        .collect()
}

#[test]
fn solo5_defines_its_list_and_nothing_else() {
    let names = output(
        "nm",
        &[
            "--defined-only",
            "--extern-only",
            "--format=just-symbols",
            &part("solo5_xen.o"),
        ],
    );
    let defined: BTreeSet<String> = names.lines().map(String::from).collect();
    assert_eq!(defined, listed("src/solo5/exports.txt"));
}

#[test]
fn solo5_asks_for_the_linker_script_and_the_application_only() {
    let names = output(
        "nm",
        &[
            "--undefined-only",
            "--format=just-symbols",
            &part("solo5_xen.o"),
        ],
    );
    let script = [
        "_stext",
        "_etext",
        "_erodata",
        "_end",
        "_stdata",
        "_ltdata",
        "_etbss",
        "_tls_align",
        "_sboot_tls",
        "_seh_frame",
        "_eeh_frame",
        "_sdevice_hooks",
        "_edevice_hooks",
        "_smanifest",
        "_emanifest",
        "solo5_app_main",
    ];
    for name in names.lines() {
        assert!(
            script.contains(&name),
            "{name} is neither the linker script's nor the application's"
        );
    }
}

/// A manifest as `solo5-elftool gen-manifest` makes it for Xen: version 1, no devices. The bindings write into it.
const MANIFEST: &str = r#"
.section .note.solo5.manifest, "aw", @note
.balign 4
.globl __solo5_mft1_note
__solo5_mft1_note:
    .long 6, 2f - 1f, 0x3154464d
    .asciz "Solo5"
    .balign 8
1:  .long 1, 0
2:
"#;

#[test]
fn upstreams_link_line_makes_a_domain() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("upstream link");
    std::fs::create_dir_all(&folder).expect("cargo's folder for tests is writable");
    let file = |name: &str| folder.join(name).to_str().expect("UTF-8").to_string();
    std::fs::write(file("manifest.s"), MANIFEST).expect("writable");
    output("as", &["-o", &file("manifest.o"), &file("manifest.s")]);
    let program = root().join("target/guests/hello/main.native.o");
    assert!(
        program.exists(),
        "{} is not built: make guests",
        program.display()
    );
    let version = output("ocamlfind", &["ocamlopt", "-version"]);
    let runtime = format!(
        "{}/target/ocaml-freestanding/{}",
        root().display(),
        version.trim()
    );
    let parts = root().join("target/parts");
    // mirage 3.10: `ld` and `ldflags` of solo5-bindings-xen, the program, the manifest, then what
    // `pkg-config --static --libs mirage-xen` says. No group, no section collection.
    output(
        "ld",
        &[
            "-nostdlib",
            "-z",
            "max-page-size=0x1000",
            "-static",
            "-T",
            &part("solo5_xen.lds"),
            &part("solo5_xen.o"),
            program.to_str().expect("UTF-8"),
            &file("manifest.o"),
            &format!("-L{}", parts.display()),
            &format!("-L{runtime}"),
            "-lmirage-xen_bindings",
            "-lasmrun",
            "-lnolibc",
            "-lopenlibm",
            "-o",
            &file("hello.xen"),
        ],
    );
    let outcome = Lab::shared().run(Guest::new(file("hello.xen")));
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
    assert!(outcome.text().contains("Hello from OCaml"), "{outcome}");
    notes_and_segments(&file("hello.xen"));
}

/// What the image promises to loaders: the notes, an interpreter that cannot exist, no segment writable and executable.
fn notes_and_segments(elf: &str) {
    let notes = output("readelf", &["--notes", "--wide", elf]);
    for (owner, kind) in [
        ("Xen", "0x00000012"),
        ("Solo5", "0x3154464d"),
        ("Solo5", "0x31494241"),
        ("OpenBSD", ""),
    ] {
        assert!(
            notes
                .lines()
                .any(|line| line.contains(owner) && line.contains(kind)),
            "{owner} {kind}: {notes}"
        );
    }
    let headers = output("readelf", &["--program-headers", "--wide", elf]);
    assert!(
        headers.contains("[Requesting program interpreter: /nonexistent/solo5/]"),
        "{headers}"
    );
    let first_note = headers
        .lines()
        .find(|line| line.trim_start().starts_with("NOTE"))
        .expect("notes have headers");
    assert!(
        first_note.contains("0x000018 0x000018"),
        "OpenBSD's note comes first: {headers}"
    );
    assert!(!headers.contains("RWE"), "{headers}");
    let symbols = output("nm", &["--format=just-symbols", elf]);
    for name in [
        "_stext", "_etext", "_erodata", "_edata", "_ebss", "_end", "_stdata", "_ltdata", "_ltbss",
    ] {
        assert!(symbols.lines().any(|symbol| symbol == name), "{name}");
    }
}

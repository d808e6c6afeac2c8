// SPDX-License-Identifier: ISC
//! Archives as Debian compiles them for Linux, linked as they are and run on Xen: SQLite and GMP from C, Zarith,
//! mirage-crypto, Cstruct, Bigstringaf and Base from OCaml. Each program prints what the same objects print as a Linux process.
//!
//! `make guests` builds the parts and the runtime that they are linked with.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Reason};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command and returns what it prints; its failure is the test's.
fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A folder of its own under `target`, empty.
fn folder(name: &str) -> PathBuf {
    let folder = root().join("target/archives").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Where an archive of the host's lies; `package` is Debian's that brings it.
fn host_archive(name: &str, package: &str) -> PathBuf {
    let path = run(Command::new("gcc").arg(format!("-print-file-name={name}")));
    let path = PathBuf::from(path.trim());
    assert!(
        path.is_absolute(),
        "no {name}: install the Debian package {package}"
    );
    path
}

fn ocaml_archives(packages: &str) -> Vec<PathBuf> {
    let mut archives = Vec::new();
    for package in packages.split(',') {
        let folder = run(Command::new("ocamlfind").args(["query", package]));
        for entry in std::fs::read_dir(folder.trim()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("lib") && name.ends_with(".a") && !name.contains("freestanding") {
                archives.push(path);
            }
        }
    }
    archives
}

/// Links a guest as mirage 3.10 does.
fn link<T: AsRef<OsStr>>(output: &Path, runtime: &str, inputs: impl IntoIterator<Item = T>) {
    run(Command::new("sh")
        .arg(root().join("ocaml-freestanding/link.sh"))
        .arg(output)
        .args(inputs)
        .env("PARTS", root().join("target/parts"))
        .env("RUNTIME", runtime));
}

fn compare(linux: &str, elf: &Path) {
    let mut guest = Guest::new(elf);
    guest.memory = 128;
    let outcome = Lab::shared().run(guest);
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    let text = outcome.text().replace('\r', "");
    let said = text
        .lines()
        .filter(|line| !line.starts_with("Solo5:"))
        .collect::<Vec<_>>();
    assert_eq!(said, linux.lines().collect::<Vec<_>>(), "{outcome}");
}

#[test]
fn sqlite_and_gmp() {
    let folder = folder("acid");
    let object = folder.join("acid.o");
    run(Command::new("gcc")
        .args([
            "-O2",
            "-fno-pic",
            "-fno-pie",
            "-fstack-protector-strong",
            "-D_FORTIFY_SOURCE=2",
            "-D_GNU_SOURCE",
            "-c",
            "-o",
        ])
        .args([&object, &root().join("tests/archives/acid.c")]));
    let linux = folder.join("acid.linux");
    run(Command::new("gcc")
        .args(["-no-pie", "-o"])
        .args([&linux, &object])
        .args(["-lsqlite3", "-lgmp", "-lm"]));
    let elf = folder.join("acid.xen");
    let entry = root().join("target/guests/c_entry.o");
    assert!(
        entry.exists(),
        "{} is missing: make guests",
        entry.display()
    );
    let sqlite = host_archive("libsqlite3.a", "libsqlite3-dev");
    let gmp = host_archive("libgmp.a", "libgmp-dev");
    link(&elf, "", [&object, &entry, &sqlite, &gmp]);
    compare(&run(&mut Command::new(linux)), &elf);
}

/// Compiles an OCaml program twice, links it with these packages' archives and with others, and compares.
fn ocaml(name: &str, packages: &str, others: &[PathBuf]) {
    let folder = folder(name);
    let source = format!("{name}.ml");
    std::fs::copy(
        root().join("tests/archives").join(&source),
        folder.join(&source),
    )
    .unwrap();
    let (linux, object) = (format!("{name}.linux"), format!("{name}.native.o"));
    let compile = |output: &str, options: &[&str]| {
        run(Command::new("ocamlfind")
            .args(["ocamlopt", "-g", "-package", packages, "-linkpkg"])
            .args(options)
            .args(["-o", output, &source])
            .current_dir(&folder));
    };
    compile(&linux, &[]);
    compile(&object, &["-output-obj"]);
    let version = run(Command::new("ocamlfind").args(["ocamlopt", "-version"]));
    let runtime = root()
        .join("target/ocaml-freestanding")
        .join(version.trim());
    let mut inputs = vec![folder.join(object)];
    inputs.extend(ocaml_archives(packages));
    inputs.extend_from_slice(others);
    let elf = folder.join(format!("{name}.xen"));
    link(&elf, &runtime.to_string_lossy(), &inputs);
    let linux = run(&mut Command::new(folder.join(linux)));
    assert!(!linux.contains("WRONG"), "{linux}");
    compare(&linux, &elf);
}

#[test]
fn zarith_and_mirage_crypto() {
    ocaml(
        "crypto",
        "zarith,cstruct,mirage-crypto,mirage-crypto-rng,mirage-crypto-pk,mirage-crypto-ec",
        &[host_archive("libgmp.a", "libgmp-dev")],
    );
}

#[test]
fn cstruct_bigstringaf_and_base() {
    ocaml(
        "buffers",
        "cstruct,bigstringaf,base,base.base_internalhash_types",
        &[],
    );
}

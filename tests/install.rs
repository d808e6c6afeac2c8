// SPDX-License-Identifier: ISC
//! What `make install` puts in place: programs are built from it alone, in a clean Debian without this project and without a
//! network, as each of upstream's eras builds them, and run on a real Xen. Then what is to happen where something is missing.

#[path = "support/lab.rs"]
mod lab;

use lab::{Guest, Lab, Reason};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder of this run.
fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("install")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("cargo's folder for tests is writable");
    folder
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn succeeds(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// `make` in the checkout; one at a time, since all stage in the same folder.
fn make(arguments: &[&str], environment: &[(&str, &Path)]) -> Output {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut command = Command::new("make");
    command.current_dir(checkout()).args(arguments);
    for (name, value) in environment {
        command.env(name, value);
    }
    run(&mut command)
}

fn makes(arguments: &[&str]) {
    let output = make(arguments, &[]);
    assert!(
        output.status.success(),
        "make {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// That a failure is one line (and make's own), with exit status 2 and these words in it.
fn fails_with(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("make"))
        .collect();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(lines.len(), 1, "{text}");
    for word in words {
        assert!(lines[0].contains(word), "{word} / {text}");
    }
}

/// A prefix with both eras, as a packager's DESTDIR holds it: it is meant for PLACE.
const PLACE: &str = "/opt/mirage xen";
fn both_eras() -> &'static Path {
    static BOTH: OnceLock<PathBuf> = OnceLock::new();
    BOTH.get_or_init(|| {
        let destination = empty("both");
        makes(&[
            "install",
            "ERA=both",
            &format!("PREFIX={PLACE}"),
            &format!("DESTDIR={}", destination.display()),
        ]);
        destination.join(&PLACE[1..])
    })
}

fn root(release: &str) -> String {
    let script = checkout().join("tests/install/root");
    let folder = succeeds(Command::new(script).arg(release));
    folder.trim_end().to_string()
}

/// A command in a clean root, where `prefix` is at `place` and cannot be written to, and which starts in `folder`.
fn in_root(release: &str, prefix: &Path, place: &str, folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(checkout().join("tests/install/in-root"));
    command.arg(root(release));
    command.arg(prefix).args([place, "ro"]);
    command.arg(folder).args(["/srv", "rw"]);
    run(command.arg("--").args(words))
}

fn builds(output: &Output) {
    assert!(
        output.status.success(),
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A folder with the programs and the scripts that build them.
fn work(name: &str) -> PathBuf {
    let folder = empty(name);
    for from in ["tests/install", "tests/install/programs"] {
        for entry in fs::read_dir(checkout().join(from)).expect("part of the checkout") {
            let path = entry.expect("readable").path();
            if path.is_file() {
                fs::copy(&path, folder.join(path.file_name().expect("a file"))).expect("a copy");
            }
        }
    }
    folder
}

/// Runs a domain and asks for these lines on its console.
fn says(elf: &Path, lines: &[&str]) {
    let outcome = Lab::shared().run(Guest::new(elf));
    assert_eq!(outcome.reason, Reason::Poweroff, "{outcome}");
    let text = outcome.text();
    for line in lines {
        assert!(
            text.lines().any(|said| said.trim_end() == *line),
            "{line} / {outcome}"
        );
    }
}

fn compiler_version() -> String {
    let version = succeeds(Command::new("ocamlfind").args(["ocamlopt", "-version"]));
    version.trim_end().to_string()
}

// ---- the pkg-config era --------------------------------------------------------------------------------------------

#[test]
fn the_first_eras_link_line_makes_a_domain() {
    let folder = work("first era");
    // The prefix was moved: nothing in what pkg-config says depends on where it was meant for.
    let words = ["./first-era.sh", "/mnt/moved here", "hello", "hello.xen"];
    builds(&in_root(
        "bookworm",
        both_eras(),
        "/mnt/moved here",
        &folder,
        &words,
    ));
    says(
        &folder.join("hello.xen"),
        &[&format!("Hello from OCaml {}", compiler_version())],
    );
}

#[test]
fn the_first_era_alone_has_mirage_xen_6_and_zarith_under_its_freestanding_name() {
    let destination = empty("first");
    let place = format!("DESTDIR={}", destination.display());
    makes(&["install", "ERA=pkg-config", "PREFIX=/opt/first", &place]);
    makes(&[
        "install-gmp-freestanding",
        "install-zarith-freestanding",
        "PREFIX=/opt/first",
        &place,
    ]);
    let prefix = destination.join("opt/first");
    let folder = work("first alone");
    let link = |program: &str, libraries: &[&str]| {
        let output = format!("{program}.xen");
        let mut words = vec!["./first-era.sh", "/opt/first", program, &output];
        words.extend(libraries);
        builds(&in_root("bookworm", &prefix, "/opt/first", &folder, &words));
    };
    link("first", &["lwt", "cstruct", "mirage-xen"]);
    says(&folder.join("first.xen"), &["first era"]);
    link("big", &["zarith", "zarith-freestanding"]);
    says(
        &folder.join("big.xen"),
        &["118181386580595879976868414312001964434038548836769923458287039207"],
    );
}

// ---- the toolchain era ---------------------------------------------------------------------------------------------

#[test]
fn findlibs_toolchain_makes_a_domain_from_a_read_only_prefix_with_a_blank() {
    let folder = work("toolchain");
    let words = ["./toolchain.sh", PLACE, "hello", "hello.xen"];
    builds(&in_root("bookworm", both_eras(), PLACE, &folder, &words));
    says(
        &folder.join("hello.xen"),
        &[
            &format!("Hello from OCaml {}", compiler_version()),
            "1.414214 2.718282",
        ],
    );
}

#[test]
fn a_dune_workspace_with_the_toolchain_makes_a_domain() {
    let folder = empty("dune");
    succeeds(
        Command::new("cp")
            .arg("-R")
            .arg(checkout().join("tests/install/workspace/."))
            .arg(&folder),
    );
    let script = format!(
        "export PATH='{PLACE}/bin':$PATH OCAMLFIND_CONF='{PLACE}/lib/mirage-xen-rs/findlib.conf'
        dune build @app/all && solo5-elftool query-manifest _build/solo5/app/main.exe"
    );
    let words = ["sh", "-c", &script];
    builds(&in_root("bookworm", both_eras(), PLACE, &folder, &words));
    says(
        &folder.join("_build/solo5/app/main.exe"),
        &["dune=0042", "5.000"],
    );
}

#[test]
fn xen_ocaml_makes_a_domain_with_lwt_zarith_and_mirage_crypto() {
    let folder = work("short way");
    let script = format!(
        "'{PLACE}/bin/xen-ocaml' build short.ml --package lwt,zarith,mirage-crypto,mirage-xen -o short.xen"
    );
    let words = ["sh", "-c", &script];
    builds(&in_root("bookworm", both_eras(), PLACE, &folder, &words));
    says(
        &folder.join("short.xen"),
        &[
            "15511210043330985984000000",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ],
    );
}

#[test]
fn a_moved_toolchain_works_after_it_was_told() {
    let destination = empty("moved");
    let place = format!("DESTDIR={}", destination.display());
    makes(&["install", "ERA=toolchain", "PREFIX=/opt/before", &place]);
    let after = destination.join("opt/after it");
    fs::rename(destination.join("opt/before"), &after).expect("a move");
    succeeds(Command::new(after.join("lib/mirage-xen-rs/relocate")).arg("/home/after it"));
    let folder = work("toolchain moved");
    let words = ["./toolchain.sh", "/home/after it", "hello", "hello.xen"];
    builds(&in_root(
        "bookworm",
        &after,
        "/home/after it",
        &folder,
        &words,
    ));
    says(&folder.join("hello.xen"), &["1.414214 2.718282"]);
}

/// A cross compiler for Debian 11's OCaml, built in that root with this machine's Rust.
fn older_compiler() -> &'static Path {
    static OLDER: OnceLock<PathBuf> = OnceLock::new();
    OLDER.get_or_init(|| {
        both_eras(); // builds the parts, with this machine's compilers
        let destination = empty("older prefix");
        let rustup = |name: &str, folder: &str| {
            std::env::var_os(name).map_or_else(
                || Path::new(&std::env::var_os("HOME").expect("HOME")).join(folder),
                PathBuf::from,
            )
        };
        let (cargo, rustup) = (
            rustup("CARGO_HOME", ".cargo"),
            rustup("RUSTUP_HOME", ".rustup"),
        );
        let mut command = Command::new(checkout().join("tests/install/in-root"));
        command.arg(root("bullseye"));
        for (path, access) in [
            (checkout(), "rw"),
            (&cargo, "rw"),
            (&rustup, "ro"),
            (Path::new("/usr/include/xen"), "ro"),
        ] {
            command.arg(path).arg(path).arg(access);
        }
        command.arg(&destination).args(["/srv", "rw", "--", "env"]);
        for (name, value) in [("CARGO_HOME", &cargo), ("RUSTUP_HOME", &rustup)] {
            command.arg(format!("{name}={}", value.display()));
        }
        command.arg(format!("PATH={}/bin:/usr/sbin:/usr/bin", cargo.display()));
        command.arg(checkout().join("tests/install/compiler-in-root.sh"));
        command.arg(checkout()).args(["/opt/older", "/srv"]);
        succeeds(&mut command);
        destination.join("opt/older")
    })
}

#[test]
fn two_versions_of_ocaml_side_by_side_each_with_its_own_compiler() {
    let folder = work("older");
    let words = ["./toolchain.sh", "/opt/older", "hello", "hello.xen"];
    builds(&in_root(
        "bullseye",
        older_compiler(),
        "/opt/older",
        &folder,
        &words,
    ));
    says(&folder.join("hello.xen"), &["Hello from OCaml 4.11.1"]);
    // And the wrong one of the two, each way around.
    for (release, prefix, place, compiler, runtime) in [
        (
            "bookworm",
            older_compiler(),
            "/opt/older",
            compiler_version(),
            "4.11.1".into(),
        ),
        (
            "bullseye",
            both_eras(),
            PLACE,
            "4.11.1".into(),
            compiler_version(),
        ),
    ] {
        let script = format!("'{place}/lib/ocaml-solo5/bin/ocamlopt' hello.ml -o no.xen");
        let output = in_root(release, prefix, place, &folder, &["sh", "-c", &script]);
        fails_with(
            &output,
            &[
                &format!("is OCaml {compiler}"),
                &format!("is OCaml {runtime}'s"),
                "install mirage-xen-rs again",
            ],
        );
        assert!(!folder.join("no.xen").exists());
    }
}

// ---- what comes and goes -------------------------------------------------------------------------------------------

/// Everything below a folder: type, and contents of files and links.
fn everything(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(path) = todo.pop() {
        let kind = fs::symlink_metadata(&path).expect("there").file_type();
        let what = if kind.is_dir() {
            todo.extend(
                fs::read_dir(&path)
                    .expect("readable")
                    .map(|entry| entry.expect("readable").path()),
            );
            "folder".into()
        } else if kind.is_symlink() {
            format!("link {:?}", fs::read_link(&path).expect("a link"))
        } else {
            format!("{:x?}", fs::read(&path).expect("readable"))
        };
        found.insert(path, what);
    }
    found
}

#[test]
fn uninstall_leaves_what_was_there_and_nothing_else() {
    let prefix = empty("exact");
    fs::create_dir_all(prefix.join("lib/pkgconfig")).expect("writable");
    fs::write(prefix.join("lib/pkgconfig/other.pc"), "another's").expect("writable");
    let before = everything(&prefix);
    let place = format!("PREFIX={}", prefix.display());
    makes(&["install", "ERA=pkg-config", &place]);
    let installed = everything(&prefix);
    for file in [
        "bin/solo5-elftool",
        "include/solo5-bindings-xen/solo5/solo5.h",
        "include/solo5-bindings-xen/crt/stddef.h",
        "include/ocaml-freestanding/stdio.h",
        "include/ocaml-freestanding/caml/mlvalues.h",
        "include/ocaml-freestanding/_freestanding/overrides.h",
        "lib/solo5-bindings-xen/solo5_xen.o",
        "lib/solo5-bindings-xen/solo5_xen.lds",
        "lib/ocaml-freestanding/META",
        "lib/ocaml-freestanding/libasmrun.a",
        "lib/ocaml-freestanding/libnolibc.a",
        "lib/ocaml-freestanding/libopenlibm.a",
        "lib/ocaml-freestanding/cflags",
        "lib/ocaml-freestanding/libs",
        "lib/mirage-xen/libmirage-xen_bindings.a",
        "lib/mirage-xen/oS.cmxa",
        "lib/pkgconfig/solo5-bindings-xen.pc",
        "lib/pkgconfig/ocaml-freestanding.pc",
        "lib/pkgconfig/mirage-xen.pc",
    ] {
        assert!(installed.contains_key(&prefix.join(file)), "{file}");
    }
    // A second install is the same; another package beside it has its own list.
    makes(&["install", "ERA=pkg-config", &place]);
    assert!(installed == everything(&prefix), "a second install differs");
    makes(&["install-solo5", &place]);
    makes(&["uninstall", "ERA=pkg-config", &place]);
    assert!(
        prefix.join("bin/solo5-elftool").exists(),
        "solo5 has it too"
    );
    makes(&["uninstall-solo5", &place]);
    assert_eq!(before, everything(&prefix));
    fails_with(&make(&["uninstall", &place], &[]), &["nothing to remove"]);
}

#[test]
fn a_prefix_that_was_not_there_is_gone_again() {
    let above = empty("new");
    let place = format!("PREFIX={}", above.join("a/b c").display());
    makes(&["install-solo5", &place]);
    assert!(above.join("a/b c/bin/x86_64-solo5-none-static-cc").exists());
    makes(&["uninstall-solo5", &place]);
    assert!(!above.join("a/b c").exists());
}

// ---- what is missing -----------------------------------------------------------------------------------------------

#[test]
fn what_is_not_ours_is_not_overwritten() {
    let prefix = empty("taken");
    fs::create_dir_all(prefix.join("bin")).expect("writable");
    fs::write(prefix.join("bin/solo5-elftool"), "upstream's").expect("writable");
    let before = everything(&prefix);
    let output = make(
        &["install-solo5", &format!("PREFIX={}", prefix.display())],
        &[],
    );
    fails_with(&output, &["bin/solo5-elftool is there already"]);
    assert_eq!(before, everything(&prefix));
}

#[test]
fn a_prefix_that_cannot_be_written_to_is_said_before_the_work() {
    let folder = empty("unwritable");
    fs::write(folder.join("file"), "").expect("writable");
    let inside = format!("PREFIX={}", folder.join("file/prefix").display());
    fails_with(&make(&["install", &inside], &[]), &["is not a folder"]);
    fails_with(&make(&["install", "PREFIX=relative"], &[]), &["absolute"]);
    fails_with(&make(&["install", "ERA=third"], &[]), &["ERA is"]);
    let script = format!(
        "mount -t tmpfs -o ro none '{0}' && make -C '{1}' --no-print-directory install PREFIX='{0}/p'",
        folder.display(),
        checkout().display()
    );
    let mut command = Command::new("unshare");
    if !succeeds(Command::new("id").arg("-u")).starts_with("0\n") {
        command.arg("--map-root-user");
    }
    let output = run(command.args(["--mount", "sh", "-c", &script]));
    fails_with(&output, &["cannot be written to", "PREFIX"]);
}

/// A PATH with everything that there is but one command.
fn path_without(name: &str) -> PathBuf {
    let folder = empty(&format!("path without {name}"));
    let path = std::env::var_os("PATH").expect("PATH");
    for directory in std::env::split_paths(&path) {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            if entry.file_name() != name {
                let _ = symlink(entry.path(), folder.join(entry.file_name()));
            }
        }
    }
    folder
}

#[test]
fn each_missing_command_is_one_line_and_nothing_is_installed() {
    let prefix = empty("missing");
    let place = format!("PREFIX={}", prefix.display());
    for (command, package) in [
        ("cc", "gcc"),
        ("ld", "binutils"),
        ("cargo", "rustup"),
        ("ocamlfind", "ocaml-findlib"),
        ("dune", "ocaml-dune"),
    ] {
        let path = path_without(command);
        let output = make(&["install", &place], &[("PATH", &path)]);
        fails_with(&output, &[command, package]);
    }
    assert_eq!(everything(&prefix).len(), 1, "{prefix:?} is not empty");
}

#[test]
fn a_rust_that_is_too_old_is_one_line() {
    let path = path_without("rustc");
    let old = path.join("rustc");
    fs::write(
        &old,
        "#!/bin/sh\necho 'rustc 1.63.0 (4b91a6ea7 2022-08-08)'\n",
    )
    .expect("writable");
    succeeds(Command::new("chmod").arg("+x").arg(&old));
    let prefix = empty("old rust");
    let place = format!("PREFIX={}", prefix.display());
    let output = make(&["install", &place], &[("PATH", &path)]);
    fails_with(&output, &["1.63.0", "too old", "1.88", "rustup"]);
}

#[test]
fn a_compiler_for_another_machine_is_one_line() {
    let path = path_without("cc");
    let other = path.join("cc");
    fs::write(&other, "#!/bin/sh\necho aarch64-linux-gnu\n").expect("writable");
    succeeds(Command::new("chmod").arg("+x").arg(&other));
    let prefix = empty("other machine");
    let place = format!("PREFIX={}", prefix.display());
    let output = make(&["install", &place], &[("PATH", &path)]);
    fails_with(&output, &["aarch64-linux-gnu", "x86-64"]);
}

#[test]
fn the_wrappers_name_what_is_missing() {
    let folder = work("wrappers");
    for (script, words) in [
        (
            "TARGET_CC=no-such-cc",
            ["no C compiler", "no-such-cc", "gcc"],
        ),
        (
            "TARGET_LD=no-such-ld",
            ["no linker", "no-such-ld", "binutils"],
        ),
    ] {
        let tool = if script.contains("CC") { "cc" } else { "ld" };
        let script = format!("{script} '{PLACE}/bin/x86_64-solo5-none-static-{tool}' -o x x.c");
        let output = in_root(
            "bookworm",
            both_eras(),
            PLACE,
            &folder,
            &["sh", "-c", &script],
        );
        fails_with(&output, &words);
    }
    let script = format!("'{PLACE}/bin/x86_64-solo5-none-static-cc' -z solo5-abi=hvt -o x x.c");
    let output = in_root(
        "bookworm",
        both_eras(),
        PLACE,
        &folder,
        &["sh", "-c", &script],
    );
    fails_with(&output, &["no Solo5 bindings called hvt", "xen, stub"]);
}

// ---- releases ------------------------------------------------------------------------------------------------------

/// A release and the opam repository beside it.
fn release() -> &'static Path {
    static RELEASE: OnceLock<PathBuf> = OnceLock::new();
    RELEASE.get_or_init(|| {
        makes(&["dist"]);
        checkout().join("target/dist")
    })
}

/// A shell script on this machine with no network at all.
fn without_network() -> Command {
    let mut command = Command::new("unshare");
    if !succeeds(Command::new("id").arg("-u")).starts_with("0\n") {
        command.arg("--map-root-user");
    }
    command.arg("--net");
    command
}

/// Installs packages from a release with opam, without a network, builds a program with them and removes them. Answers with the
/// folder that the program was built in.
fn through_opam(name: &str, packages: &[&str], script: &str) -> PathBuf {
    let folder = work(&format!("opam {name}"));
    let opam = empty(&format!("opam-root-{name}"));
    let output = run(without_network()
        .arg(checkout().join("tests/install/opam.sh"))
        .arg(&opam)
        .arg(release().join("opam-repository"))
        .args(packages)
        .args(["--", "./in-switch.sh", script])
        // Only so that bindgen is compiled once for all packages; what is ours is built for each.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("install/opam-cargo"),
        )
        .current_dir(&folder));
    builds(&output);
    folder
}

#[test]
fn opam_installs_a_release_and_its_bytes_are_those_of_the_checkout() {
    let folder = through_opam(
        "second",
        &["solo5", "ocaml-solo5", "mirage-xen"],
        "toolchain.sh",
    );
    says(&folder.join("hello.xen"), &["1.414214 2.718282"]);
    // Another folder, another way to the crates: the same archives and objects, and the same image from another prefix.
    let mut compared = 0;
    for (path, contents) in everything(&folder.join("installed")) {
        let name = path
            .strip_prefix(folder.join("installed"))
            .expect("below")
            .to_path_buf();
        let binary = ["a", "o", "lds", "h", "cmx", "cmxa", "cmi"]
            .iter()
            .any(|kind| name.extension().is_some_and(|is| is == *kind));
        if binary && contents != "folder" {
            let ours = both_eras().join("lib").join(&name);
            assert!(
                fs::read(&ours).ok() == fs::read(&path).ok(),
                "{} differs",
                name.display()
            );
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared} files");
    let again = work("toolchain again");
    let words = ["./toolchain.sh", PLACE, "hello", "hello.xen"];
    builds(&in_root("bookworm", both_eras(), PLACE, &again, &words));
    let images = [&folder, &again].map(|folder| fs::read(folder.join("hello.xen")).expect("built"));
    assert!(images[0] == images[1], "the images differ");
    if std::env::var_os("MIRAGE_XEN_LONG").is_some() {
        first_era_through_opam();
    }
}

/// The first era's packages, in the long runs: they are packaged as the second's are, and take minutes of compiling.
fn first_era_through_opam() {
    let packages = [
        "solo5-bindings-xen",
        "ocaml-freestanding",
        "mirage-xen.6.0.1+rs.0.1.0",
    ];
    let folder = through_opam("first", &packages, "first-era.sh");
    says(&folder.join("first.xen"), &["first era"]);
}

#[test]
fn opam_finds_nothing_wrong_with_the_packages() {
    for entry in fs::read_dir(checkout().join("opam")).expect("part of the checkout") {
        let file = entry.expect("readable").path();
        let output = run(Command::new("opam")
            .args(["lint", "--short", "--strict"])
            .arg(&file)
            .env("OPAMROOTISOK", "1"));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.trim().is_empty(),
            "{}: {text}",
            file.display()
        );
    }
}

#[test]
fn a_checkout_without_a_network_and_without_crates_names_make_vendor() {
    let folder = empty("bare");
    let script = "git ls-files -z | tar -c --null -T - | tar -x -C \"$1\"";
    succeeds(
        Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(&folder)
            .current_dir(checkout()),
    );
    let output = run(without_network()
        .args(["make", "--no-print-directory", "target/parts/solo5_xen.o"])
        .current_dir(&folder)
        .env("CARGO_HOME", empty("no crates"))
        .env_remove("CARGO_TARGET_DIR"));
    fails_with(&output, &["make vendor", "network"]);
}

#[test]
fn the_page_of_licences_has_every_dependency() {
    succeeds(Command::new(checkout().join("tools/licences")).arg("--check"));
}

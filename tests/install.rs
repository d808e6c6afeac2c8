// SPDX-License-Identifier: ISC
//! What `make install` puts in place: programs are built from it alone, in a clean Debian without this project and without a
//! network, as each of upstream's eras builds them, and run on a real Xen. Then what is to happen where something is missing.

#[path = "support/lab.rs"]
mod lab;

#[path = "install/devices.rs"]
mod devices;
#[path = "install/links.rs"]
mod links;
#[path = "install/missing.rs"]
mod missing;
#[path = "install/ocaml5.rs"]
mod ocaml5;
#[path = "install/releases.rs"]
mod releases;

use lab::{Guest, Lab, Reason, long};
use std::collections::BTreeMap;
use std::fs;
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

/// A shell script in Debian 12, with both eras installed.
fn in_bookworm(folder: &Path, script: &str) -> Output {
    let words = ["sh", "-c", script];
    in_root("bookworm", both_eras(), PLACE, folder, &words)
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

/// A prefix with the first era alone, and GMP and Zarith under their freestanding names, meant for /opt/first.
fn first_era() -> &'static Path {
    static FIRST: OnceLock<PathBuf> = OnceLock::new();
    FIRST.get_or_init(|| {
        let destination = empty("first");
        let place = format!("DESTDIR={}", destination.display());
        makes(&["install", "ERA=pkg-config", "PREFIX=/opt/first", &place]);
        makes(&[
            "install-gmp-freestanding",
            "install-zarith-freestanding",
            "PREFIX=/opt/first",
            &place,
        ]);
        destination.join("opt/first")
    })
}

#[test]
fn the_first_era_alone_has_mirage_xen_6_and_zarith_under_its_freestanding_name() {
    let prefix = first_era();
    let folder = work("first alone");
    let link = |program: &str, libraries: &[&str]| {
        let output = format!("{program}.xen");
        let mut words = vec!["./first-era.sh", "/opt/first", program, &output];
        words.extend(libraries);
        builds(&in_root("bookworm", prefix, "/opt/first", &folder, &words));
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
    // In dune's development profile, as a release's packages are built, and with the profile in the workspace.
    let script = format!(
        "export PATH='{PLACE}/bin':$PATH OCAMLFIND_CONF='{PLACE}/lib/mirage-xen-rs/findlib.conf'
        keep() {{ solo5-elftool query-manifest _build/solo5/app/main.exe && cp _build/solo5/app/main.exe $1.xen && rm -rf _build; }}
        dune build @app/all && keep dev && dune build --release @app/all && keep release &&
        echo '(profile release)' >>dune-workspace && dune build @app/all && keep workspace"
    );
    let words = ["sh", "-c", &script];
    builds(&in_root("bookworm", both_eras(), PLACE, &folder, &words));
    for profile in ["dev", "release", "workspace"] {
        says(
            &folder.join(format!("{profile}.xen")),
            &["dune=0042", "5.000"],
        );
    }
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

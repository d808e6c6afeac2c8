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
#[path = "install/pkg_config.rs"]
mod pkg_config;
#[path = "install/releases.rs"]
mod releases;
#[path = "install/toolchain.rs"]
mod toolchain;
#[path = "install/uninstall.rs"]
mod uninstall;

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

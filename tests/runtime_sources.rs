// SPDX-License-Identifier: ISC
//! `ocaml-freestanding/find-sources.sh` with sources it must refuse: of another version than the compiler's, absent, or
//! not OCaml's at all. Each ends in one clear line and a status of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An empty directory of this test's own.
fn fresh(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("create a scratch directory");
    path
}

/// A source tree that says it is `version`, with nothing but a runtime directory in it.
fn tree(at: &Path, version: &str) {
    std::fs::create_dir_all(at.join("runtime")).expect("create runtime");
    std::fs::write(
        at.join("VERSION"),
        format!("{version}\n\n# The version string is the first line.\n"),
    )
    .expect("write VERSION");
    std::fs::write(at.join("runtime/major_gc.c"), "int x;\n").expect("write a source");
}

/// Packs `directory`/`name` as a tarball with `name` on top.
fn pack(directory: &Path, name: &str, tarball: &Path) {
    let status = Command::new("tar")
        .arg("-caf")
        .arg(tarball)
        .arg("-C")
        .arg(directory)
        .arg(name)
        .status()
        .expect("run tar");
    assert!(status.success(), "tar failed");
}

/// Runs the script for `version` with `OCAML_SRC` or a directory that stands for /usr/src.
fn find(version: &str, work: &Path, ocaml_src: Option<&Path>, system: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ocaml-freestanding/find-sources.sh");
    let mut command = Command::new("sh");
    command
        .arg(script)
        .arg(version)
        .arg(work)
        .env("SYSTEM_SOURCES", system)
        .env_remove("OCAML_SRC");
    if let Some(path) = ocaml_src {
        command.env("OCAML_SRC", path);
    }
    command.output().expect("run sh")
}

/// Checks that `output` is a refusal with `status` and one line that contains each of `words`.
fn refused(output: &Output, status: i32, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
}

#[test]
fn another_version_is_refused() {
    let scratch = fresh("another_version");
    let sources = scratch.join("sources");
    tree(&sources, "4.12.0");
    let work = scratch.join("work");
    refused(
        &find("4.13.1", &work, Some(&sources), &scratch),
        2,
        &["4.13.1", "4.12.0", "sources"],
    );
    assert!(
        !work.join("src").exists(),
        "refused sources were left behind"
    );

    let tarball = scratch.join("ocaml.tar.gz");
    pack(&scratch, "sources", &tarball);
    refused(
        &find("4.13.1", &work, Some(&tarball), &scratch),
        2,
        &["4.13.1", "4.12.0"],
    );
}

#[test]
fn a_package_of_another_version_is_named() {
    let scratch = fresh("another_package");
    std::fs::write(scratch.join("ocaml-source-4.12.0.tar"), "").expect("write");
    refused(
        &find("4.13.1", &scratch.join("work"), None, &scratch),
        2,
        &["4.13.1", "ocaml-source-4.12.0.tar", "OCAML_SRC"],
    );
}

#[test]
fn missing_sources_name_the_package() {
    let scratch = fresh("missing");
    refused(
        &find("5.5.99", &scratch.join("work"), None, &scratch),
        3,
        &["5.5.99", "ocaml-source", "OCAML_SRC"],
    );
    let nowhere = scratch.join("nowhere");
    refused(
        &find("4.13.1", &scratch.join("work"), Some(&nowhere), &scratch),
        3,
        &["OCAML_SRC", "nowhere"],
    );
}

#[test]
fn versions_that_nobody_looked_at_are_named() {
    let scratch = fresh("unknown_versions");
    for version in ["4.07.1", "5.0.0", "5.6.0", "9.99.9"] {
        refused(
            &find(version, &scratch.join("work"), None, &scratch),
            4,
            &[version, "4.08 to 4.14 and 5.1 to 5.5"],
        );
    }
    for version in [
        "4.08.1",
        "4.14.2",
        "5.1.1",
        "5.2.0",
        "5.3.0",
        "5.4.0~beta1",
        "5.5.0+trunk",
    ] {
        let sources = scratch.join(version);
        tree(&sources, version);
        let found = find(version, &scratch.join("work"), Some(&sources), &scratch);
        assert!(
            found.status.success(),
            "{version}: {}",
            String::from_utf8_lossy(&found.stderr)
        );
    }
}

#[test]
fn what_is_not_ocaml_is_refused() {
    let scratch = fresh("not_ocaml");
    let empty = scratch.join("empty");
    std::fs::create_dir_all(&empty).expect("create");
    refused(
        &find("4.13.1", &scratch.join("work"), Some(&empty), &scratch),
        3,
        &["runtime"],
    );
    let garbage = scratch.join("garbage.tar.gz");
    std::fs::write(&garbage, [7u8; 4096]).expect("write");
    let output = find("4.13.1", &scratch.join("work"), Some(&garbage), &scratch);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot unpack"));
}

#[test]
fn the_right_version_is_taken_with_the_distributions_patches() {
    let scratch = fresh("right");
    let original = scratch.join("ocaml-5.1.2");
    tree(&original, "5.1.2");
    let package = scratch.join("ocaml-5.1.2-package");
    std::fs::create_dir_all(package.join("debian-patches")).expect("create");
    pack(
        &scratch,
        "ocaml-5.1.2",
        &package.join("ocaml_5.1.2.orig.tar.gz"),
    );
    std::fs::write(
        package.join("debian-patches/series"),
        "# none\nruntime.patch\nmanual.patch\n",
    )
    .expect("write");
    let patch =
        "--- a/runtime/major_gc.c\n+++ b/runtime/major_gc.c\n@@ -1 +1 @@\n-int x;\n+int y;\n";
    std::fs::write(package.join("debian-patches/runtime.patch"), patch).expect("write");
    // Does not apply, and need not: it touches no C of the runtime.
    let patch = "--- a/manual/x\n+++ b/manual/x\n@@ -1 +1 @@\n-no\n+yes\n";
    std::fs::write(package.join("debian-patches/manual.patch"), patch).expect("write");
    pack(
        &scratch,
        "ocaml-5.1.2-package",
        &scratch.join("ocaml-source-5.1.2.tar"),
    );

    let work = scratch.join("work");
    let output = find("5.1.2", &work, None, &scratch);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        std::fs::read_to_string(work.join("src/runtime/major_gc.c")).expect("read"),
        "int y;\n"
    );
    let left: Vec<_> = std::fs::read_dir(&work)
        .expect("read work")
        .map(|e| e.expect("entry").file_name())
        .collect();
    assert_eq!(left, ["src"], "nothing but the sources stays");
}

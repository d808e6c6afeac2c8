// SPDX-License-Identifier: ISC
//! What `lab/setup` and `lab/prepare` take from Debian: what is missing is named, what fails leaves nothing behind.

use super::{root, scratch};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with these programs of the machine, to be all that PATH offers.
fn only(programs: &[&str]) -> String {
    let folder = scratch("only-these");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    for program in programs {
        let found = ["/usr/bin", "/bin"].map(|place| Path::new(place).join(program));
        let found = found
            .iter()
            .find(|path| path.exists())
            .unwrap_or_else(|| panic!("no {program}"));
        std::os::unix::fs::symlink(found, Path::new(&folder).join(program)).expect("a link");
    }
    folder
}

#[test]
fn what_a_machine_lacks_is_named() {
    let path = only(&[
        "bash", "dirname", "readlink", "realpath", "mkdir", "flock", "rm", "sed", "cut",
    ]);
    let setup = Command::new(root().join("lab/setup"))
        .env("PATH", &path)
        .output()
        .expect("it starts");
    let errors = String::from_utf8_lossy(&setup.stderr);
    assert_eq!(setup.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("not a Debian system") && errors.contains("build-essential"),
        "{errors}"
    );
    let mut prepare = Command::new(root().join("lab/prepare"));
    prepare
        .env("PATH", &path)
        .env("MIRAGE_XEN_CACHE", scratch("empty-cache"));
    let prepare = prepare.output().expect("it starts");
    let errors = String::from_utf8_lossy(&prepare.stderr);
    assert_eq!(prepare.status.code(), Some(1), "{errors}");
    assert!(errors.contains("missing: apt-get"), "{errors}");
}

#[test]
fn a_failed_download_leaves_nothing_behind() {
    let folder = PathBuf::from(scratch("failed-download"));
    let _ = std::fs::remove_dir_all(&folder);
    let programs = folder.join("programs");
    std::fs::create_dir_all(&programs).expect("a folder");
    // An apt that has half a package, in the current folder or where it is told to, when the network goes away.
    let apt = programs.join("apt-get");
    let script = r#"#!/bin/sh
        for word do case $word in Dir::Cache::archives=*) cd "${word#*=}" ;; esac; done
        touch "$0.ran" half.deb
        exit 100"#;
    std::fs::write(&apt, script).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&apt, mode).expect("a mode");
    let path = format!(
        "{}:{}",
        programs.display(),
        std::env::var("PATH").expect("PATH")
    );
    for kind in ["", "--no-dependencies"] {
        let cache = folder.join(format!("cache{kind}"));
        std::fs::create_dir_all(&cache).expect("a folder");
        // As lab/prepare and lab/compiler use it.
        let script = format!(
            r#"set -euo pipefail
            cache=$PWD update=no
            say() {{ echo "$*" >&2; }}
            die() {{ say "$*"; exit 1; }}
            . '{}/lab/lib/debian.sh'
            unpack "$cache/root.new" {kind} hello
            echo "unpacked""#,
            root().display()
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .env("PATH", &path)
            .current_dir(&cache)
            .output()
            .expect("bash starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{kind}: {errors}");
        assert!(output.stdout.is_empty(), "{kind}: it went on");
        assert!(
            errors.contains("could not download: hello"),
            "{kind}: {errors}"
        );
        let left = std::fs::read_dir(&cache).expect("the cache").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(left.is_empty(), "{kind}: {left:?}");
    }
    assert!(programs.join("apt-get.ran").exists());
}

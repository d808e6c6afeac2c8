// SPDX-License-Identifier: ISC
//! Runs `xen-ocaml` in a folder of a test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of what is built for the compiler in PATH: `make test OCAML=5.3` names it.
pub fn built() -> String {
    std::env::var("MIRAGE_XEN_BUILT").unwrap_or_else(|_| "target".into())
}

/// Runs a command and returns what it prints; its failure is the test's.
pub fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A folder of a test's own, empty at first.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("xen-ocaml")
            .join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// A command in this folder, with xen-ocaml in its PATH.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .current_dir(&self.0)
            .env("PATH", format!("{}:{path}", root().join("tools").display()));
        command
    }

    /// `xen-ocaml`.
    pub fn tool(&self) -> Command {
        self.command("xen-ocaml")
    }

    /// What `xen-ocaml` says on standard output; it has to succeed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        run(self.tool().args(arguments))
    }

    /// The files here, those of build folders left out.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "_xen").collect();
        names.sort();
        names
    }

    /// `xen-ocaml` fails as it should: status 2, each line one that names the program and what to do, nothing left behind.
    pub fn refused(&self, command: &mut Command) -> Vec<String> {
        let before = self.files();
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        assert_eq!(self.files(), before, "{command:?} left files behind");
        let lines: Vec<String> = said.lines().map(String::from).collect();
        assert!(!lines.is_empty(), "{command:?} said nothing");
        for line in &lines {
            assert!(line.starts_with("xen-ocaml: "), "{command:?}: {said}");
        }
        lines
    }
}

// SPDX-License-Identifier: ISC
//! Programs that are built both as a Xen domain and as a Linux process, and must say the same.

use super::lab::{Guest, Lab, Reason, guests};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program: where its source is, and what it is called once built.
pub struct Program {
    name: &'static str,
    source: PathBuf,
}

impl Program {
    /// The program of this name under `tests/guests` or `examples`.
    pub fn new(name: &'static str) -> Program {
        let plain = name.strip_suffix("_fortified").unwrap_or(name);
        let test = root().join("tests/guests").join(plain);
        let source = if test.exists() {
            test
        } else {
            root().join("examples").join(plain)
        };
        Program { name, source }
    }

    /// The built file of a kind, `xen` or `linux`.
    pub fn built(&self, kind: &str) -> PathBuf {
        let path = guests().join(format!("{}.{kind}", self.name));
        assert!(
            path.exists(),
            "{} is not built: make guests",
            path.display()
        );
        path
    }

    /// A value of the file `guest`.
    pub fn setting(&self, key: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.source.join("guest")).ok()?;
        let lines = text.lines().filter_map(|line| line.split_once('='));
        lines
            .into_iter()
            .find(|(k, _)| *k == key)
            .map(|(_, value)| value.to_owned())
    }

    /// What it says and with which status it ends as a Linux process, or as its file `expected` says.
    fn reference(&self, cmdline: &str) -> (String, i32) {
        if let Ok(text) = std::fs::read_to_string(self.source.join("expected")) {
            return (text, 0);
        }
        let limit = self.setting("limit").unwrap_or_else(|| "unlimited".into());
        let output = Command::new("sh")
            .args(["-c", "ulimit -v \"$1\" && exec \"$2\" 2>&1", "sh", &limit])
            .arg(self.built("linux"))
            .env("GUEST_CMDLINE", cmdline)
            // OCaml 5's stack would grow to 1 GiB; 4's ends where the process's does. One domain, as on Xen.
            .env("OCAMLRUNPARAM", "l=1M,d=1")
            .stdin(Stdio::null())
            .output()
            .expect("run sh");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let status = output
            .status
            .code()
            .unwrap_or_else(|| panic!("{}: {text}", self.name));
        (text, status)
    }

    /// Runs it in both ways and compares.
    pub fn check(&self) {
        let cmdline = self.setting("cmdline").unwrap_or_default();
        let (said, status) = self.reference(&cmdline);
        let memory = self
            .setting("memory")
            .map_or(64, |m| m.parse().expect("memory= is a number"));
        let outcome = Lab::shared().run(Guest {
            memory,
            cmdline: format!("--solo5:quiet {cmdline}"),
            // Ctrl-D: input has ended, as it has for the Linux process.
            stdin: vec![4],
            timeout: Duration::from_secs(600),
            ..Guest::new(self.built("xen"))
        });
        let mut printed = outcome.text().replace("\r\n", "\n");
        if self.setting("end").as_deref() == Some("crash") {
            // Where Linux's status says that a program ended badly, a domain crashes, and a report says by what.
            assert_ne!(status, 0, "{}: {said}", self.name);
            let report = printed.find("Solo5: ---- crash report ----");
            let report = printed.split_off(report.expect("a crash report"));
            let why = "\nSolo5: abort() called\n";
            assert!(report.contains(why), "{}: {outcome}", self.name);
            assert_eq!(outcome.reason, Reason::Crash, "{}: {outcome}", self.name);
        } else {
            let wanted = (Reason::Poweroff, u8::try_from(status).ok());
            let got = (outcome.reason.clone(), outcome.exit_status);
            assert_eq!(got, wanted, "{}: {outcome}", self.name);
        }
        for (number, (here, there)) in printed.lines().zip(said.lines()).enumerate() {
            assert_eq!(
                here,
                there,
                "{}: line {} is not Linux's",
                self.name,
                number + 1
            );
        }
        assert_eq!(printed, said, "{}: {outcome}", self.name);
    }
}

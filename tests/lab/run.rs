// SPDX-License-Identifier: ISC
//! The command `lab/run`.

use super::lab::Lab;
use super::{probe, root, scratch};
use std::process::{Command, Output, Stdio};

fn lab_run(arguments: &[&str]) -> Output {
    let mut command = Command::new(root().join("lab/run"));
    command.env("MIRAGE_XEN_LAB_SESSION", Lab::shared().folder());
    command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("lab/run starts")
}

#[test]
fn lab_run_refuses_what_cannot_run_before_it_boots() {
    let text = scratch("text");
    let cut = scratch("cut.elf");
    std::fs::write(&text, "#!/bin/sh\n").expect("a file");
    std::fs::write(&cut, &std::fs::read(probe()).expect("the probe")[..60]).expect("a file");
    for (arguments, status, words) in [
        (&["/nonexistent.elf"][..], 66, "No such file"),
        (&[&*text], 65, "not an ELF file"),
        (&[&*cut], 65, "damaged ELF file"),
        (&["/bin/true"], 65, "no PVH note"),
        (&[], 64, "no ELF file named"),
        (&["--bogus", "x"], 64, "--bogus"),
        (&["--memory", "0", "x"], 64, "not a positive number"),
        (&["--xen", "3.0", "x"], 64, "3.0"),
    ] {
        let output = lab_run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments:?}: {errors}"
        );
        assert!(
            errors.contains(words) && !errors.contains("booting"),
            "{arguments:?}: {errors}"
        );
    }
}

#[test]
fn lab_run_passes_on_the_exit_status() {
    let elf = probe();
    let elf = elf.to_str().expect("UTF-8");
    for (cmdline, status, words) in [
        ("three", 3, ""),
        ("crash", 255, "port 0xE9: probe: it went wrong"),
        ("trap", 255, "triple fault"),
        ("reboot", 254, "reboot"),
        ("spin", 124, "did not end within 5 s"),
    ] {
        let output = lab_run(&[
            "--timeout",
            if cmdline == "spin" { "5" } else { "300" },
            "--cmdline",
            cmdline,
            elf,
        ]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{cmdline}: {errors}");
        assert!(errors.contains(words), "{cmdline}: {errors}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("probe: {cmdline}\n")
        );
    }
}

// SPDX-License-Identifier: ISC
//! Domains that GRUB boots, through the multiboot header, as Qubes' pvgrub does: Debian's GRUB for PVH domains, on a real Xen.

#[path = "support/lab.rs"]
mod lab;
#[path = "support/crash_report.rs"]
#[allow(dead_code, reason = "the other driver uses all of it")]
mod report;

use lab::{Guest, Lab, Outcome, Reason};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn built(name: &str) -> PathBuf {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/guests/{name}.xen"));
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    elf
}

/// An empty folder of this test's own.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("cargo's folder for tests is writable");
    folder
}

fn run(package: &str, command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error} (Debian: {package})"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// GRUB as a domain's kernel, with a program and the command that boots it inside.
fn grub_with(name: &str, cmdline: &str) -> PathBuf {
    let folder = scratch(&format!("grub-{name}"));
    let (config, image) = (folder.join("grub.cfg"), folder.join("grub.elf"));
    fs::write(
        &config,
        format!("multiboot (memdisk)/kernel {cmdline}\nboot\n"),
    )
    .expect("a file");
    run(
        "grub-xen-bin",
        Command::new("grub-mkstandalone")
            .args(["-O", "i386-xen_pvh", "--fonts=", "--locales=", "--themes="])
            .args([
                "--install-modules=normal multiboot memdisk tar",
                "--modules=multiboot",
                "-o",
            ])
            .arg(&image)
            .arg(format!("boot/grub/grub.cfg={}", config.display()))
            .arg(format!("kernel={}", built(name).display())),
    );
    image
}

/// A domain with room for GRUB, whose heap is 32 MB and more.
fn guest(image: PathBuf) -> Guest {
    Guest {
        memory: 64,
        timeout: Duration::from_secs(300),
        ..Guest::new(image)
    }
}

fn passes(guest: Guest) -> Outcome {
    let outcome = Lab::shared().run(guest);
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
    outcome
}

fn says(outcome: &Outcome, line: &str) {
    assert!(
        outcome.text().lines().any(|said| said.trim_end() == line),
        "no line {line:?}: {outcome}"
    );
}

/// As in Qubes: GRUB comes from dom0, its configuration and the program from the domain's disk, which the program then
/// uses itself.
#[test]
fn from_the_domains_disk() {
    let folder = scratch("grub-disk");
    let (files, image) = (folder.join("files"), folder.join("disk.img"));
    fs::create_dir_all(files.join("boot/grub")).expect("a folder");
    // Smaller, so that GRUB reads it sooner.
    run(
        "binutils",
        Command::new("strip")
            .arg("-o")
            .arg(files.join("boot/kernel"))
            .arg(built("solo5_blk")),
    );
    fs::write(
        files.join("boot/grub/grub.cfg"),
        "multiboot /boot/kernel blk\nboot\n",
    )
    .expect("a file");
    run(
        "e2fsprogs",
        Command::new("/usr/sbin/mke2fs")
            .args(["-q", "-t", "ext2", "-d"])
            .args([&files, &image])
            .arg("2M"),
    );
    let grub = PathBuf::from("/usr/lib/grub-xen/grub-i386-xen_pvh.bin");
    assert!(grub.exists(), "missing: {grub:?} (Debian: grub-xen-host)");
    let outcome = passes(Guest {
        config: vec![
            r#"disk = ["script=block-lab,vdev=xvda,access=rw,format=raw,target=@DIR@/disk.img"]"#
                .into(),
        ],
        files: vec![("disk.img".into(), fs::read(&image).expect("the disk"))],
        ..guest(grub)
    });
    says(&outcome, "SUCCESS");
}

/// What GRUB leaves as the command line lies in low memory, which is not mapped later.
#[test]
fn the_command_line_arrives() {
    let outcome = passes(guest(grub_with(
        "solo5_basics",
        "--solo5:warn --solo5:stack=512k one two three",
    )));
    says(&outcome, "[one two three]");
    assert!(!outcome.text().contains("Bindings version"), "{outcome}");
}

/// All of memory is found, without a map from the loader, and what GRUB had in use (events, the store's ring, grants) is
/// taken over.
#[test]
fn an_ocaml_program_with_main_loop_and_xenstore_runs() {
    let outcome = passes(guest(grub_with("os_first", "")));
    assert!(outcome.text().contains("Memory: 65536 KiB"), "{outcome}");
    let domain = outcome
        .text()
        .lines()
        .any(|line| line.starts_with("domain "));
    assert!(domain, "{outcome}");
}

/// The segment with names is loaded, too, and a crash ends the domain as ever.
#[test]
fn a_crash_has_names() {
    let outcome = Lab::shared().run(guest(grub_with("solo5_crash", "--solo5:quiet frames")));
    assert_eq!(outcome.reason, Reason::Crash, "{outcome}");
    let report =
        report::Report::find(&outcome.port_e9).unwrap_or_else(|| panic!("no report: {outcome}"));
    assert_eq!(
        report.named_frames()[..4],
        ["store", "inner", "outer", "switch_stack"],
        "{outcome}"
    );
    assert!(report.has("frames"), "the command line: {outcome}");
    let cause = "trap: page fault at rip=… writing 0x10, page zero";
    assert!(
        report
            .causes
            .iter()
            .any(|line| report::matches(line, cause)),
        "{outcome}"
    );
}

// SPDX-License-Identifier: ISC
//! What is to happen where something is missing or in the way: one line, status 2, and nothing is changed.

use super::*;
use std::os::unix::fs::symlink;

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

const MAKE: &str = "make -C \"$1\" --no-print-directory";

/// A script with an empty file system of its own, mounted with these options at FOLDER, its `$0`; `$1` is the checkout.
fn mounted(options: &str, folder: &Path, script: &str) -> Output {
    let script = format!("mount -t tmpfs -o {options} none \"$0\" && {{ {script}\n}}");
    let mut command = Command::new("unshare");
    if !succeeds(Command::new("id").arg("-u")).starts_with("0\n") {
        command.arg("--map-root-user");
    }
    run(command
        .args(["--mount", "sh", "-c", &script])
        .arg(folder)
        .arg(checkout()))
}

#[test]
fn a_prefix_without_room_is_as_it_was() {
    let folder = empty("no room");
    let script = format!(
        "echo mine >\"$0/file\"; {MAKE} install-solo5 PREFIX=\"$0/a b\"; status=$?
        find \"$0\" -mindepth 1 -printf '%P\\n'; exit $status"
    );
    let output = mounted("size=100k", &folder, &script);
    fails_with(&output, &["No space left on device", "a b", "PREFIX"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "file\n");
}

#[test]
fn what_is_installed_stays_where_it_cannot_be_removed() {
    let folder = empty("not removed");
    let script = format!(
        "{MAKE} install-solo5-bindings-xen PREFIX=\"$0/p\" >/dev/null || exit 1; find \"$0\" | sort >/tmp/before.$$
        mount -o remount,ro \"$0\"; {MAKE} uninstall-solo5-bindings-xen PREFIX=\"$0/p\"; status=$?
        find \"$0\" | sort | cmp /tmp/before.$$ - || status=1; rm /tmp/before.$$; exit $status"
    );
    let output = mounted("size=50m", &folder, &script);
    fails_with(&output, &["cannot be written to"]);
}

/// The toolchain and xen-ocaml where the image or what comes between cannot be written.
#[test]
fn a_folder_that_cannot_be_written_to_is_one_line_from_each_tool() {
    let folder = empty("read-only folder");
    let program = work("read-only program").join("hello.ml");
    let prefix = both_eras().display();
    for (tool, words) in [
        (
            format!(
                "'{prefix}/bin/xen-ocaml' build '{}' -o hello.xen",
                program.display()
            ),
            ["Read-only file system", "-o"],
        ),
        (
            format!("'{prefix}/bin/x86_64-solo5-none-static-ld' -z solo5-abi=xen -o hello.xen"),
            ["hello.xen: Read-only file system", "-o"],
        ),
    ] {
        let script = format!("cd \"$0\" && {tool}");
        let output = mounted("ro", &folder, &script);
        fails_with(&output, &words);
    }
}

#[test]
fn a_prefix_that_cannot_be_written_to_is_said_before_the_work() {
    let folder = empty("unwritable");
    fs::write(folder.join("file"), "").expect("writable");
    let inside = format!("PREFIX={}", folder.join("file/prefix").display());
    fails_with(&make(&["install", &inside], &[]), &["is not a folder"]);
    fails_with(&make(&["install", "PREFIX=relative"], &[]), &["absolute"]);
    fails_with(&make(&["install", "ERA=third"], &[]), &["ERA is"]);
    let output = mounted("ro", &folder, &format!("{MAKE} install PREFIX=\"$0/p\""));
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
        let output = in_bookworm(&folder, &script);
        fails_with(&output, &words);
    }
    let script = format!("'{PLACE}/bin/x86_64-solo5-none-static-cc' -z solo5-abi=hvt -o x x.c");
    let output = in_bookworm(&folder, &script);
    fails_with(&output, &["no Solo5 bindings called hvt", "xen, stub"]);
}

/// Where there is no checkout there is no lab: `run` says what to do instead, on a Xen host, and boots nothing.
#[test]
fn an_installed_xen_ocaml_has_no_lab_and_says_so() {
    let folder = work("no lab");
    let script = format!("unset XEN_OCAML_LAB; '{PLACE}/bin/xen-ocaml' run hello.ml");
    let output = in_bookworm(&folder, &script);
    fails_with(&output, &["no lab", "XEN_OCAML_LAB", "xl create"]);
}

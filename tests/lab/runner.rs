// SPDX-License-Identifier: ISC
//! `tools/test`, which runs the drivers of `make test`.

use super::{root, scratch};
use std::process::{Command, Output};

fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(root().join("tools/test"));
    command.args(arguments);
    command
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn what_cannot_be_run_is_said() {
    for (arguments, status, reason) in [
        (&["--labs", "none"][..], 64, "--labs takes a number"),
        (&["--labs"], 64, "usage: tools/test"),
        (&["--test", "no_such_driver"], 101, "no_such_driver"),
    ] {
        let output = tool(arguments).output().expect("tools/test runs");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains(reason), "{arguments:?}: {said}");
    }
}

#[test]
fn a_driver_that_fails_on_a_lab_without_guests_has_a_second_one_and_is_named() {
    // What is asked of the lab is no guest, so it counts as one that stands still; and the driver fails on any.
    let built = scratch("runner");
    std::fs::create_dir_all(format!("{built}/guests")).expect("a folder");
    std::fs::write(format!("{built}/guests/solo5_hello.xen"), "no guest").expect("a file");
    let mut command = tool(&[
        "--labs",
        "1",
        "--test",
        "libc_docs",
        "--",
        "--no-such-option",
    ]);
    command.env("MIRAGE_XEN_BUILT", built);
    let output = command.output().expect("tools/test runs");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("no-such-option").count(), 2, "{said}");
    assert_eq!(
        said.matches("once more on a fresh one").count(),
        1,
        "{said}"
    );
    assert!(
        said.contains("tools/test: tests/libc_docs.rs: failed"),
        "{said}"
    );
}

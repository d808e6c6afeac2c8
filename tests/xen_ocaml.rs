// SPDX-License-Identifier: ISC
//! `xen-ocaml` as its users call it: programs built and booted, dune's objects, and every way in which it can go wrong.
//!
//! `make guests` builds the parts, the runtime and the OCaml library that it links.

#[path = "support/lab.rs"]
mod lab;

#[path = "xen-ocaml/bad_input.rs"]
mod bad_input;
#[path = "xen-ocaml/commands.rs"]
mod commands;
#[path = "xen-ocaml/images.rs"]
mod images;
#[path = "xen-ocaml/machine.rs"]
mod machine;
#[path = "xen-ocaml/tool.rs"]
mod tool;

use lab::{Guest, Lab, Reason};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tool::{Folder, root, run};

/// What a program says in a domain that ends well.
fn boot(image: &Path, cmdline: &str) -> String {
    let mut guest = Guest::new(image);
    guest.cmdline = format!("--solo5:quiet {cmdline}");
    let outcome = Lab::shared().run(guest);
    assert_eq!(
        (&outcome.reason, outcome.exit_status),
        (&Reason::Poweroff, Some(0)),
        "{outcome}"
    );
    outcome.text().replace("\r\n", "\n")
}

#[test]
fn lwt_zarith_and_mirage_crypto() {
    let folder = Folder::new("app with blanks");
    // mirage-crypto's interface is another in the release that has OCaml 5.
    let version = run(folder.command("ocamlfind").args(["ocamlopt", "-version"]));
    let cipher = if version.starts_with('5') {
        "cipher5.ml"
    } else {
        "cipher4.ml"
    };
    fs::copy(
        root().join("tests/xen-ocaml").join(cipher),
        folder.path("cipher.ml"),
    )
    .unwrap();
    for file in ["app.ml", "numbers.ml", "numbers.mli", "words.ml"] {
        fs::copy(root().join("tests/xen-ocaml").join(file), folder.path(file)).unwrap();
    }
    folder.ok(&[
        "build",
        "app.ml",
        "--package",
        "lwt,zarith,mirage-crypto,mirage-xen",
        "-o",
        "app.xen",
    ]);
    let said = boot(&folder.path("app.xen"), "");
    let wanted = "265252859812191058636308480000000\n2432902008176640000\n3628800\n\
                  3925841d02dc09fbdc118597196a0b32\n";
    assert_eq!(said, wanted);
}

#[test]
fn c_stubs_of_its_own() {
    let folder = Folder::new("stubs");
    folder.write("answer.h", "#define ANSWER 41\n");
    folder.write(
        "stubs.c",
        "#include <caml/mlvalues.h>\n#include <string.h>\n#include \"answer.h\"\n\
         value answer(value text) { return Val_long(ANSWER + strlen(String_val(text))); }\n",
    );
    folder.write(
        "app.ml",
        "external answer : string -> int = \"answer\"\nlet () = print_int (answer \"a\")\n",
    );
    folder.ok(&["build", "app.ml", "stubs.c"]);
    assert_eq!(boot(&folder.path("app.xen"), ""), "42");
    // The header is one of its sources.
    folder.write("answer.h", "#define ANSWER 42\n");
    folder.ok(&["build", "app.ml", "stubs.c"]);
    assert_eq!(boot(&folder.path("app.xen"), ""), "43");
}

#[test]
fn of_unix_what_a_domain_has() {
    let folder = Folder::new("unix");
    folder.write(
        "app.ml",
        "let () = Unix.sleepf 0.01; Printf.printf \"%.0f %s\" (Unix.time ()) \
         (Unix.string_of_inet_addr (Unix.inet_addr_of_string \"10.0.0.1\"))\n",
    );
    folder.ok(&["build", "app.ml", "--package", "unix"]);
    let said = boot(&folder.path("app.xen"), "");
    let (seconds, address) = said.split_once(' ').expect("two words");
    assert_eq!(address, "10.0.0.1");
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let theirs = Duration::from_secs(seconds.parse().expect("seconds"));
    assert!(now.abs_diff(theirs) < Duration::from_secs(86400), "{said}");
}

/// What a program may call with `--allow` fails at run time as libc has it: by an errno, or by finding nobody.
#[test]
fn what_is_allowed_fails_when_it_is_called() {
    let folder = Folder::new("allowed");
    folder.write(
        "app.ml",
        "let () = (try ignore (Unix.fork ()) with Unix.Unix_error (e, _, _) -> print_endline (Unix.error_message e));\n\
         try ignore (Unix.getpwnam \"root\") with Not_found -> print_endline \"nobody\"\n",
    );
    folder.ok(&[
        "build",
        "app.ml",
        "--package",
        "unix",
        "--allow",
        "processes,getpwnam",
    ]);
    let text = folder.ok(&["check", "app.xen", "--verbose"]);
    for part in ["fork (by", "unix_fork)", "getpwnam (by", "unix_getpwnam)"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("caml_sys_open"), "{text}");
    let said = boot(&folder.path("app.xen"), "");
    assert_eq!(said.trim_end(), "Function not implemented\nnobody");
}

#[test]
fn dune_objects() {
    let folder = Folder::new("dune");
    for file in ["dune", "dune-project", "app.ml"] {
        fs::copy(
            root().join("examples/dune-app").join(file),
            folder.path(file),
        )
        .unwrap();
    }
    run(folder
        .command("dune")
        .args(["build", "--root", ".", "@xen"]));
    let wanted = "30! = 265252859812191058636308480000000\n";
    assert_eq!(boot(&folder.path("_build/default/app.xen"), ""), wanted);
    // Without the flags, Linux's runtime is in the object: ours takes its place.
    let rules = fs::read_to_string(folder.path("dune")).unwrap();
    folder.write("dune", &rules.replace("-without-runtime ", ""));
    run(folder
        .command("dune")
        .args(["build", "--root", ".", "app.exe.o"]));
    folder.ok(&["link", "_build/default/app.exe.o", "-o", "whole.xen"]);
    assert_eq!(boot(&folder.path("whole.xen"), ""), wanted);
}

/// C stubs of the executable and of a library of the workspace.
#[test]
fn dune_stubs() {
    let folder = Folder::new("dune stubs");
    fs::create_dir(folder.path("lib")).unwrap();
    for (name, text) in [
        ("dune-project", "(lang dune 2.7)\n"),
        (
            "lib/dune",
            "(library (name mine) (foreign_stubs (language c) (names one)))\n",
        ),
        ("lib/mine.ml", "external one : unit -> int = \"stub_one\"\n"),
        (
            "lib/one.c",
            "#include <caml/mlvalues.h>\nvalue stub_one(value u) { return u + 2; }\n",
        ),
        (
            "two.c",
            "#include <caml/mlvalues.h>\nvalue stub_two(value u) { return u + 4; }\n",
        ),
        (
            "app.ml",
            "external two : unit -> int = \"stub_two\"\nlet () = Printf.printf \"%d %d\" (Mine.one ()) (two ())\n",
        ),
        (
            "dune",
            "(executable (name app) (libraries mine) (modes object) (foreign_stubs (language c) (names two))\n\
              (link_flags (-without-runtime -noautolink)))\n\
             (rule (targets app.xen) (deps app.exe.o lib/libmine_stubs.a)\n\
              (action (run xen-ocaml link %{deps} -o %{targets})))\n",
        ),
    ] {
        folder.write(name, text);
    }
    run(folder
        .command("dune")
        .args(["build", "--root", ".", "app.xen"]));
    assert_eq!(boot(&folder.path("_build/default/app.xen"), ""), "1 2");
}

/// Only what changed, and what sees the change, is compiled again.
#[test]
fn compiles_what_changed() {
    let folder = Folder::new("changes");
    folder.write("a.ml", "let () = print_int (B.twice C.three)\n");
    folder.write("b.ml", "let twice x = 2 * x\n");
    folder.write("b.mli", "val twice : int -> int\n");
    folder.write("c.ml", "let three = 3\n");
    let compiled = |arguments: &[&str]| {
        let words = [&["build", "a.ml", "--verbose"], arguments].concat();
        let output = folder.tool().args(words).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        let compiles = text
            .lines()
            .filter(|line| line.contains("ocamlopt") && line.contains(" -c "));
        let names = compiles.map(|line| line.rsplit(' ').next().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let first = compiled(&[]);
    assert_eq!(first.len(), 4, "{first:?}");
    assert_eq!(first.last().unwrap(), "a.ml");
    assert!(compiled(&[]).is_empty());
    // Time passes, nothing is different.
    folder.write("c.ml", "let three = 3\n");
    assert_eq!(compiled(&[]), ["c.ml"]);
    folder.write("c.ml", "let three = 3\nlet four = 4\n");
    assert_eq!(compiled(&[]), ["c.ml", "a.ml"]);
    folder.write("b.ml", "let twice x = x + x\n");
    let again = compiled(&[]);
    assert_eq!(again.first().map(String::as_str), Some("b.ml"));
    assert!(!again.contains(&"c.ml".to_owned()), "{again:?}");
    // Other options are another compiler.
    assert_eq!(compiled(&["--", "-inline", "0"]).len(), 4);
    assert_eq!(boot(&folder.path("a.xen"), ""), "6");
}

#[test]
fn the_same_program_is_the_same_image() {
    let build = |name: &str| {
        let folder = Folder::new(name);
        folder.write(
            "app.ml",
            "let () = Printf.printf \"%f %s\" (Unix.time ()) (Printexc.to_string Not_found)\n",
        );
        folder.ok(&["build", "app.ml", "--package", "unix"]);
        fs::read(folder.path("app.xen")).unwrap()
    };
    assert!(
        build("here") == build("there and elsewhere"),
        "the images differ"
    );
}

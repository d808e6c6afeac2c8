// SPDX-License-Identifier: ISC
//! `xen-ocaml` as its users call it: programs built and booted, dune's objects, and every way in which it can go wrong.
//!
//! `make guests` builds the parts, the runtime and the OCaml library that it links.

#[path = "support/lab.rs"]
mod lab;

#[path = "xen-ocaml/bad_input.rs"]
mod bad_input;
#[path = "xen-ocaml/images.rs"]
mod images;
#[path = "xen-ocaml/tool.rs"]
mod tool;

use lab::{Guest, Lab, Reason};
use std::fs;
use std::path::{Path, PathBuf};
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

/// `xl` itself reads what `xen-ocaml xl` writes.
#[test]
fn xl_reads_the_configuration() {
    let folder = Folder::new("xl");
    folder.write("app.ml", "let () = print_endline Sys.argv.(0)\n");
    folder.ok(&["build", "app.ml"]);
    let text = folder.ok(&[
        "xl",
        "app.xen",
        "--memory",
        "17",
        "--cmdline",
        "one \"two\" \\three",
        "--name",
        "a b",
    ]);
    assert!(
        text.contains(&format!(
            "kernel = \"{}\"",
            folder.path("app.xen").display()
        )),
        "{text}"
    );
    let output = Lab::shared().dom0(&format!(
        "cat >/tmp/app.cfg <<'END'\n{text}END\nxl create -n /tmp/app.cfg 2>&1\n"
    ));
    let read = output.stdout;
    for part in [
        "\"name\": \"a b\"",
        "\"type\": \"pvh\"",
        "\"target_memkb\": 17408",
        "one \\\"two\\\" \\\\three",
    ] {
        assert!(read.contains(part), "{part}: {read}");
    }
}

#[test]
fn run_boots_in_the_lab() {
    let folder = Folder::new("run");
    folder.write(
        "app.ml",
        "external cmdline : unit -> string = \"mirage_xen_get_cmdline\"\n\
         let () = print_endline (cmdline ()); Array.iter (Printf.printf \"[%s]\") Sys.argv; exit 3\n",
    );
    let run = |words: &[&str]| {
        let output = folder
            .tool()
            .arg("run")
            .args(words)
            .env("MIRAGE_XEN_LAB_SESSION", Lab::shared().folder())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}{errors}");
        said
    };
    let said = run(&[
        "--memory",
        "16",
        "app.ml",
        "one",
        "two  three",
        "a\"b\\",
        "",
        "it's",
    ]);
    assert!(
        said.contains("[mirage][one][two  three][a\"b\\][][it's]"),
        "{said}"
    );
    // One alone is the line itself.
    let said = run(&["app.xen", " x  'y z' \\\" \"\\a\""]);
    assert!(
        said.contains(" x  'y z' \\\" \"\\a\"\r\n[mirage][x][y z][\"][\\a]"),
        "{said}"
    );
    assert!(run(&["app.xen"]).contains("[mirage]"));
}

/// The pages are sound, and that of `xen-ocaml` and its `--help` name the same options.
#[test]
fn manual_page() {
    let folder = Folder::new("manual");
    let page = root().join("docs/xen-ocaml.1");
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "1") {
            let said = run(folder
                .command("mandoc")
                .args(["-T", "lint", "-W", "warning"])
                .arg(&path));
            assert_eq!(said, "", "{}", path.display());
        }
    }
    let text = run(folder.command("mandoc").args(["-T", "utf8"]).arg(&page));
    // Bold is a letter, a backspace and the letter again.
    let mut plain = String::new();
    for letter in text.chars() {
        if letter == '\u{8}' {
            plain.pop();
        } else {
            plain.push(letter);
        }
    }
    for command in ["build", "link", "xl", "check"] {
        let help = folder.ok(&[command, "--help"]);
        let words = help.split(|c: char| c.is_whitespace() || c == ',');
        for option in words.filter(|word| word.starts_with("--") && word.len() > 2) {
            assert!(
                plain.contains(option),
                "{command}: {option} is not on the page"
            );
        }
    }
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

/// From an installation in a folder with blanks, which then moves: the files where `make install` puts them.
#[test]
fn installed_and_moved() {
    let folder = Folder::new("prefix");
    let version = run(folder.command("ocamlfind").args(["ocamlopt", "-version"]));
    let version = version.trim();
    let prefix = folder.path("a prefix");
    let put = |from: PathBuf, to: &str| {
        let to = prefix.join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&from, &to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    };
    put(root().join("tools/xen-ocaml"), "bin/xen-ocaml");
    for entry in fs::read_dir(root().join("tools/xen_ocaml")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            put(
                path.clone(),
                &format!(
                    "lib/xen-ocaml/{}",
                    path.file_name().unwrap().to_str().unwrap()
                ),
            );
        }
    }
    let parts = root().join(tool::built()).join("parts");
    for (name, place) in [
        ("solo5_xen.o", "solo5-bindings-xen"),
        ("solo5_xen.lds", "solo5-bindings-xen"),
        ("libnolibc.a", "ocaml-freestanding"),
        ("libopenlibm.a", "ocaml-freestanding"),
        ("libmirage-xen_bindings.a", "mirage-xen"),
    ] {
        put(parts.join(name), &format!("lib/{place}/{name}"));
    }
    put(
        root().join("src/libc/exports.txt"),
        "lib/xen-ocaml/exports.txt",
    );
    put(
        root().join(format!("target/ocaml-freestanding/{version}/libasmrun.a")),
        "lib/ocaml-freestanding/libasmrun.a",
    );
    let moved = folder.path("moved here");
    fs::rename(&prefix, &moved).unwrap();
    folder.write("app.ml", "let () = print_endline \"installed\"\n");
    let tool = moved.join("bin/xen-ocaml");
    run(folder
        .command(tool.to_str().unwrap())
        .args(["build", "app.ml"]));
    assert_eq!(boot(&folder.path("app.xen"), ""), "installed\n");
    // A runtime of another compiler is named.
    fs::write(moved.join("lib/ocaml-freestanding/VERSION"), "4.02.0\n").unwrap();
    let output = folder
        .command(tool.to_str().unwrap())
        .args(["build", "app.ml"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains(&format!("OCaml {version}")) && said.contains("4.02.0"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

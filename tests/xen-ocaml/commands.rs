// SPDX-License-Identifier: ISC
//! The other commands: xl, run, the manual page, and all of it installed and moved.

use super::boot;
use crate::lab::Lab;
use crate::tool::{self, Folder, root, run};
use std::fs;
use std::path::PathBuf;

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

// SPDX-License-Identifier: ISC
//! What can be wrong with a build: each is one line that says what and what to do, status 2, and no file left behind.

use crate::tool::{Folder, root, run};
use std::fs;

pub fn folder(name: &str) -> Folder {
    let folder = Folder::new(&format!("bad {name}"));
    folder.write("app.ml", "let () = print_endline \"x\"\n");
    folder
}

/// One line that contains all of `parts`.
pub fn one_line(folder: &Folder, arguments: &[&str], parts: &[&str]) {
    let lines = folder.refused(folder.tool().args(arguments));
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in parts {
        assert!(lines[0].contains(part), "{part}: {lines:?}");
    }
}

#[test]
fn usage() {
    let folder = folder("usage");
    one_line(&folder, &["buidl"], &["no command buidl", "--help"]);
    one_line(&folder, &["build"], &["no .ml file", "--help"]);
    one_line(
        &folder,
        &["build", "app.ml", "--pakcage", "x"],
        &["no option --pakcage", "--help"],
    );
    one_line(
        &folder,
        &["build", "app.ml", "--package"],
        &["--package wants a value"],
    );
    one_line(&folder, &["build", "none.ml"], &["none.ml: no such file"]);
    one_line(&folder, &["build", "app.txt"], &["app.txt", "takes .ml"]);
    one_line(&folder, &["build", "app.mll"], &["ocamllex"]);
    one_line(
        &folder,
        &["build", "app.ml", "-o", "app.ml"],
        &["app.ml is no name for an image"],
    );
    one_line(&folder, &["link"], &["no object"]);
    one_line(&folder, &["check"], &["no file"]);
    one_line(&folder, &["check", "none.xen"], &["none.xen: No such file"]);
    one_line(&folder, &["check", "app.ml"], &["app.ml: not an ELF file"]);
    one_line(&folder, &["xl", "app.ml"], &["app.ml: not an ELF file"]);
    one_line(&folder, &["run"], &["no image"]);
    for command in ["build", "link", "run", "xl", "check"] {
        let text = folder.ok(&[command, "--help"]);
        assert!(
            text.starts_with(&format!("usage: xen-ocaml {command}")),
            "{text}"
        );
    }
}

#[test]
fn a_program_that_does_not_compile() {
    let folder = Folder::new("bad type");
    folder.write("app.ml", "let () = 1 + \"x\"\n");
    let output = folder.tool().args(["build", "app.ml"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    // The compiler's own words, with the source's name as it was given.
    assert!(
        said.starts_with("File \"app.ml\", line 1") && !said.contains("xen-ocaml"),
        "{said}"
    );
    assert_eq!(folder.files(), ["app.ml"]);
}

#[test]
fn modules_in_a_circle_and_of_one_name() {
    let folder = Folder::new("bad modules");
    folder.write("a.ml", "let a = B.b\n");
    folder.write("b.ml", "let b = A.a\n");
    one_line(&folder, &["build", "a.ml"], &["circle", "A -> B -> A"]);
    fs::create_dir(folder.path("c")).unwrap();
    folder.write("c/a.ml", "let () = ()\n");
    one_line(
        &folder,
        &["build", "a.ml", "c/a.ml"],
        &["a.ml and c/a.ml are both the module A"],
    );
    folder.write("d.mli", "val d : int\n");
    one_line(&folder, &["build", "d.mli"], &["d.mli has no d.ml"]);
}

#[test]
fn undefined_and_double_symbols() {
    let folder = folder("symbols");
    folder.write(
        "user.ml",
        "external one : unit -> int = \"stub_one\"\nlet () = print_int (one ())\n",
    );
    one_line(
        &folder,
        &["build", "user.ml"],
        &[
            "user.o wants stub_one, which nothing defines",
            "name the object",
        ],
    );
    let stub = "#include <caml/mlvalues.h>\nvalue stub_one(value unit) { return unit; }\n";
    folder.write("x.c", stub);
    folder.write("y.c", stub);
    one_line(
        &folder,
        &["build", "user.ml", "x.c", "y.c"],
        &["stub_one is defined twice, in x.o and in y.o"],
    );
    one_line(
        &folder,
        &["build", "app.ml", "-lnonesuch"],
        &["libnonesuch.a", "install"],
    );
}

#[test]
fn another_architecture() {
    let folder = folder("architecture");
    folder.write("stub.c", "int other;\n");
    run(folder.command("gcc").args(["-c", "-o", "stub.o", "stub.c"]));
    let mut object = fs::read(folder.path("stub.o")).unwrap();
    object[18] = 183;
    fs::write(folder.path("stub.o"), object).unwrap();
    one_line(
        &folder,
        &["build", "app.ml", "stub.o"],
        &["stub.o is for AArch64, and a domain here is x86-64"],
    );
    run(folder.command("ar").args(["rc", "libstub.a", "stub.o"]));
    one_line(
        &folder,
        &["build", "app.ml", "-L.", "-lstub"],
        &["libstub.a is for AArch64"],
    );
    folder.write(
        "damaged.c",
        "int fork(void);\nint damaged(void) { return fork(); }\n",
    );
    run(folder.command("gcc").args(["-c", "damaged.c"]));
    let whole = fs::read(folder.path("damaged.o")).unwrap();
    fs::write(folder.path("damaged.o"), &whole[..whole.len() - 100]).unwrap();
    let lines = folder.refused(folder.tool().args(["build", "app.ml", "damaged.o"]));
    assert!(lines[0].contains("damaged.o"), "{lines:?}");
    let lines =
        folder.refused(
            folder
                .tool()
                .args(["build", "app.ml", "damaged.o", "--package", "unix"]),
        );
    assert!(
        lines[0].contains("damaged.o") && lines[0].contains("cannot be linked"),
        "{lines:?}"
    );
    folder.write("text.o", "no object");
    one_line(
        &folder,
        &["build", "app.ml", "text.o"],
        &["text.o: neither an ELF object nor an archive"],
    );
}

#[test]
fn an_output_that_cannot_be_written() {
    let folder = folder("output");
    one_line(
        &folder,
        &["build", "app.ml", "-o", "/dev/null/app.xen"],
        &["/dev/null", "-o"],
    );
    fs::create_dir(folder.path("folder.xen")).unwrap();
    one_line(
        &folder,
        &["build", "app.ml", "-o", "folder.xen"],
        &["folder.xen is a folder"],
    );
    one_line(
        &folder,
        &["build", "app.ml", "--build-dir", "app.ml"],
        &["app.ml", "--build-dir"],
    );
}

/// A build that is ended leaves neither an image nor half of one.
#[test]
fn a_build_that_is_ended() {
    let folder = folder("ended");
    let bin = folder.path("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("ld"), "#!/bin/sh\necho here >started\nsleep 5\n").unwrap();
    run(folder.command("chmod").arg("+x").arg(bin.join("ld")));
    let path = format!(
        "{}:{}:{}",
        bin.display(),
        root().join("tools").display(),
        std::env::var("PATH").unwrap()
    );
    let mut child = folder
        .command(root().join("tools/xen-ocaml").to_str().unwrap())
        .args(["build", "app.ml"])
        .env("PATH", path)
        .spawn()
        .unwrap();
    while !folder.path("started").exists() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it linked"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    run(folder.command("kill").arg(child.id().to_string()));
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(folder.files(), ["app.ml", "bin", "started"]);
}

#[test]
fn what_a_domain_lacks() {
    let folder = folder("lacks");
    folder.write(
        "s.ml",
        "let () = ignore (Unix.socket Unix.PF_INET Unix.SOCK_STREAM 0)\n",
    );
    one_line(
        &folder,
        &["build", "s.ml", "--package", "unix"],
        &[
            "s.o uses Unix.socket, which wants socket",
            "network library",
            "--allow sockets",
        ],
    );
    folder.write("p.ml", "let () = ignore (Unix.open_process_in \"ls\")\n");
    one_line(
        &folder,
        &["build", "p.ml", "--package", "unix"],
        &["p.o uses Unix.open_process", "--allow processes"],
    );
    folder.write(
        "t.ml",
        "let () = Thread.join (Thread.create print_endline \"x\")\n",
    );
    // A domain has threads.
    folder.ok(&["build", "t.ml", "--package", "threads.posix"]);
    folder.write("l.ml", "let () = Lwt_main.run (Lwt_unix.sleep 1.)\n");
    let lines = folder.refused(
        folder
            .tool()
            .args(["build", "l.ml", "--package", "lwt.unix"]),
    );
    assert!(
        lines.len() < 4
            && lines[0].contains("liblwt_unix_stubs.a wants")
            && lines[0].contains("Xen_os.Main.run"),
        "{lines:?}"
    );
    folder.write("c.ml", "external f : unit -> unit = \"f\"\nlet () = f ()\n");
    folder.write(
        "c.c",
        "#include <dlfcn.h>\nlong f(long u) { return dlopen(\"x\", 1) ? 1 : u; }\n",
    );
    fs::rename(folder.path("c.c"), folder.path("stub.c")).unwrap();
    one_line(
        &folder,
        &["build", "c.ml", "stub.c"],
        &[
            "stub.o wants dlopen, which fails in a domain",
            "--allow loading",
        ],
    );
    folder.ok(&["build", "c.ml", "stub.c", "--allow", "dlopen"]);
}

#[test]
fn link_wants_a_program() {
    let folder = folder("link");
    folder.write("stub.c", "int other;\n");
    run(folder.command("gcc").args(["-c", "-o", "stub.o", "stub.c"]));
    one_line(
        &folder,
        &["link", "stub.o"],
        &["holds no OCaml program", "modes object"],
    );
    run(folder.command("ocamlfind").args([
        "ocamlopt",
        "-package",
        "unix",
        "-linkpkg",
        "-output-obj",
        "-o",
        "whole.o",
        "app.ml",
    ]));
    folder.ok(&["link", "whole.o", "-o", "whole.xen"]);
    folder.write("s.ml", "let () = ignore (Unix.fork ())\n");
    run(folder.command("ocamlfind").args([
        "ocamlopt",
        "-package",
        "unix",
        "-linkpkg",
        "-output-complete-obj",
        "-o",
        "s.exe.o",
        "s.ml",
    ]));
    one_line(
        &folder,
        &["link", "s.exe.o"],
        &["S uses Unix.fork, which wants fork"],
    );
}

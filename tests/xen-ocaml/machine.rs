// SPDX-License-Identifier: ISC
//! What the machine lacks, or has in another version than is wanted: said as all that is wrong with a build is.

use super::bad_input::{folder, one_line};
use crate::tool::{Folder, root, run};
use std::fs;
use std::os::unix::fs::symlink;

/// A PATH with nothing but these programs of the host's.
fn only(folder: &Folder, programs: &[&str]) -> String {
    let bin = folder.path("bin");
    fs::create_dir_all(&bin).unwrap();
    for program in programs {
        let found = run(folder
            .command("sh")
            .args(["-c", "command -v \"$1\"", "sh", program]));
        symlink(found.trim(), bin.join(program)).unwrap();
    }
    bin.to_str().unwrap().into()
}

#[test]
fn missing_programs() {
    for (name, programs, part) in [
        ("no ocamlfind", &["sh", "readlink"][..], "no ocamlfind here"),
        (
            "no compiler",
            &["sh", "readlink", "ocamlfind"][..],
            "no OCaml compiler here",
        ),
        (
            "no ld",
            &[
                "sh",
                "cp",
                "ocamlfind",
                "ocamlopt",
                "ocamldep",
                "ocamlopt.opt",
                "ocamldep.opt",
                "as",
                "x86_64-linux-gnu-as",
                "gcc",
            ][..],
            "no ld here",
        ),
    ] {
        let folder = folder(name);
        let path = only(&folder, programs);
        let tool = root().join("tools/xen-ocaml");
        let lines = folder.refused(
            folder
                .command(tool.to_str().unwrap())
                .args(["build", "app.ml"])
                .env("PATH", path),
        );
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].contains(part) && lines[0].contains("install"),
            "{lines:?}"
        );
    }
}

#[test]
fn an_unknown_package() {
    one_line(
        &folder("package"),
        &["build", "app.ml", "--package", "nonesuch"],
        &["no package nonesuch", "install"],
    );
}

#[test]
fn a_compiler_of_another_version() {
    // A compiler that says it is another: the header beside its standard library is what it says.
    let folder = folder("version");
    let library = folder.path("stdlib");
    let installed = run(folder.command("ocamlfind").args(["ocamlopt", "-where"]));
    fs::create_dir_all(library.join("caml")).unwrap();
    for entry in fs::read_dir(installed.trim()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            symlink(&path, library.join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::write(
        library.join("caml/version.h"),
        "#define OCAML_VERSION_STRING \"4.99.0\"\n",
    )
    .unwrap();
    let lines = folder.refused(
        folder
            .tool()
            .args(["build", "app.ml"])
            .env("OCAMLLIB", &library),
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("the compiler is OCaml 4.99.0, and the runtime here is of"),
        "{lines:?}"
    );
}

#[test]
fn bindings_of_another_compiler() {
    let folder = folder("bindings");
    let parts = folder.path("parts");
    fs::create_dir(&parts).unwrap();
    for name in [
        "solo5_xen.o",
        "solo5_xen.lds",
        "libnolibc.a",
        "libopenlibm.a",
    ] {
        symlink(
            root().join(crate::tool::built()).join("parts").join(name),
            parts.join(name),
        )
        .unwrap();
    }
    let name = "libmirage-xen_bindings.a";
    let mut archive = fs::read(root().join(crate::tool::built()).join("parts").join(name)).unwrap();
    let mark = b"OCMLmirage-xen\0\0";
    let at = archive
        .windows(mark.len())
        .position(|part| part == mark)
        .expect("a note")
        + mark.len();
    archive[at..at + 4].copy_from_slice(b"4.98");
    fs::write(parts.join(name), archive).unwrap();
    let lines = folder.refused(
        folder
            .tool()
            .args(["build", "app.ml"])
            .env("XEN_OCAML_PARTS", &parts),
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("the bindings in") && lines[0].contains("are of 4.98"),
        "{lines:?}"
    );
}

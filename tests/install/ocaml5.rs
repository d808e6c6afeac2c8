// SPDX-License-Identifier: ISC
//! The same with OCaml 5.3, Debian 13's, from the project's cache (lab/compiler): both eras, dune and the short way, beside an
//! installation for this machine's own compiler in a prefix of its own.

use super::*;

const VERSION: &str = "5.3.0";

/// The folder of that compiler's commands.
fn compiler() -> PathBuf {
    let folder = succeeds(Command::new(checkout().join("lab/compiler")).arg("5.3"));
    PathBuf::from(folder.trim_end())
}

/// A prefix of that compiler, in place.
fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = empty("ocaml 5").join("five");
        makes(&[
            "install",
            "OCAML=5.3",
            &format!("PREFIX={}", prefix.display()),
        ]);
        prefix
    })
}

/// A command with that compiler first in PATH.
fn with_compiler(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").expect("PATH");
    command
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", compiler().display()));
    command
}

#[test]
fn both_eras_make_domains_of_ocaml_5() {
    let folder = work("five");
    let hello = [&format!("Hello from OCaml {VERSION}"), "1.414214 2.718282"];
    for (script, image) in [
        ("toolchain.sh", "second.xen"),
        ("first-era.sh", "first.xen"),
    ] {
        succeeds(
            with_compiler(folder.join(script), &folder)
                .arg(prefix())
                .args(["hello", image]),
        );
        says(&folder.join(image), &hello);
    }
}

#[test]
fn xen_ocaml_and_dune_make_domains_of_ocaml_5() {
    let folder = work("five short");
    succeeds(
        with_compiler(prefix().join("bin/xen-ocaml"), &folder).args([
            "build",
            "short5.ml",
            "--package",
            "lwt,zarith,mirage-crypto,mirage-xen",
        ]),
    );
    says(
        &folder.join("short5.xen"),
        &[
            "22539340290692258087863249",
            "3925841d02dc09fbdc118597196a0b32",
        ],
    );
    let report = succeeds(
        Command::new(prefix().join("bin/xen-ocaml"))
            .arg("check")
            .arg(folder.join("short5.xen")),
    );
    assert!(report.contains(&format!("OCaml     {VERSION}")), "{report}");

    let workspace = empty("five dune");
    succeeds(
        Command::new("cp")
            .arg("-R")
            .arg(checkout().join("tests/install/workspace/."))
            .arg(&workspace),
    );
    let script = "PATH=$0/bin:$PATH OCAMLFIND_CONF=$0/lib/mirage-xen-rs/findlib.conf exec dune build @app/all";
    succeeds(
        with_compiler("sh", &workspace)
            .args(["-c", script])
            .arg(prefix()),
    );
    says(
        &workspace.join("_build/solo5/app/main.exe"),
        &["dune=0042", "5.000"],
    );
}

/// Both prefixes are there; each works with its own compiler and refuses the other.
#[test]
fn ocaml_4_and_5_side_by_side() {
    let folder = work("four and five");
    let four = both_eras();
    let own = compiler_version();
    succeeds(
        Command::new(four.join("bin/xen-ocaml"))
            .current_dir(&folder)
            .args(["build", "hello.ml", "-o", "four.xen"]),
    );
    succeeds(
        with_compiler(prefix().join("bin/xen-ocaml"), &folder)
            .args(["build", "hello.ml", "-o", "five.xen"]),
    );
    says(
        &folder.join("four.xen"),
        &[&format!("Hello from OCaml {own}")],
    );
    says(
        &folder.join("five.xen"),
        &[&format!("Hello from OCaml {VERSION}")],
    );
    for (mut command, compiler, runtime) in [
        (
            with_compiler(four.join("bin/xen-ocaml"), &folder),
            VERSION,
            own.as_str(),
        ),
        (Command::new(prefix().join("bin/xen-ocaml")), &own, VERSION),
    ] {
        let output = run(command
            .current_dir(&folder)
            .args(["build", "hello.ml", "-o", "no.xen"]));
        fails_with(
            &output,
            &[
                &format!("the compiler is OCaml {compiler}"),
                &format!("of {runtime}"),
                "make install",
            ],
        );
        assert!(!folder.join("no.xen").exists());
    }
    // The first era's link line, with the object of the other compiler.
    let output = run(with_compiler(folder.join("first-era.sh"), &folder)
        .arg(four)
        .args(["hello", "no.xen"]));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains(&format!("the compiler is OCaml {VERSION}"))
            && text.contains(&format!("is OCaml {own}'s")),
        "{text}"
    );
    assert!(!folder.join("no.xen").exists());
}

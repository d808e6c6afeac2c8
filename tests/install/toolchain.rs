// SPDX-License-Identifier: ISC
//! The toolchain era, mirage 4.

use super::*;

#[test]
fn findlibs_toolchain_makes_a_domain_from_a_read_only_prefix_with_a_blank() {
    let folder = work("toolchain");
    let words = ["./toolchain.sh", PLACE, "hello", "hello.xen"];
    builds(&in_root("bookworm", both_eras(), PLACE, &folder, &words));
    says(
        &folder.join("hello.xen"),
        &[
            &format!("Hello from OCaml {}", compiler_version()),
            "1.414214 2.718282",
        ],
    );
}

#[test]
fn a_dune_workspace_with_the_toolchain_makes_a_domain() {
    let folder = empty("dune");
    succeeds(
        Command::new("cp")
            .arg("-R")
            .arg(checkout().join("tests/install/workspace/."))
            .arg(&folder),
    );
    // In dune's development profile, as a release's packages are built, and with the profile in the workspace.
    let script = format!(
        "export PATH='{PLACE}/bin':$PATH OCAMLFIND_CONF='{PLACE}/lib/mirage-xen-rs/findlib.conf'
        keep() {{ solo5-elftool query-manifest _build/solo5/app/main.exe && cp _build/solo5/app/main.exe $1.xen && rm -rf _build; }}
        dune build @app/all && keep dev && dune build --release @app/all && keep release &&
        echo '(profile release)' >>dune-workspace && dune build @app/all && keep workspace"
    );
    let words = ["sh", "-c", &script];
    builds(&in_root("bookworm", both_eras(), PLACE, &folder, &words));
    for profile in ["dev", "release", "workspace"] {
        says(
            &folder.join(format!("{profile}.xen")),
            &["dune=0042", "5.000"],
        );
    }
}

#[test]
fn xen_ocaml_makes_a_domain_with_lwt_zarith_and_mirage_crypto() {
    let folder = work("short way");
    let script = format!(
        "'{PLACE}/bin/xen-ocaml' build short.ml --package lwt,zarith,mirage-crypto,mirage-xen -o short.xen"
    );
    let words = ["sh", "-c", &script];
    builds(&in_root("bookworm", both_eras(), PLACE, &folder, &words));
    says(
        &folder.join("short.xen"),
        &[
            "15511210043330985984000000",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ],
    );
}

#[test]
fn a_moved_toolchain_works_after_it_was_told() {
    let destination = empty("moved");
    let place = format!("DESTDIR={}", destination.display());
    makes(&["install", "ERA=toolchain", "PREFIX=/opt/before", &place]);
    let after = destination.join("opt/after it");
    fs::rename(destination.join("opt/before"), &after).expect("a move");
    succeeds(Command::new(after.join("lib/mirage-xen-rs/relocate")).arg("/home/after it"));
    let folder = work("toolchain moved");
    let words = ["./toolchain.sh", "/home/after it", "hello", "hello.xen"];
    builds(&in_root(
        "bookworm",
        &after,
        "/home/after it",
        &folder,
        &words,
    ));
    says(&folder.join("hello.xen"), &["1.414214 2.718282"]);
}

/// A cross compiler for Debian 11's OCaml, built in that root with this machine's Rust.
fn older_compiler() -> &'static Path {
    static OLDER: OnceLock<PathBuf> = OnceLock::new();
    OLDER.get_or_init(|| {
        both_eras(); // builds the parts, with this machine's compilers
        let destination = empty("older prefix");
        let rustup = |name: &str, folder: &str| {
            std::env::var_os(name).map_or_else(
                || Path::new(&std::env::var_os("HOME").expect("HOME")).join(folder),
                PathBuf::from,
            )
        };
        let (cargo, rustup) = (
            rustup("CARGO_HOME", ".cargo"),
            rustup("RUSTUP_HOME", ".rustup"),
        );
        let mut command = Command::new(checkout().join("tests/install/in-root"));
        command.arg(root("bullseye"));
        for (path, access) in [
            (checkout(), "rw"),
            (&cargo, "rw"),
            (&rustup, "ro"),
            (Path::new("/usr/include/xen"), "ro"),
        ] {
            command.arg(path).arg(path).arg(access);
        }
        command.arg(&destination).args(["/srv", "rw", "--", "env"]);
        for (name, value) in [("CARGO_HOME", &cargo), ("RUSTUP_HOME", &rustup)] {
            command.arg(format!("{name}={}", value.display()));
        }
        command.arg(format!("PATH={}/bin:/usr/sbin:/usr/bin", cargo.display()));
        command.arg(checkout().join("tests/install/compiler-in-root.sh"));
        command.arg(checkout()).args(["/opt/older", "/srv"]);
        succeeds(&mut command);
        destination.join("opt/older")
    })
}

#[test]
fn two_versions_of_ocaml_side_by_side_each_with_its_own_compiler() {
    let folder = work("older");
    let words = ["./toolchain.sh", "/opt/older", "hello", "hello.xen"];
    builds(&in_root(
        "bullseye",
        older_compiler(),
        "/opt/older",
        &folder,
        &words,
    ));
    says(&folder.join("hello.xen"), &["Hello from OCaml 4.11.1"]);
    // And the wrong one of the two, each way around.
    for (release, prefix, place, compiler, runtime) in [
        (
            "bookworm",
            older_compiler(),
            "/opt/older",
            compiler_version(),
            "4.11.1".into(),
        ),
        (
            "bullseye",
            both_eras(),
            PLACE,
            "4.11.1".into(),
            compiler_version(),
        ),
    ] {
        let script = format!("'{place}/lib/ocaml-solo5/bin/ocamlopt' hello.ml -o no.xen");
        let output = in_root(release, prefix, place, &folder, &["sh", "-c", &script]);
        fails_with(
            &output,
            &[
                &format!("is OCaml {compiler}"),
                &format!("is OCaml {runtime}'s"),
                "install mirage-xen-rs again",
            ],
        );
        assert!(!folder.join("no.xen").exists());
    }
}

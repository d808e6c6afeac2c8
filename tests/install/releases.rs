// SPDX-License-Identifier: ISC
//! Releases: made, installed with opam, built without a network.

use super::*;

/// A release and the opam repository beside it.
fn release() -> &'static Path {
    static RELEASE: OnceLock<PathBuf> = OnceLock::new();
    RELEASE.get_or_init(|| {
        makes(&["dist"]);
        checkout().join("target/dist")
    })
}

/// A shell script on this machine with no network at all.
fn without_network() -> Command {
    let mut command = Command::new("unshare");
    if !succeeds(Command::new("id").arg("-u")).starts_with("0\n") {
        command.arg("--map-root-user");
    }
    command.arg("--net");
    command
}

/// Installs packages from a release with opam, without a network, builds a program with them and removes them. Answers with the
/// folder that the program was built in.
fn through_opam(name: &str, packages: &[&str], script: &str) -> PathBuf {
    let folder = work(&format!("opam {name}"));
    let opam = empty(&format!("opam-root-{name}"));
    let output = run(without_network()
        .arg(checkout().join("tests/install/opam.sh"))
        .arg(&opam)
        .arg(release().join("opam-repository"))
        .args(packages)
        .args(["--", "./in-switch.sh", script])
        // Only so that bindgen is compiled once for all packages; what is ours is built for each.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("install/opam-cargo"),
        )
        .current_dir(&folder));
    builds(&output);
    folder
}

#[test]
fn opam_installs_a_release_and_its_bytes_are_those_of_the_checkout() {
    let folder = through_opam(
        "second",
        &["solo5", "ocaml-solo5", "mirage-xen"],
        "toolchain.sh",
    );
    says(&folder.join("hello.xen"), &["1.414214 2.718282"]);
    // What opam was given, as it is published.
    let packages = release().join("opam-repository/packages");
    let published: Vec<PathBuf> = everything(&packages)
        .into_keys()
        .filter(|path| path.ends_with("opam"))
        .collect();
    assert_eq!(published.len(), 6, "{published:?}");
    published.iter().for_each(|file| lint(file));
    // Another folder, another way to the crates: the same archives and objects, and the same image from another prefix.
    let mut compared = 0;
    for (path, contents) in everything(&folder.join("installed")) {
        let name = path
            .strip_prefix(folder.join("installed"))
            .expect("below")
            .to_path_buf();
        let binary = ["a", "o", "lds", "h", "cmx", "cmxa", "cmi"]
            .iter()
            .any(|kind| name.extension().is_some_and(|is| is == *kind));
        if binary && contents != "folder" {
            let ours = both_eras().join("lib").join(&name);
            assert!(
                fs::read(&ours).ok() == fs::read(&path).ok(),
                "{} differs",
                name.display()
            );
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared} files");
    let again = work("toolchain again");
    let words = ["./toolchain.sh", PLACE, "hello", "hello.xen"];
    builds(&in_root("bookworm", both_eras(), PLACE, &again, &words));
    let images = [&folder, &again].map(|folder| fs::read(folder.join("hello.xen")).expect("built"));
    assert!(images[0] == images[1], "the images differ");
    if long() {
        first_era_through_opam();
    }
}

/// The first era's packages, in the long runs: they are packaged as the second's are, and take minutes of compiling.
fn first_era_through_opam() {
    let packages = [
        "solo5-bindings-xen",
        "ocaml-freestanding",
        "mirage-xen.6.0.1+rs.0.1.0",
    ];
    let folder = through_opam("first", &packages, "first-era.sh");
    says(&folder.join("first.xen"), &["first era"]);
}

fn lint(file: &Path) {
    let output = run(Command::new("opam")
        // 37 wants the address of a repository beside a release's, and there is no public one yet.
        .args(["lint", "--short", "--strict", "--warnings=-37"])
        .arg(file)
        .env("OPAMROOTISOK", "1"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.trim().is_empty(),
        "{}: {text}",
        file.display()
    );
}

#[test]
fn opam_finds_nothing_wrong_with_the_packages() {
    for entry in fs::read_dir(checkout().join("opam")).expect("part of the checkout") {
        let file = entry.expect("readable").path();
        lint(&file);
        let text = fs::read_to_string(&file).expect("readable");
        assert!(
            text.contains("The project has no public address yet: homepage and bug-reports are MirageOS's own."),
            "{}",
            file.display()
        );
    }
}

#[test]
fn a_checkout_without_a_network_and_without_crates_names_make_vendor() {
    let folder = empty("bare");
    let script = "git ls-files -z | tar -c --null -T - | tar -x -C \"$1\"";
    succeeds(
        Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(&folder)
            .current_dir(checkout()),
    );
    let output = run(without_network()
        .args(["make", "--no-print-directory", "target/parts/solo5_xen.o"])
        .current_dir(&folder)
        .env("CARGO_HOME", empty("no crates"))
        .env_remove("CARGO_TARGET_DIR"));
    fails_with(&output, &["make vendor", "network"]);
}

#[test]
fn the_page_of_licences_has_every_dependency() {
    succeeds(Command::new(checkout().join("tools/licences")).arg("--check"));
}

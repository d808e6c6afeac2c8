// SPDX-License-Identifier: ISC
//! `xen-ocaml check`: what it says of good images, objects and archives, and of broken ones.

use crate::lab::long;
use crate::tool::{Folder, root, run};
use std::fs;

fn image(folder: &Folder) -> Vec<u8> {
    folder.write("app.ml", "let () = print_endline \"x\"\n");
    folder.ok(&["build", "app.ml"]);
    fs::read(folder.path("app.xen")).unwrap()
}

/// The exit status and standard output of a check.
fn check(folder: &Folder, file: &str) -> (Option<i32>, String) {
    let output = folder.tool().args(["check", file]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("Traceback"), "{said}");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned() + &said,
    )
}

fn program_headers(elf: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let word = |at: usize, size: usize| {
        elf[at..at + size]
            .iter()
            .rev()
            .fold(0usize, |sum, &byte| sum << 8 | usize::from(byte))
    };
    let (start, size, count) = (word(32, 8), word(54, 2), word(56, 2));
    (0..count).map(move |index| start + index * size)
}

/// The smallest program is small: of what it does not use, devices above all, nothing is linked.
#[test]
fn hello_is_small() {
    let folder = Folder::new("small");
    fs::copy(root().join("examples/hello/main.ml"), folder.path("app.ml")).unwrap();
    folder.ok(&["build", "app.ml", "--no-symbols"]);
    let names = run(folder.command("nm").arg("app.xen"));
    let devices: Vec<_> = names
        .lines()
        .filter(|name| {
            name.contains("solo57devices")
                || name.contains("solo5_net_")
                || name.contains("solo5_block_")
        })
        .collect();
    assert!(devices.is_empty(), "{devices:?}");
    folder.ok(&["build", "app.ml", "--no-symbols", "--strip"]);
    let size = fs::metadata(folder.path("app.xen")).unwrap().len();
    // OCaml 5's runtime is larger.
    let version = run(folder.command("ocamlfind").args(["ocamlopt", "-version"]));
    let limit = if version.starts_with('5') { 600 } else { 360 };
    assert!(
        size <= limit * 1024,
        "{size} bytes, the limit is {limit} KiB"
    );
}

#[test]
fn identity() {
    let folder = Folder::new("identity");
    image(&folder);
    let (status, text) = check(&folder, "app.xen");
    assert_eq!(status, Some(0), "{text}");
    let identity = run(&mut std::process::Command::new(
        root().join("tools/identity"),
    ));
    let (version, digest) = identity.trim().split_once(' ').unwrap();
    let ocaml = run(folder.command("ocamlfind").args(["ocamlopt", "-version"]));
    for part in ["solo5 ", "libc "] {
        let line = text
            .lines()
            .find(|line| line.trim().starts_with(part))
            .unwrap_or_else(|| panic!("{text}"));
        assert!(
            line.ends_with(&format!("{version} (sources {digest})")),
            "make guests is older than the sources? {line}"
        );
    }
    for part in [
        &format!("OCaml     {}", ocaml.trim()),
        "Xen       PHYS32_ENTRY 0x100000",
        "Solo5     ABI xen, version 1",
        "r-x",
        "r--",
        "rw-",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(
        folder.ok(&["--version"]),
        format!("xen-ocaml {version} (sources {digest})\n")
    );
    // The notes do not need symbols.
    folder.ok(&["build", "app.ml", "--strip", "-o", "stripped.xen"]);
    let (status, text) = check(&folder, "stripped.xen");
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("none (stripped)") && text.contains(digest),
        "{text}"
    );
    folder.ok(&[
        "build",
        "app.ml",
        "--strip",
        "--no-symbols",
        "-o",
        "stripped.xen",
    ]);
    let names = |file: &str| {
        fs::read(folder.path(file))
            .unwrap()
            .windows(12)
            .any(|part| part == b".solo5.names")
    };
    assert!(names("app.xen") && !names("stripped.xen"));
    let size = fs::metadata(folder.path("stripped.xen")).unwrap().len();
    assert!(size <= 360 << 10, "a stripped hello has {size} bytes");
}

/// The same sources have the same identity in any folder.
#[test]
fn identity_is_the_sources() {
    let folder = Folder::new("sources elsewhere");
    let script = "cd \"$1\" && tar cf - Cargo.toml Cargo.lock build.rs tools src crates c_stubs ocaml-freestanding/include | tar xf - -C \"$2\"";
    let there = folder.path(".");
    run(folder
        .command("sh")
        .args(["-c", script, "sh"])
        .arg(root())
        .arg(&there));
    let here = run(&mut std::process::Command::new(
        root().join("tools/identity"),
    ));
    let script = folder.path("tools/identity");
    let identity = || run(&mut std::process::Command::new(&script));
    assert_eq!(identity(), here);
    folder.write("src/lib.rs~", "an editor's copy\n");
    assert_eq!(identity(), here);
    let lib = fs::read_to_string(folder.path("src/lib.rs")).unwrap();
    folder.write("src/lib.rs", &format!("{lib}\n"));
    assert_ne!(identity(), here);
}

#[test]
fn broken_images() {
    let folder = Folder::new("broken");
    let good = image(&folder);
    let broken = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        fs::write(folder.path(name), bytes).unwrap();
        check(&folder, name)
    };
    let load = |bytes: &[u8], flags: u8| {
        let mut headers = program_headers(bytes);
        headers
            .find(|&at| bytes[at] == 1 && bytes[at + 4] == flags)
            .expect("a segment with these flags")
    };
    let note = |bytes: &[u8], owner: &[u8]| {
        bytes
            .windows(owner.len())
            .position(|part| part == owner)
            .expect("a note")
    };
    type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
    let cases: [(&str, Change<'_>, &str); 7] = [
        (
            "wx",
            &|b| {
                let at = load(b, 6);
                b[at + 4] = 7
            },
            "writable and executable",
        ),
        ("machine", &|b| b[18] = 183, "is for AArch64"),
        ("shared", &|b| b[16] = 3, "no executable at a fixed address"),
        (
            "entry",
            &|b| {
                let at = note(b, b"Xen\0");
                b[at + 4..at + 8].fill(0xff)
            },
            "is in no executable segment",
        ),
        (
            "owner",
            &|b| {
                let at = note(b, b"Xen\0");
                b[at] = b'x'
            },
            "no PVH note",
        ),
        (
            "abi",
            &|b| {
                let at = note(b, b"ABI1Solo5\0");
                b[at + 12] = 1
            },
            "Solo5's target hvt, not xen",
        ),
        (
            "low",
            &|b| {
                let at = load(b, 5);
                b[at + 18] = 0
            },
            "below 1 MiB",
        ),
    ];
    for (name, change, part) in cases {
        let (status, text) = broken(name, change);
        assert_eq!(status, Some(1), "{name}: {text}");
        assert!(
            text.lines()
                .any(|line| line.starts_with("fault: ") && line.contains(part)),
            "{name}: {text}"
        );
    }
    // Parts of two builds.
    let (status, text) = broken("mixed", &|b| {
        let at = note(b, b"mirage-xen\0\0libc ");
        b[at + 25] ^= 1;
    });
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("parts are of different sources"), "{text}");
    for length in [0, 3, 17, 63, 64, 100, good.len() / 2] {
        let (status, text) = broken("cut", &|b| b.truncate(length));
        assert_eq!(status, Some(2), "{length}: {text}");
        assert_eq!(text.lines().count(), 1, "{length}: {text}");
    }
}

/// Whatever bytes are where an image's headers should be: an answer, never a trace.
#[test]
fn damaged_images() {
    let folder = Folder::new("damaged");
    let good = image(&folder);
    fs::copy(
        root().join("tests/xen-ocaml/fuzz.py"),
        folder.path("fuzz.py"),
    )
    .unwrap();
    fs::write(folder.path("good.xen"), &good).unwrap();
    let rounds = if long() { "200000" } else { "2000" };
    let code = root().join("tools/xen_ocaml");
    run(folder
        .command("python3")
        .args(["fuzz.py", code.to_str().unwrap(), "good.xen", rounds]));
    let archive = root().join("target/parts/libmirage-xen_bindings.a");
    run(folder.command("python3").args([
        "fuzz.py",
        code.to_str().unwrap(),
        archive.to_str().unwrap(),
        rounds,
    ]));
}

#[test]
fn objects_and_archives() {
    let folder = Folder::new("archives");
    folder.write("a.c", "int socket(int, int, int);\nint ptrace(void);\nint b(void);\nint a(void) { return socket(1, 1, 1) + ptrace() + b(); }\n");
    folder.write(
        "b.c",
        "int a(void), elsewhere(void);\nint b(void) { return a() + elsewhere(); }\n",
    );
    run(folder.command("gcc").args(["-c", "a.c", "b.c"]));
    run(folder.command("ar").args(["rc", "libab.a", "a.o", "b.o"]));
    let (status, text) = check(&folder, "libab.a");
    assert_eq!(status, Some(1), "{text}");
    for part in [
        "2 objects for x86-64",
        "fault: libab.a: a.o wants ptrace, which a domain does not have: a domain is one program",
        "fault: libab.a: a.o wants socket, which fails in a domain: there is no socket layer",
        "wants     1 names that other libraries may define: elsewhere",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    image(&folder);
    let (status, text) = check(&folder, "_xen/app.xen/app.o");
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("OCaml code") && text.contains("Stdlib"),
        "{text}"
    );
}

/// Devices go into the manifest, as Solo5's own tool reads it, and from there into xl's configuration.
#[test]
fn devices() {
    let folder = Folder::new("devices");
    folder.write("app.ml", "let () = print_endline \"x\"\n");
    folder.ok(&["build", "app.ml"]);
    assert!(
        folder
            .ok(&["check", "app.xen"])
            .contains("manifest  version 1, no devices")
    );
    folder.ok(&["build", "app.ml", "--net", "left,right", "--block", "store"]);
    let text = folder.ok(&["check", "app.xen"]);
    assert!(
        text.contains("manifest  version 1, net left, net right, block store"),
        "{text}"
    );
    let config = folder.ok(&["xl", "app.xen"]);
    assert!(
        config.contains("vif = [\"bridge=xenbr0\", \"bridge=xenbr0\"]"),
        "{config}"
    );
    assert!(
        config.contains("access=rw,target=/path/to/store.img"),
        "{config}"
    );
    let manifest = root().join("Cargo.toml");
    let theirs = run(std::process::Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--package",
            "solo5-elftool",
            "--manifest-path",
        ])
        .arg(manifest)
        .args(["--", "query-manifest"])
        .arg(folder.path("app.xen")));
    let at = |name: &str| {
        theirs
            .find(name)
            .unwrap_or_else(|| panic!("{name}: {theirs}"))
    };
    assert!(
        at("left") < at("right") && at("right") < at("store"),
        "{theirs}"
    );
    assert_eq!(theirs.matches("NET_BASIC").count(), 2, "{theirs}");
    // A program that brings a manifest keeps it.
    folder.write("own.c", "__attribute__((section(\".note.solo5.manifest\"))) int __solo5_mft1_note[9] = { 6, 12, 0x3154464d, 0x6f6c6f53, 53, 0, 1, 0 };\n");
    let lines = folder.refused(folder.tool().args(["build", "app.ml", "--net", "a,a"]));
    assert!(lines[0].contains("two devices are called a"), "{lines:?}");
    folder.ok(&["build", "app.ml", "own.c"]);
    assert_eq!(
        run(folder
            .command("sh")
            .args(["-c", "nm app.xen | grep -c __solo5_mft1_note"])),
        "1\n"
    );
}

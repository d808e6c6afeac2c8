// SPDX-License-Identifier: ISC
//! What an image says for its crash reports: names, its identity, what they cost.

use super::lab::{self, Guest, Lab};
use super::{built, crashed, guest, root, scratch};
use std::path::Path;
use std::process::Command;

fn run(program: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).trim().into(),
    )
}

#[test]
fn an_image_without_names_reports_addresses() {
    let image = scratch("no-names.xen");
    let part = |name: &str| root().join("target/parts").join(name).display().to_string();
    let object = root().join("target/guests/solo5_crash/solo5.o");
    let (linked, said) = run(
        Path::new("ld"),
        &[
            "-nostdlib",
            "-z",
            "max-page-size=0x1000",
            "-static",
            "-T",
            &part("solo5_xen.lds"),
            &part("solo5_xen.o"),
            object.to_str().expect("UTF-8"),
            "-o",
            &image,
        ],
    );
    assert!(linked, "{said}");
    let outcome = Lab::shared().run(Guest {
        elf: image.clone().into(),
        ..guest("solo5_crash", "frames")
    });
    let report = crashed(&outcome);
    assert_eq!(report.frames.len(), 6, "{outcome}");
    assert!(
        report
            .frames
            .iter()
            .any(|frame| frame.contains("addr2line")),
        "{outcome}"
    );
    assert!(report.has("image not identified"), "{outcome}");
    let tool = root().join("tools/xen-symbols");
    let (identified, said) = run(&tool, &["--identity", &image]);
    assert!(!identified && said.contains("no identity"), "{said}");
    // The addresses are those of the image.
    let addresses: Vec<&str> = report.frames[..3]
        .iter()
        .map(|frame| frame.trim().split(' ').next().unwrap_or(""))
        .collect();
    let (_, names) = run(
        Path::new("addr2line"),
        &[&["-f", "-e", &image][..], &addresses].concat(),
    );
    let names: Vec<&str> = names.lines().step_by(2).collect();
    assert_eq!(names, ["store", "inner", "outer"], "{outcome}");
}

#[test]
fn a_stripped_image_keeps_names_and_identity() {
    let (image, stripped) = (scratch("names.xen"), scratch("stripped.xen"));
    std::fs::copy(built("solo5_crash"), &image).expect("a copy");
    let tool = root().join("tools/xen-symbols");
    let before = std::fs::read(&image).expect("the copy");
    assert_eq!(
        run(&tool, &[&image]),
        (true, String::new()),
        "once more does nothing"
    );
    assert_eq!(std::fs::read(&image).expect("the copy"), before);
    let (done, said) = run(Path::new("strip"), &["-o", &stripped, &image]);
    assert!(done, "{said}");
    let identity = run(&tool, &["--identity", &image]);
    assert!(identity.0 && identity.1.len() == 32, "{identity:?}");
    assert_eq!(run(&tool, &["--identity", &stripped]), identity);
    let outcome = Lab::shared().run(Guest {
        elf: stripped.into(),
        ..guest("solo5_crash", "frames")
    });
    let report = crashed(&outcome);
    assert_eq!(
        report.named_frames(),
        ["store", "inner", "outer", "switch_stack"],
        "{outcome}"
    );
    assert!(report.has(&format!("image {}", identity.1)), "{outcome}");
    // What is no image is refused with its name.
    let (done, said) = run(&tool, &["/dev/null"]);
    assert!(
        !done && said.starts_with("xen-symbols: /dev/null: "),
        "{said}"
    );
}

/// What a crash report costs the image: OCaml's hello, stripped, with names and without.
#[test]
fn names_and_tables_are_cheap() {
    let (with, without) = (scratch("hello-names.xen"), scratch("hello-bare.xen"));
    let strip = |arguments: &[&str]| assert!(run(Path::new("strip"), arguments).0);
    let hello = built("hello");
    let hello = hello.to_str().expect("UTF-8");
    strip(&["-o", &with, hello]);
    strip(&["--remove-section=.solo5.names", "-o", &without, hello]);
    let size = |path: &str| std::fs::metadata(path).expect("the file").len();
    // OCaml 5's runtime is the larger one.
    let most = |ocaml4: u64, ocaml5: u64| {
        let five = lab::guests().components().any(|part| {
            let part = part.as_os_str().to_string_lossy();
            part.starts_with("ocaml-5")
        });
        if five { ocaml5 << 10 } else { ocaml4 << 10 }
    };
    assert!(size(&with) <= most(400, 440), "{} bytes", size(&with));
    assert!(size(&without) <= most(360, 415), "{} bytes", size(&without));
}

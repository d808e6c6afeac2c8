// SPDX-License-Identifier: ISC
//! The example's key-value store as a host program, on a disk that loses what was not flushed when its power is cut
//! (`tests/log_store/`): whatever subset of the sectors is kept, what was acknowledged is there and nothing comes back to life.

#[path = "support/long.rs"]
mod long;

use long::long;
use std::path::Path;
use std::process::Command;

/// `MIRAGE_XEN_SEED` repeats a run.
fn seed() -> u64 {
    let given = std::env::var("MIRAGE_XEN_SEED").ok();
    given.map_or_else(
        || std::process::id().into(),
        |seed| seed.parse().expect("MIRAGE_XEN_SEED is a number"),
    )
}

#[test]
fn what_was_acknowledged_outlives_any_power_cut() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let build = Path::new(env!("CARGO_TARGET_TMPDIR")).join("log_store");
    std::fs::create_dir_all(&build).expect("cargo's folder for tests is writable");
    let sources = [
        "tests/log_store/block.ml",
        "examples/store/log_store.mli",
        "examples/store/log_store.ml",
        "tests/log_store/power_cuts.ml",
    ];
    let names = sources.map(|source| {
        let name = Path::new(source)
            .file_name()
            .expect("each source is a file");
        std::fs::copy(root.join(source), build.join(name)).expect("each source is there");
        name
    });
    let packages = ["-package", "lwt,cstruct,fmt", "-linkpkg"];
    let built = Command::new("ocamlfind")
        .arg("ocamlopt")
        .args(packages)
        .args(names)
        .args(["-o", "power_cuts"])
        .current_dir(&build)
        .output()
        .expect("ocamlfind is installed: lab/packages.txt");
    assert!(built.status.success(), "{built:?}");
    let count = if long() { "100000" } else { "3000" };
    let seed = seed().to_string();
    let ran = Command::new(build.join("power_cuts"))
        .args([count, &seed])
        .output()
        .expect("it was built");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "MIRAGE_XEN_SEED={seed}: {ran:?}");
    println!("{said}");
}

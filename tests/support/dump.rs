// SPDX-License-Identifier: ISC
//! A crashed guest's memory as a core file, and gdb's opinion of its stack.

use super::lab::Outcome;
use std::path::Path;
use std::process::{Command, Output};

fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

/// What dom0 does once the guest has ended; the dump is then in the outcome. The megabytes are the guest's.
pub fn script(megabytes: u32) -> String {
    format!("agent memory $DOMID {megabytes} 2>why && echo whole || cat why")
}

/// [`core_frames`] of the dump that [`script`] made.
pub fn frames(outcome: &mut Outcome, elf: &Path, name: &str) -> Vec<u64> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = |kind: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{kind}"));
    let (dump, core) = (path("dump"), path("core"));
    let bytes = std::mem::take(&mut outcome.dom0.dump);
    let bytes = bytes
        .strip_suffix(b"whole\n")
        .unwrap_or_else(|| panic!("{name}: no whole dump, {} bytes: {outcome}", bytes.len()));
    std::fs::write(&dump, bytes).expect("a file");
    run(Command::new(root.join("tools/xen-core"))
        .args([&dump, &core])
        .arg(elf));
    let frames = core_frames(&core, elf);
    for file in [dump, core] {
        std::fs::remove_file(file).expect("the file");
    }
    frames
}

/// The frames of a core file's first thread as gdb finds them, from the innermost on: where each one runs or is returned to.
/// Functions that the compiler put into their callers have none of their own.
pub fn core_frames(core: &Path, elf: &Path) -> Vec<u64> {
    const WALK: &str = "python
frame = gdb.newest_frame()
while frame is not None and frame.is_valid():
    if frame.type() != gdb.INLINE_FRAME:
        print('frame', hex(frame.pc()))
    try:
        frame = frame.older()
    except gdb.error:
        break
";
    let walk = core.with_extension("gdb");
    std::fs::write(&walk, WALK).expect("a file");
    let shown = run(Command::new("gdb")
        .args(["-q", "-nx", "-batch", "-ex", "set osabi GNU/Linux", "-x"])
        .arg(&walk)
        .args([elf, core]));
    std::fs::remove_file(walk).expect("the file");
    let text = String::from_utf8_lossy(&shown.stdout);
    let frames: Vec<u64> = text
        .lines()
        .filter_map(|line| u64::from_str_radix(line.strip_prefix("frame 0x")?, 16).ok())
        .collect();
    assert!(!frames.is_empty(), "gdb shows no frame: {text}");
    frames
}

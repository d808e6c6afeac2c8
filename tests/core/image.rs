// SPDX-License-Identifier: ISC
//! Images that are not as the linker made them.

use super::lab::{Guest, Reason};
use super::{basics, guest, lines, run};
use std::path::{Path, PathBuf};

#[test]
fn an_elf_without_the_pvh_note_is_refused() {
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no-note.xen");
    let elf = basics("").elf;
    let status = std::process::Command::new("objcopy")
        .args(["--remove-section=.note.solo5.xen"])
        .args([&elf, &copy])
        .status()
        .expect("objcopy (Debian: binutils)");
    assert!(status.success());
    let output = std::process::Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/run"))
        .arg(&copy)
        .output()
        .expect("lab/run starts");
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("PVH"), "{errors}");
}

/// Rewrites the entry in the Xen note of an image to one of its symbols.
fn with_entry(elf: &Path, symbol: &str) -> PathBuf {
    let output = std::process::Command::new("nm")
        .arg(elf)
        .output()
        .expect("nm (Debian: binutils)");
    let symbols = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = symbols
        .lines()
        .find(|line| line.ends_with(&format!(" {symbol}")));
    let address = line.and_then(|line| u64::from_str_radix(&line[..16], 16).ok());
    let address = address.unwrap_or_else(|| panic!("{symbol} is not in {}", elf.display()));
    let mut image = std::fs::read(elf).expect("the image was built");
    // Sizes of the name and the descriptor, XEN_ELFNOTE_PHYS32_ENTRY, the name.
    let note = [&[4, 0, 0, 0, 8, 0, 0, 0, 18, 0, 0, 0][..], b"Xen\0"].concat();
    let at = image
        .windows(note.len())
        .position(|window| window == note)
        .expect("a Xen note");
    image[at + note.len()..][..8].copy_from_slice(&address.to_le_bytes());
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{symbol}.xen"));
    std::fs::write(&copy, image).expect("cargo's folder for tests is writable");
    copy
}

#[test]
fn start_info_without_a_memory_map_is_enough() {
    let elf = with_entry(&guest("solo5_version0", "").elf, "start_version0");
    let heap = |elf: PathBuf| {
        let outcome = run(Guest {
            cmdline: "--solo5:norandom --solo5:quiet".into(),
            memory: 64,
            ..Guest::new(elf)
        });
        assert_eq!(
            (&outcome.reason, outcome.exit_status),
            (&Reason::Poweroff, Some(0)),
            "{outcome}"
        );
        lines(&outcome)
    };
    assert_eq!(
        heap(elf),
        heap(guest("solo5_version0", "").elf),
        "Xen's own map says the same"
    );
}

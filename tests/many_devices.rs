// SPDX-License-Identifier: ISC
//! As many devices as a manifest can name, 63: 32 interfaces over netback and 31 disks over blkback, all used at once; and manifests
//! that are refused, with the reason.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use devices::{built, ended_well, long};
use lab::{Guest, Lab};
use std::path::Path;
use std::time::Duration;

/// All of them in a long run, of which making them takes most; half a dozen of each otherwise, of the same manifest.
#[test]
fn as_many_devices_as_a_manifest_can_name() {
    let (nets, disks) = if long() { (32, 31) } else { (5, 4) };
    let vifs = vec![r#""script=vif-lab-own""#; nets].join(", ");
    let name = |n: usize| match n {
        0..26 => format!("xvd{}", char::from(b'a' + n as u8)),
        _ => format!("xvda{}", char::from(b'a' + (n - 26) as u8)),
    };
    let disk = |n| {
        format!(
            r#""script=block-lab,vdev={},access=rw,format=raw,target=@DIR@/{n}.img""#,
            name(n)
        )
    };
    let config = (0..disks).map(disk).collect::<Vec<_>>().join(", ");
    let file = |n| (format!("{n}.img"), vec![0; 64 << 10]);
    let outcome = Lab::shared().run(Guest {
        // All devices together may have a quarter of the heap.
        memory: 128,
        cmdline: format!("--solo5:net-memory=256k --solo5:block-memory=136k {nets} {disks}"),
        config: vec![format!("vif = [{vifs}]"), format!("disk = [{config}]")],
        files: (0..disks).map(file).collect(),
        // Each disk has what was written to it, where it was written.
        after: Some(format!(
            "for n in $(seq 0 {}); do dd if=$DIR/$n.img bs=512 skip=$n count=1 2>/dev/null | md5sum; done | sort -u | wc -l\n\
             cat $DIR/*.img | tr -d '\\000' | wc -c",
            disks - 1
        )),
        timeout: Duration::from_secs(if long() { 3000 } else { 500 }),
        ..Guest::new(built("guests/solo5_many.xen"))
    });
    println!("{outcome}");
    ended_well(&outcome);
    assert!(outcome.text().contains("all are there"), "{outcome}");
    let seen: Vec<usize> = outcome
        .dom0
        .stdout
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    // As many different sectors as disks, and nothing written elsewhere.
    assert_eq!(seen[0], disks, "{outcome}");
    assert!(seen[1] > 0 && seen[1] <= disks * 512, "{outcome}");
}

/// A guest with two disks' names in its manifest, of which `change` makes something else.
fn with_manifest(name: &str, change: impl FnOnce(&mut [u8])) -> Guest {
    let mut elf = std::fs::read(built("guests/solo5_blk2.xen")).expect("it is built");
    let is_note = |bytes: &[u8]| bytes[..4] == [6, 0, 0, 0] && &bytes[8..18] == b"MFT1Solo5\0";
    let start = elf
        .windows(18)
        .position(is_note)
        .expect("the image has a manifest");
    change(&mut elf[start..]);
    let changed = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("manifest-{name}.xen"));
    std::fs::write(&changed, elf).expect("cargo's folder for tests is writable");
    Guest {
        timeout: Duration::from_secs(300),
        ..Guest::new(changed)
    }
}

/// Where the manifest's version and number of entries are in its note, its entries, their size, and an entry's type.
const VERSION: usize = 24;
const COUNT: usize = 28;
const ENTRIES: usize = 32;
const ENTRY: usize = 104;
const TYPE: usize = 68;

#[test]
fn a_malformed_manifest_is_refused_with_the_reason() {
    type Change = fn(&mut [u8]);
    let cases: [(&str, Change, &str); 8] = [
        (
            "version",
            |note| note[VERSION] = 2,
            "the manifest's version is not 1",
        ),
        (
            "many",
            |note| note[COUNT] = 65,
            "the manifest has more than 64 entries",
        ),
        (
            "size",
            |note| note[COUNT] = 2,
            "the manifest's size is not that of its entries",
        ),
        (
            "first",
            |note| note[ENTRIES + TYPE] = 1,
            "the manifest's first entry is not the reserved one",
        ),
        (
            "empty",
            |note| note[ENTRIES + 2 * ENTRY] = 0,
            "a name in the manifest is empty or not ended by a zero byte",
        ),
        (
            "endless",
            |note| note[ENTRIES + 2 * ENTRY..][..TYPE].fill(b'x'),
            "a name in the manifest is empty or not ended by a zero byte",
        ),
        (
            "twice",
            |note| note[ENTRIES + 2 * ENTRY..][..5].copy_from_slice(b"good\0"),
            "two devices in the manifest have the same name",
        ),
        (
            "kind",
            |note| note[ENTRIES + 2 * ENTRY + TYPE] = 3,
            "the manifest names a device of an unknown kind",
        ),
    ];
    for (name, change, reason) in cases {
        let outcome = Lab::shared().run(with_manifest(name, change));
        let said = outcome.text();
        // The guest's own word for that its first disk cannot be had.
        assert_eq!(outcome.exit_status, Some(1), "{name}: {outcome}");
        assert!(
            said.contains(&format!("block 'good': {reason}")),
            "{name}: {outcome}"
        );
    }
}

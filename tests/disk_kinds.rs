// SPDX-License-Identifier: ISC
//! What blkback makes of the disk behind it: one whose contents can be discarded, and one of larger sectors; and that it keeps the
//! guest's pages mapped.

#[path = "support/devices.rs"]
mod devices;
#[path = "support/lab.rs"]
mod lab;

use devices::{built, ended_well, long, numbers, scaled};
use lab::{Guest, Lab};
use std::time::Duration;

/// A guest with a disk of `size` bytes of zeros by one of the lab's scripts; `after` looks at its file.
fn guest(elf: &str, cmdline: &str, script: &str, size: usize, after: &str) -> Guest {
    let tool = std::fs::read(built("dom0/disk")).expect("the file is there");
    Guest {
        cmdline: cmdline.into(),
        memory: 96,
        config: vec![format!(
            r#"disk = ["script={script},vdev=xvda,access=rw,format=raw,target=@DIR@/disk.img"]"#
        )],
        files: vec![("disk.img".into(), vec![0; size]), ("disk".into(), tool)],
        after: Some(format!("chmod +x $DIR/disk; {after}")),
        timeout: Duration::from_secs(if long() { 3000 } else { 600 }),
        ..Guest::new(built(elf))
    }
}

/// The file behind the disk has a hole afterwards, which is as long as what was discarded, and its bytes around it.
#[test]
fn what_is_discarded_is_given_back_by_the_file_behind_it() {
    let after = "echo blocks $(stat -c %b $DIR/disk.img)\n\
                 bytes() { echo $1 $(dd if=$DIR/disk.img bs=4096 skip=$2 count=$3 2>/dev/null | tr -d '\\000' | wc -c); }\n\
                 bytes before 0 1; bytes hole 1 8; bytes behind 9 7; bytes rest 16 240";
    for cmdline in ["discard", "--solo5:block-queues=4 discard"] {
        let outcome = Lab::shared().run(guest(
            "guests/solo5_blk.xen",
            cmdline,
            "block-lab",
            1 << 20,
            after,
        ));
        ended_well(&outcome);
        assert!(outcome.text().contains("SUCCESS"), "{outcome}");
        let seen = &outcome.dom0.stdout;
        // Of 512 bytes each, all of which there were; 32 KiB have gone.
        assert_eq!(numbers(seen, "blocks"), [2048 - 64], "{outcome}");
        assert_eq!(numbers(seen, "hole"), [0], "{outcome}");
        assert_eq!(numbers(seen, "rest"), [0], "{outcome}");
        assert!(numbers(seen, "before")[0] > 100, "{outcome}");
        assert!(numbers(seen, "behind")[0] > 1000, "{outcome}");
    }
}

/// A loop device of 4096-byte sectors: Solo5's own test, and contents of both interfaces by digest from dom0.
#[test]
fn a_disk_of_4096_byte_sectors() {
    let made = Lab::shared().dom0(
        "cd /etc/xen/scripts && sed 's/losetup -f/losetup --sector-size 4096 -f/' block-lab >block-lab-4096 && \
         chmod +x block-lab-4096 && grep -c 'sector-size 4096' block-lab-4096",
    );
    assert_eq!(made.stdout.trim(), "1", "{made:?}");
    let count = scaled(20_000);
    for (elf, cmdline, says) in [
        (
            "guests/solo5_blk.xen",
            "blk".to_owned(),
            "in blocks of 4096",
        ),
        (
            "guests/solo5_blk.xen",
            format!("model {count} 11"),
            "in blocks of 4096",
        ),
        (
            "guests/solo5_blk.xen",
            format!("--solo5:block-queues=2 model {count} 12"),
            "in blocks of 4096",
        ),
        ("guests/os_devices.xen", format!("model {count} 13"), "ok"),
    ] {
        let outcome = Lab::shared().run(guest(
            elf,
            &cmdline,
            "block-lab-4096",
            2 << 20,
            "$DIR/disk digest $DIR/disk.img",
        ));
        ended_well(&outcome);
        let said = outcome.text();
        assert!(said.contains(says) && !said.contains("wrong"), "{outcome}");
        if cmdline.contains("model") {
            let seen = numbers(&outcome.dom0.stdout, "digest");
            assert_eq!(numbers(&said, "digest"), seen, "{outcome}");
        }
    }
}

/// blkback says every ten seconds, if it is told to, how many pages of a queue's it has mapped for good.
#[test]
fn pages_are_mapped_once() {
    // All of them, and still so the next time.
    let statistics = "mapped() { dmesg | sed -n \"s/.*($DOMID.xvda-0).* pg: *\\([0-9]*\\).*/mapped \\1/p\"; }\n\
                      echo 1 >/sys/module/xen_blkback/parameters/log_stats\n\
                      n=0; until [ $(mapped | grep -c 'mapped \\(19[2-9]\\|200\\)') -ge 2 ]; do n=$((n + 1)); [ $n -lt 200 ] || break; sleep 1; done\n\
                      echo 0 >/sys/module/xen_blkback/parameters/log_stats; mapped\n\
                      echo stop | dd of=$DIR/disk.img bs=512 seek=4096 conv=notrunc 2>/dev/null\n\
                      xenstore-write /local/domain/$DOMID/data/go stop";
    for elf in ["guests/solo5_blk.xen", "guests/os_devices.xen"] {
        let outcome = Lab::shared().run(Guest {
            dom0: Some(statistics.into()),
            ..guest(elf, "whole", "block-lab", (2 << 20) + 4096, "true")
        });
        ended_well(&outcome);
        let seen = outcome.dom0.stdout.lines();
        let mapped: Vec<u64> = seen
            .filter_map(|line| line.strip_prefix("mapped ")?.parse().ok())
            .collect();
        // A mebibyte at once: of its 192 pages all, and their pages of segments.
        let most = mapped.iter().max();
        assert!(
            most.is_some_and(|&most| (192..=200).contains(&most)),
            "{mapped:?}: {outcome}"
        );
    }
}

// SPDX-License-Identifier: ISC
//! `tools/xen-core` on a dump made here, as `xl dump-core` writes them: gdb opens the core file and shows the crash. On a
//! real dump the same is shown in the long run of `crash.rs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGE: usize = 4096;
/// Where the page tables, the saved registers and the stack lie.
const TABLES: u64 = 0x1000;
const STACK: u64 = 0x40_0000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn image() -> PathBuf {
    let elf = root().join("target/guests/solo5_crash.xen");
    assert!(elf.exists(), "{} is not built: make guests", elf.display());
    elf
}

fn run(command: &mut Command) -> (bool, String) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// The memory of a domain, by frame.
#[derive(Default)]
struct Memory(BTreeMap<u64, Vec<u8>>);

impl Memory {
    fn write(&mut self, address: u64, bytes: &[u8]) {
        for (at, byte) in (address..).zip(bytes) {
            let page = self.0.entry(at >> 12).or_insert_with(|| vec![0; PAGE]);
            page[at as usize % PAGE] = *byte;
        }
    }

    fn word(&mut self, address: u64, value: u64) {
        self.write(address, &value.to_le_bytes());
    }

    /// The image where it is loaded, and tables that map 4 MiB from 0 on, and 2 MiB more in one page, at their own addresses.
    fn of(elf: &[u8]) -> Memory {
        let word = |at: usize| u64::from_le_bytes(elf[at..at + 8].try_into().expect("eight bytes"));
        let mut memory = Memory::default();
        for at in (word(32) as usize..).step_by(56).take(elf[56].into()) {
            if elf[at..at + 4] == [1, 0, 0, 0] {
                let (offset, size) = (word(at + 8) as usize, word(at + 32) as usize);
                memory.write(word(at + 16), &vec![0; word(at + 40) as usize]);
                memory.write(word(at + 16), &elf[offset..offset + size]);
            }
        }
        memory.word(TABLES, TABLES + 0x1003);
        memory.word(TABLES + 0x1000, TABLES + 0x2003);
        for table in 0..2 {
            memory.word(
                TABLES + 0x2000 + 8 * table,
                TABLES + 0x3003 + 0x1000 * table,
            );
            for page in 1..512 {
                let frame = (table << 21) + (page << 12);
                memory.word(TABLES + 0x3000 + 0x1000 * table + 8 * page, frame | 3);
            }
        }
        memory.word(TABLES + 0x2000 + 16, STACK | 0x83);
        memory
    }

    /// The dump, with one vCPU in its hypercall.
    fn dump(&self) -> Vec<u8> {
        let mut context = vec![0; 5168];
        context[520 + 16 * 8..][..8].copy_from_slice(&0x10_0000u64.to_le_bytes());
        context[4984 + 24..][..8].copy_from_slice(&TABLES.to_le_bytes());
        let frames: Vec<u8> = self
            .0
            .keys()
            .flat_map(|frame| frame.to_le_bytes())
            .collect();
        let pages: Vec<u8> = self.0.values().flatten().copied().collect();
        let names = b"\0.shstrtab\0.xen_prstatus\0.xen_pfn\0.xen_pages\0";
        let sections: [(u32, &[u8]); 4] = [(1, names), (11, &context), (25, &frames), (34, &pages)];
        let mut file = vec![0; 64 + 64 * 5];
        file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        file[40] = 64;
        file[58] = 64;
        file[60] = 5;
        file[62] = 1;
        for (index, (name, bytes)) in sections.into_iter().enumerate() {
            let (header, offset) = (64 * (index + 2), file.len() as u64);
            file[header..header + 4].copy_from_slice(&name.to_le_bytes());
            file[header + 24..][..8].copy_from_slice(&offset.to_le_bytes());
            file[header + 32..][..8].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
            file.extend(bytes);
        }
        file
    }
}

fn symbol(name: &str) -> u64 {
    let (_, symbols) = run(Command::new("nm").arg(image()));
    let line = symbols
        .lines()
        .find(|line| line.ends_with(&format!(" {name}")));
    let address = line.and_then(|line| u64::from_str_radix(&line[..16], 16).ok());
    address.unwrap_or_else(|| panic!("{name} is not in the image"))
}

#[test]
fn gdb_shows_the_crash_of_a_dump() {
    let mut memory = Memory::of(&std::fs::read(image()).expect("the image"));
    // The crash: `store` called from `inner`, the registers saved where the core does.
    let (frame, stack) = (STACK + 0x1000, STACK + 0x2000);
    memory.word(symbol("solo5__xen_crash_frame"), frame);
    for register in 0..22 {
        memory.word(frame + 8 * register, 0x1111 * register);
    }
    memory.word(frame + 8 * 17, symbol("store"));
    memory.word(frame + 8 * 20, stack);
    memory.word(stack, symbol("inner") + 1);
    memory.write(stack + 8, &[0; 64]);
    let (dump, core) = (scratch("made.dump"), scratch("made.core"));
    std::fs::write(&dump, memory.dump()).expect("a file");
    let (done, said) = run(Command::new(root().join("tools/xen-core"))
        .args([&dump, &core])
        .arg(image()));
    assert!(done, "{said}");
    let (_, said) = run(Command::new("gdb")
        .args(["-q", "-nx", "-batch", "-ex", "set osabi GNU/Linux"])
        .args([
            "-ex",
            "info threads",
            "-ex",
            "bt 2",
            "-ex",
            "p/x $rbx",
            "-ex",
            "x/1gx 0x402000",
        ])
        .args([image(), core]));
    let shows = |text: &str| assert!(said.contains(text), "no {text:?}: {said}");
    shows("* 1 ");
    shows("  2 ");
    assert!(!said.contains("  3 "), "one vCPU and the crash: {said}");
    for (number, name) in [(0, "store"), (1, "inner")] {
        let line = said
            .lines()
            .find(|line| line.starts_with(&format!("#{number} ")));
        assert!(
            line.is_some_and(|line| line.contains(&format!("{name} ("))),
            "{said}"
        );
    }
    shows("= 0x1111\n");
    shows(&format!("{:#018x}", symbol("inner") + 1));
}

#[test]
fn what_is_no_dump_is_refused() {
    let core = scratch("refused.core");
    let mut memory = Memory::of(&std::fs::read(image()).expect("the image"));
    let whole = memory.dump();
    memory.0.remove(&(TABLES >> 12));
    let without_tables = memory.dump();
    for (bytes, why) in [
        (&b"no ELF file"[..], "is not a 64-bit ELF file"),
        (&whole[..400], ""),
        (
            &without_tables,
            "the page tables that CR3 names are not in the dump",
        ),
        (
            &std::fs::read(image()).expect("the image"),
            "has no section .xen_pages",
        ),
    ] {
        let dump = scratch("refused.dump");
        std::fs::write(&dump, bytes).expect("a file");
        let (done, said) = run(Command::new(root().join("tools/xen-core")).args([&dump, &core]));
        assert!(
            !done && said.starts_with("xen-core: ") && said.contains(why),
            "{why}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

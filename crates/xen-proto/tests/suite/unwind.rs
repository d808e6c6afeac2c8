// SPDX-License-Identifier: ISC
//! The walker beside gimli, row for row, over the tables of this very program and of the host's C library; what it
//! makes of hand-written tables; what it makes of damaged ones.

use crate::common::{Random, cases};
use gimli::UnwindSection;
use xen_proto::unwind::{End, Frame, REGISTERS, RIP, RSP, Section, simple_row};

/// The bytes and the address of a section of an ELF file.
fn section(elf: &[u8], name: &str) -> (Vec<u8>, u64) {
    let word = |at: usize, len: usize| {
        elf[at..at + len]
            .iter()
            .rev()
            .fold(0u64, |value, &byte| value << 8 | u64::from(byte)) as usize
    };
    let (table, count, names) = (word(0x28, 8), word(0x3c, 2), word(0x3e, 2));
    let header = |index: usize| table + 64 * index;
    let strings = word(header(names) + 24, 8);
    for index in 0..count {
        let at = strings + word(header(index), 4);
        if elf[at..].starts_with(name.as_bytes()) && elf[at + name.len()] == 0 {
            let (address, offset, size) = (
                word(header(index) + 16, 8),
                word(header(index) + 24, 8),
                word(header(index) + 32, 8),
            );
            return (elf[offset..offset + size].to_vec(), address as u64);
        }
    }
    panic!("no section {name}");
}

/// Every row of every entry, compared with gimli's; returns how many there were, and how many of them are simple.
fn compare(bytes: &[u8], address: u64) -> (usize, usize) {
    let ours = Section { bytes, address };
    let theirs = gimli::EhFrame::new(bytes, gimli::LittleEndian);
    let bases = gimli::BaseAddresses::default().set_eh_frame(address);
    let mut context = gimli::UnwindContext::new();
    let (mut rows, mut simple, mut seen) = (0, 0, 0u64);
    let every = if cases(1) > 1 { 1 } else { 37 };
    let mut entries = theirs.entries(&bases);
    while let Some(entry) = entries.next().expect("gimli reads the section") {
        let gimli::CieOrFde::Fde(partial) = entry else {
            continue;
        };
        seen += 1;
        if !seen.is_multiple_of(every) {
            continue;
        }
        let fde = partial
            .parse(gimli::EhFrame::cie_from_offset)
            .expect("gimli reads the entry");
        let mut table = fde.rows(&theirs, &bases, &mut context).expect("rows");
        while let Some(row) = table.next_row().expect("gimli reads the row") {
            if row.start_address() >= row.end_address() {
                continue;
            }
            rows += 1;
            let mut saved = [None; REGISTERS];
            let mut plain = true;
            for (register, rule) in row.registers() {
                match (saved.get_mut(usize::from(register.0)), rule) {
                    (Some(slot), gimli::RegisterRule::Offset(offset)) => {
                        *slot = Some(*offset as i32)
                    }
                    (
                        _,
                        gimli::RegisterRule::Undefined
                        | gimli::RegisterRule::SameValue
                        | gimli::RegisterRule::Offset(_),
                    ) => {}
                    _ => plain = false,
                }
            }
            let expected = match row.cfa() {
                gimli::CfaRule::RegisterAndOffset { register, offset } if plain => {
                    Some((register.0 as u8, *offset as i32, saved))
                }
                _ => None,
            };
            simple += usize::from(expected.is_some());
            for at in [row.start_address(), row.end_address() - 1] {
                assert_eq!(simple_row(&ours, at), expected, "at {at:#x}");
            }
        }
    }
    (rows, simple)
}

#[test]
fn agrees_with_gimli_on_programs() {
    let own = std::env::current_exe().expect("this program's path");
    let elf = std::fs::read(own).expect("this program");
    let (bytes, address) = section(&elf, ".eh_frame");
    let (rows, simple) = compare(&bytes, address);
    assert!(rows > 500 && simple > rows * 9 / 10, "{simple} of {rows}");
    // The guest with most code of three languages, where it is built.
    let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/guests/hello.xen");
    if let Ok(elf) = std::fs::read(guest) {
        let (bytes, address) = section(&elf, ".eh_frame");
        assert!(compare(&bytes, address).0 > 20);
    }
}

/// Writes tables: a common entry and one entry with the given instructions for 0x100 bytes of code at 0x40_0000.
fn table(augmentation: &[u8], initial: &[u8], instructions: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut entry = |content: &[u8]| {
        let mut content = content.to_vec();
        while !content.len().is_multiple_of(4) {
            content.push(0);
        }
        bytes.extend((content.len() as u32).to_le_bytes());
        bytes.extend(content);
    };
    // Version 1, code alignment 1, data alignment -8, return address in column 16, absolute 8-byte pointers.
    let common = [
        &[0, 0, 0, 0, 1][..],
        augmentation,
        &[0, 1, 0x78, 16, 1, 0],
        initial,
    ]
    .concat();
    entry(&common);
    let pointer = (4 + common.len().next_multiple_of(4) + 4) as u32;
    let head = [
        &pointer.to_le_bytes()[..],
        &0x40_0000u64.to_le_bytes(),
        &0x100u64.to_le_bytes(),
        &[0],
    ]
    .concat();
    entry(&[&head[..], instructions].concat());
    bytes
}

/// What the caller's frame is, with a stack of these words at 0x1000.
fn caller(bytes: &[u8], rip: u64, stack: &[u64]) -> Result<Frame, End> {
    let section = Section {
        bytes,
        address: 0x50_0000,
    };
    let mut registers = [0x77; REGISTERS];
    registers[RSP] = 0x1000;
    registers[RIP] = rip;
    let frame = Frame {
        registers,
        interrupted: true,
    };
    frame.caller(&section, &mut |address| {
        let index = address.checked_sub(0x1000)? / 8;
        stack.get(index as usize).copied()
    })
}

/// def_cfa(rsp, 8), offset(rip, -8).
const ENTRY: &[u8] = &[0x0c, 7, 8, 0x90, 1];

#[test]
fn hand_written_tables() {
    let plain = table(b"zR", ENTRY, &[]);
    let frame = caller(&plain, 0x40_0000, &[0x1234]).unwrap();
    assert_eq!(
        (frame.registers[RSP], frame.registers[RIP], frame.place()),
        (0x1008, 0x1234, 0x1233)
    );
    assert_eq!(caller(&plain, 0x40_0100, &[0x1234]), Err(End::Undescribed));
    assert_eq!(caller(&plain, 0x40_0000, &[]), Err(End::Unreadable(0x1000)));
    assert_eq!(caller(&plain, 0x40_0000, &[0]), Err(End::Nowhere));
    // Behind a push at offset 1: the base is further away, rbx is saved.
    let push = table(b"zR", ENTRY, &[0x41, 0x0e, 16, 0x83, 2]);
    let frame = caller(&push, 0x40_0001, &[0xb, 0x1234]).unwrap();
    assert_eq!((frame.registers[3], frame.registers[RIP]), (0xb, 0x1234));
    assert_eq!(
        caller(&push, 0x40_0000, &[0x99]).unwrap().registers[3],
        0x77
    );
    // The first frame of all.
    let outermost = table(b"zR", ENTRY, &[0x07, 16]);
    assert_eq!(caller(&outermost, 0x40_0000, &[1]), Err(End::Outermost));
    // An exception's gate: the caller was interrupted.
    let gate = table(b"zRS", ENTRY, &[]);
    let frame = caller(&gate, 0x40_0000, &[0x1234]).unwrap();
    assert_eq!((frame.interrupted, frame.place()), (true, 0x1234));
    // OCaml 5's change of stacks: the base is behind a word that is in memory at rsp + 8.
    let switch = table(b"zR", ENTRY, &[0x0f, 5, 0x77, 8, 0x06, 0x23, 16]);
    let frame = caller(&switch, 0x40_0000, &[0, 0x1010, 0, 0x4321]);
    assert_eq!(
        frame.map(|frame| (frame.registers[RSP], frame.registers[RIP])),
        Ok((0x1020, 0x4321))
    );
    // A row remembered and restored.
    let kept = table(b"zR", ENTRY, &[0x0a, 0x41, 0x0e, 16, 0x41, 0x0b]);
    assert_eq!(caller(&kept, 0x40_0001, &[5, 6]).unwrap().registers[RIP], 6);
    assert_eq!(caller(&kept, 0x40_0002, &[5, 6]).unwrap().registers[RIP], 5);
}

#[test]
fn damaged_tables_end_the_walk() {
    let whole = table(b"zRS", ENTRY, &[0x0a, 0x41, 0x0e, 16, 0x83, 2, 0x41, 0x0b]);
    for len in 0..whole.len() {
        let _ = caller(&whole[..len], 0x40_0001, &[1, 2]);
    }
    let mut random = Random::new(5);
    for _ in 0..cases(20_000) {
        let mut bytes = whole.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.next() as u8;
        }
        let _ = caller(&bytes, 0x40_0000 + random.below(4), &[1, 2, 3]);
    }
}

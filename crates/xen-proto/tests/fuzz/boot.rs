// SPDX-License-Identifier: ISC
//! What the boot code reads: any start_info or multiboot structure, memory map and command line. Checked: nothing panics,
//! a map names only pages that some entry calls RAM, in order, and the application's part of the
//! command line is its end.

use super::input::Input;
use xen_proto::memory_map::{Entries, Entry, MemoryMap, PAGE_SIZE, TYPE_RAM};
use xen_proto::multiboot::{SIZE, start_info};
use xen_proto::options::{MAX_LENGTH, Options, line};
use xen_proto::start_info::{MAGIC, Module, StartInfo};

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.u8();
    let mut image = MAGIC.to_le_bytes().to_vec();
    image.extend(input.bytes(52));
    if let Ok(info) = StartInfo::parse(&image) {
        assert!(info.memmap_paddr.checked_add(info.memmap_bytes()).is_some());
    }
    let _ = (StartInfo::parse(data), Module::parse(data));
    assert_eq!(start_info(data).is_ok(), data.len() >= SIZE);
    let limit = input.u64();
    let cuts = [(); 3].map(|()| (input.u64(), input.u64()));
    let rest = input.rest();
    match choice % 4 {
        0 => check::<4>(Entries::table(rest), limit, &cuts),
        1 => check::<4>(Entries::e820(rest), limit, &cuts),
        2 => check::<0>(Entries::e820(rest), limit, &cuts),
        _ => command_line(rest),
    }
}

fn check<const N: usize>(entries: Entries<'_>, limit: u64, cuts: &[(u64, u64)]) {
    let is_ram = |entry: &Entry| entry.kind == TYPE_RAM;
    let mut map = MemoryMap::<N>::from_entries(entries.clone(), limit);
    for &(start, end) in cuts {
        map.subtract(start, end);
    }
    assert!(
        map.ranges()
            .windows(2)
            .all(|pair| pair[0].end < pair[1].start)
    );
    for range in map.ranges() {
        assert!(range.start < range.end && range.end <= limit);
        assert!((range.start | range.end).is_multiple_of(PAGE_SIZE));
        for at in [range.start, range.end - 1] {
            let holds =
                |entry: &Entry| entry.addr <= at && at < entry.addr.saturating_add(entry.size);
            assert!(entries.clone().filter(is_ram).any(|entry| holds(&entry)));
            assert!(
                !entries
                    .clone()
                    .filter(|entry| !is_ram(entry))
                    .any(|entry| holds(&entry))
            );
            assert!(cuts.iter().all(|&(start, end)| at < start || at >= end));
        }
    }
}

fn command_line(memory: &[u8]) {
    let (line, cut) = line(memory);
    assert!(
        line.len() <= MAX_LENGTH
            && !line.contains(&0)
            && cut
                == (line.len() == MAX_LENGTH
                    && memory.len() > MAX_LENGTH
                    && memory[MAX_LENGTH] != 0)
    );
    let options = Options::parse(line);
    assert!(line.ends_with(options.application));
    if let Some((_, option)) = options.error {
        assert!(option.starts_with(b"--solo5:"));
    }
}

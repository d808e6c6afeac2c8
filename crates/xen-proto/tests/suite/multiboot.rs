// SPDX-License-Identifier: ISC
//! A boot loader's structure, whole, without a command line, and cut.

use xen_proto::multiboot::*;
use xen_proto::start_info::Error;

/// Flags, eleven words of which the fifth is the command line's address.
fn image(flags: u32) -> Vec<u8> {
    (0..12u32)
        .flat_map(|word| if word == 0 { flags } else { 0x1_0000 * word }.to_le_bytes())
        .collect()
}

#[test]
fn the_headers_words_sum_to_zero() {
    let sum = HEADER_MAGIC.wrapping_add(HEADER_FLAGS);
    assert_eq!(sum.wrapping_add(HEADER_CHECKSUM), 0);
}

#[test]
fn only_the_command_line_is_taken() {
    let info = start_info(&image(0xffff_ffff)).expect("a whole structure");
    assert_eq!(info.cmdline_paddr, 0x4_0000);
    let others = (info.nr_modules, info.modlist_paddr, info.rsdp_paddr);
    assert_eq!(others, (0, 0, 0));
    assert_eq!((info.memmap_paddr, info.memmap_entries), (0, 0));
}

#[test]
fn without_its_bit_there_is_no_command_line() {
    let info = start_info(&image(!(1 << 2))).expect("a whole structure");
    assert_eq!(info.cmdline_paddr, 0);
}

#[test]
fn what_is_cut_is_refused() {
    for size in 0..SIZE {
        let cut = start_info(&image(4)[..size]);
        assert_eq!(cut, Err(Error::Truncated), "{size}");
    }
    assert!(start_info(&image(4)[..SIZE]).is_ok());
}

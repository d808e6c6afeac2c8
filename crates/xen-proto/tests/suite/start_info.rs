// SPDX-License-Identifier: ISC
//! start_info as Xen writes it, and as nobody should.

use xen_proto::start_info::*;

fn image(version: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [MAGIC, version, 0x11, 2] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    for long in [0x5000_u64, 0x6000, 0xfc00_8000, 0x7000] {
        bytes.extend_from_slice(&long.to_le_bytes());
    }
    bytes.extend_from_slice(&6_u32.to_le_bytes());
    bytes.extend_from_slice(&0_u32.to_le_bytes());
    assert_eq!(bytes.len(), SIZE_V1);
    bytes
}

#[test]
fn versions() {
    let expected = StartInfo {
        version: 1,
        flags: 0x11,
        nr_modules: 2,
        modlist_paddr: 0x5000,
        cmdline_paddr: 0x6000,
        rsdp_paddr: 0xfc00_8000,
        memmap_paddr: 0x7000,
        memmap_entries: 6,
    };
    assert_eq!(StartInfo::parse(&image(1)), Ok(expected));
    let later = StartInfo::parse(&image(7)).unwrap();
    assert_eq!(
        later,
        StartInfo {
            version: 7,
            ..expected
        }
    );
    assert_eq!(later.memmap_bytes(), 144);
    assert_eq!(later.modlist_bytes(), 64);
    // Version 0 has no memory map, whatever bytes follow.
    let first = StartInfo {
        version: 0,
        memmap_paddr: 0,
        memmap_entries: 0,
        ..expected
    };
    assert_eq!(StartInfo::parse(&image(0)), Ok(first));
    assert_eq!(StartInfo::parse(&image(0)[..SIZE_V0]), Ok(first));
}

#[test]
fn truncated_at_every_length() {
    for (version, size) in [(0, SIZE_V0), (1, SIZE_V1 - 4)] {
        for len in 0..size {
            assert_eq!(
                StartInfo::parse(&image(version)[..len]),
                Err(Error::Truncated),
                "{len}"
            );
        }
        assert!(StartInfo::parse(&image(version)[..size]).is_ok());
    }
}

#[test]
fn wrong_magic() {
    let mut bytes = image(1);
    bytes[0] ^= 1;
    let error = StartInfo::parse(&bytes).unwrap_err();
    assert_eq!(error, Error::BadMagic(MAGIC ^ 1));
    assert!(error.text().contains("magic"));
}

#[test]
fn tables_beyond_memory() {
    let mut bytes = image(1);
    bytes[OFFSET_MEMMAP..OFFSET_MEMMAP + 8].copy_from_slice(&(u64::MAX - 100).to_le_bytes());
    assert_eq!(StartInfo::parse(&bytes), Err(Error::MemmapOutOfRange));
    let mut bytes = image(1);
    bytes[OFFSET_MODLIST..OFFSET_MODLIST + 8].copy_from_slice(&(1_u64 << 52).to_le_bytes());
    assert_eq!(StartInfo::parse(&bytes), Err(Error::ModulesOutOfRange));
    // A table without an address, or without entries, is absent.
    let mut bytes = image(1);
    bytes[OFFSET_MEMMAP..OFFSET_MEMMAP + 8].fill(0);
    bytes[OFFSET_NR_MODULES..OFFSET_NR_MODULES + 4].fill(0);
    let info = StartInfo::parse(&bytes).unwrap();
    assert_eq!((info.memmap_entries, info.modlist_paddr), (0, 0));
}

#[test]
fn modules() {
    let mut bytes = Vec::new();
    for long in [0x9000_u64, 0x123, 0x8000, 0] {
        bytes.extend_from_slice(&long.to_le_bytes());
    }
    let module = Module {
        paddr: 0x9000,
        size: 0x123,
        cmdline_paddr: 0x8000,
    };
    assert_eq!(Module::parse(&bytes), Ok(module));
    assert_eq!(Module::parse(&bytes[..31]), Err(Error::Truncated));
    bytes[8..16].fill(0xff);
    assert_eq!(Module::parse(&bytes), Err(Error::ModulesOutOfRange));
}

#[test]
fn arbitrary_bytes() {
    let mut random = crate::common::Random::new(1);
    for _ in 0..crate::common::cases(20_000) {
        let len = random.below(80) as usize;
        let mut bytes = random.bytes(len);
        if !random.one_in(4) && len >= 8 {
            bytes[..8].copy_from_slice(&image(random.below(3) as u32)[..8]);
        }
        if let Ok(info) = StartInfo::parse(&bytes) {
            assert!(info.memmap_paddr + info.memmap_bytes() <= 1 << 52);
            assert!(info.modlist_paddr + info.modlist_bytes() <= 1 << 52);
        }
    }
}

// SPDX-License-Identifier: ISC
//! The table of names, as `tools/xen-symbols` writes it.

use crate::common::{Random, cases};
use xen_proto::symbols::{HEADER, IDENTITY, MAGIC, NAME_MAX, Symbols};

/// A table with these functions.
fn table(base: u64, functions: &[(u64, &str)]) -> Vec<u8> {
    let mut bytes = [&MAGIC[..], &[7; IDENTITY], &base.to_le_bytes()].concat();
    assert_eq!(bytes.len(), HEADER);
    let (mut at, mut last) = (base, "");
    for &(start, name) in functions {
        let mut delta = start - at;
        while delta >= 0x80 {
            bytes.push(delta as u8 | 0x80);
            delta >>= 7;
        }
        bytes.push(delta as u8);
        let common = name
            .bytes()
            .zip(last.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        bytes.extend([common as u8, (name.len() - common) as u8]);
        bytes.extend(&name.as_bytes()[common..]);
        (at, last) = (start, name);
    }
    bytes
}

fn find(symbols: &Symbols<'_>, address: u64) -> Option<(String, u64)> {
    let name = symbols.find(address)?;
    let text = String::from_utf8_lossy(name.bytes()).into_owned();
    Some((text, name.offset))
}

#[test]
fn finds_the_function_around_an_address() {
    let long = "n".repeat(NAME_MAX);
    let bytes = table(
        0x10_0000,
        &[
            (0x10_0010, "_start"),
            (0x10_0020, "caml_alloc"),
            (0x10_0300, "caml_alloc_small"),
            (0x10_0300, "caml_call"),
            (0x20_0000, &long),
            (0x20_0001, ""),
        ],
    );
    let symbols = Symbols::parse(&bytes).unwrap();
    assert_eq!(symbols.identity(), [7; IDENTITY]);
    assert_eq!(find(&symbols, 0x10_000f), None);
    let found = |address, name: &str, offset| {
        assert_eq!(find(&symbols, address), Some((name.into(), offset)));
    };
    found(0x10_0010, "_start", 0);
    found(0x10_001f, "_start", 15);
    found(0x10_02ff, "caml_alloc", 0x2df);
    found(0x10_0300, "caml_call", 0);
    found(0x20_0000, &long, 0);
    found(u64::MAX, "", u64::MAX - 0x20_0001);
    assert!(Symbols::parse(b"XENSYMS0").is_none());
    assert!(Symbols::parse(&MAGIC).is_none());
}

#[test]
fn damaged_tables_name_nothing_outside() {
    let whole = table(
        0x1000,
        &[(0x1010, "one"), (0x1020, "one_more"), (0x1040, "two")],
    );
    for len in 0..whole.len() {
        if let Some(symbols) = Symbols::parse(&whole[..len]) {
            let _ = find(&symbols, 0x1025);
        }
    }
    let mut random = Random::new(9);
    for _ in 0..cases(20_000) {
        let mut bytes = whole.clone();
        let at = HEADER + random.below((bytes.len() - HEADER) as u64) as usize;
        bytes[at] = random.next() as u8;
        let _ = find(&Symbols::parse(&bytes).unwrap(), 0x1000 + random.below(100));
    }
}

// SPDX-License-Identifier: ISC
//! Manifests as the tool makes them, and every way in which one can be wrong.

use crate::common::{Random, cases};
use xen_proto::manifest::{Error, Kind, Manifest};

/// A note with those entries, by name and type, after the reserved one.
fn note(devices: &[(&str, u32)]) -> Vec<u8> {
    let mut entries = vec![entry("", 1 << 30)];
    entries.extend(devices.iter().map(|(name, kind)| entry(name, *kind)));
    let mut note = Vec::new();
    for word in [6, 12 + 104 * entries.len() as u32, 0x3154_464d] {
        note.extend(u32::to_le_bytes(word));
    }
    note.extend(b"Solo5\0\0\0\0\0\0\0");
    note.extend(1_u32.to_le_bytes());
    note.extend((entries.len() as u32).to_le_bytes());
    note.extend(entries.concat());
    note
}

fn entry(name: &str, kind: u32) -> Vec<u8> {
    let mut entry = name.as_bytes().to_vec();
    entry.resize(68, 0);
    entry.extend(kind.to_le_bytes());
    entry.resize(104, 0);
    entry
}

#[test]
fn devices_have_handles_and_an_order_of_their_kind() {
    let note = note(&[("service", 2), ("storage", 1), ("other", 2)]);
    let manifest = Manifest::parse(&note).unwrap();
    let all: Vec<_> = manifest
        .devices()
        .map(|d| (d.handle, d.name.to_vec(), d.kind, d.order))
        .collect();
    assert_eq!(
        all,
        [
            (1, b"service".to_vec(), Kind::Net, 0),
            (2, b"storage".to_vec(), Kind::Block, 0),
            (3, b"other".to_vec(), Kind::Net, 1)
        ]
    );
    assert_eq!(
        (manifest.count(Kind::Net), manifest.count(Kind::Block)),
        (2, 1)
    );
    assert_eq!(manifest.find(Kind::Net, b"other").unwrap().handle, 3);
    assert_eq!(manifest.find(Kind::Block, b"other"), None);
    assert_eq!(manifest.find(Kind::Net, b""), None);
}

#[test]
fn there_may_be_none_and_63() {
    assert_eq!(Manifest::parse(&[]).unwrap_err(), Error::Missing);
    assert_eq!(Manifest::parse(&note(&[])).unwrap().devices().count(), 0);
    let mut none = note(&[]);
    none.truncate(32);
    none[4] = 8;
    none[28] = 0;
    assert_eq!(Manifest::parse(&none).unwrap().devices().count(), 0);
    let names: Vec<String> = (0..64).map(|i| format!("d{i}")).collect();
    let devices: Vec<_> = names.iter().map(|name| (name.as_str(), 2)).collect();
    let manifest = note(&devices[..63]);
    assert_eq!(
        Manifest::parse(&manifest)
            .unwrap()
            .devices()
            .last()
            .unwrap()
            .handle,
        63
    );
    assert_eq!(
        Manifest::parse(&note(&devices)).unwrap_err(),
        Error::TooMany
    );
}

#[test]
fn each_mistake_is_named() {
    let good = note(&[("a", 1), ("b", 2)]);
    let with = |at: usize, byte: u8| {
        let mut note = good.clone();
        note[at] = byte;
        Manifest::parse(&note).map(|_| ()).unwrap_err()
    };
    assert_eq!(with(0, 5), Error::BadNote);
    assert_eq!(with(8, 0), Error::BadNote);
    assert_eq!(with(13, b'x'), Error::BadNote);
    assert_eq!(with(24, 2), Error::BadVersion);
    assert_eq!(with(4, 0), Error::BadSize);
    assert_eq!(with(28, 2), Error::BadSize);
    assert_eq!(with(29, 1), Error::TooMany);
    assert_eq!(with(32, b'x'), Error::NoReservedEntry);
    assert_eq!(with(32 + 68, 1), Error::NoReservedEntry);
    assert_eq!(with(32 + 104, 0), Error::BadName);
    assert_eq!(with(32 + 104 + 68, 9), Error::BadKind);
    assert_eq!(
        Manifest::parse(&note(&[("a", 1), ("a", 2)])).unwrap_err(),
        Error::Twice
    );
    let long = "x".repeat(68);
    assert_eq!(
        Manifest::parse(&note(&[(&long, 1)])).unwrap_err(),
        Error::BadName
    );
    for len in 1..good.len() {
        assert!(Manifest::parse(&good[..len]).is_err(), "cut to {len}");
    }
    for error in [
        Error::Missing,
        Error::BadNote,
        Error::BadVersion,
        Error::TooMany,
        Error::BadSize,
    ] {
        assert!(!error.text().is_empty());
    }
}

#[test]
fn whatever_is_accepted_is_sound() {
    let mut random = Random::new(11);
    let good = note(&[("service", 2), ("storage", 1), ("other", 2)]);
    for _ in 0..cases(20_000) {
        let mut note = good.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(note.len() as u64) as usize;
            note[at] = random.next() as u8;
        }
        let Ok(manifest) = Manifest::parse(&note) else {
            continue;
        };
        for device in manifest.devices() {
            assert!((1..64).contains(&device.handle));
            assert!(!device.name.is_empty() && device.name.len() < 68);
            assert_eq!(manifest.find(device.kind, device.name), Some(device));
        }
    }
}

// SPDX-License-Identifier: ISC
//! Internet addresses as text, beside Rust's own.

use libc_core::address::*;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A small generator: every test run sees the same.
fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    *state >> 33
}

#[test]
fn addresses_come_back() {
    let mut state = 1;
    let mut into = [0; LONGEST];
    for _ in 0..100_000 {
        let mut address = [0u8; 16];
        for pair in address.chunks_mut(2) {
            if !random(&mut state).is_multiple_of(3) {
                pair[1] = random(&mut state) as u8;
                pair[0] = (random(&mut state) % 2 * random(&mut state)) as u8;
            }
        }
        let length = format_v6(address, &mut into);
        let text = str::from_utf8(&into[..length]).unwrap();
        assert_eq!(
            text.parse::<Ipv6Addr>().unwrap().octets(),
            address,
            "{text}"
        );
        assert_eq!(parse_v6(text.as_bytes()), Some(address), "{text}");
        let four = [address[1], address[3], address[5], address[7]];
        let length = format_v4(four, &mut into);
        assert_eq!(
            &into[..length],
            format!("{}", Ipv4Addr::from(four)).as_bytes()
        );
        assert_eq!(parse_v4(&into[..length]), Some(four));
    }
}

#[test]
fn texts_are_read_as_rust_reads_them() {
    let mut state = 7;
    let letters = b"::::01f.2F9g";
    for _ in 0..300_000 {
        let length = random(&mut state) % 20;
        let text: String = (0..length)
            .map(|_| char::from(letters[random(&mut state) as usize % letters.len()]))
            .collect();
        let theirs = text.parse::<Ipv6Addr>().ok().map(|a| a.octets());
        assert_eq!(parse_v6(text.as_bytes()), theirs, "{text}");
        let theirs = text.parse::<Ipv4Addr>().ok().map(|a| a.octets());
        assert_eq!(parse_v4(text.as_bytes()), theirs, "{text}");
    }
}

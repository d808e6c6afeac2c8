// SPDX-License-Identifier: ISC
//! Prints a double with 17 digits, by the crate's own printf.

use libc_core::format::{Machine, Sink, format};
use libc_core::real::X87;

struct One(u64);

impl Machine for One {
    fn integer(&mut self) -> u64 {
        self.0
    }

    fn double(&mut self) -> u64 {
        self.0
    }

    fn long_double(&mut self) -> X87 {
        X87::default()
    }

    fn string(&self, _address: u64, _limit: usize) -> &[u8] {
        b""
    }

    fn wide(&self, _address: u64, _index: usize) -> u32 {
        0
    }

    fn store(&mut self, _address: u64, _size: usize, _value: u64) {}

    fn error_text(&self) -> &'static str {
        ""
    }
}

struct Text(Vec<u8>);

impl Sink for Text {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

pub fn print(bits: u64) -> Vec<u8> {
    let mut text = Text(Vec::new());
    format(b"%.17g", &mut text, &mut One(bits)).unwrap();
    text.0
}

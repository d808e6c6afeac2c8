// SPDX-License-Identifier: ISC
//! Any format over any arguments: formatting ends without a panic, and its count is what the sink got.
//!
//! The input is a byte that says how many words of arguments follow, the words, and the format.

use libc_core::format::{Machine, Sink, format};
use libc_core::real::X87;

struct Arguments<'a>(&'a [u8]);

impl Machine for Arguments<'_> {
    fn integer(&mut self) -> u64 {
        let (now, later) = self.0.split_at(self.0.len().min(8));
        self.0 = later;
        let mut word = [0; 8];
        word[..now.len()].copy_from_slice(now);
        u64::from_le_bytes(word)
    }

    fn double(&mut self) -> u64 {
        self.integer()
    }

    fn long_double(&mut self) -> X87 {
        let mantissa = self.integer();
        X87 {
            mantissa,
            sign_exponent: self.integer() as u16,
        }
    }

    fn string(&self, address: u64, limit: usize) -> &[u8] {
        let text = &b"a text of some length"[address as usize % 20..];
        &text[..text.len().min(limit)]
    }

    fn wide(&self, address: u64, index: usize) -> u32 {
        if index > address as usize % 20 {
            0
        } else {
            address as u32 & 0xff
        }
    }

    fn store(&mut self, _address: u64, size: usize, _value: u64) {
        assert!([1, 2, 4, 8].contains(&size));
    }

    fn error_text(&self) -> &'static str {
        "an error"
    }
}

/// Counts; a width of two thousand million is not to be written out.
struct Count(usize);

impl Sink for Count {
    fn write(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn pad(&mut self, _byte: u8, count: usize) {
        self.0 += count;
    }
}

pub fn run(data: &[u8]) {
    let Some((&words, rest)) = data.split_first() else {
        return;
    };
    let (arguments, text) = rest.split_at(rest.len().min(usize::from(words % 16) * 8));
    let mut sink = Count(0);
    if let Ok(count) = format(text, &mut sink, &mut Arguments(arguments)) {
        assert_eq!(count, sink.0);
    }
}

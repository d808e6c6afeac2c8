// SPDX-License-Identifier: ISC
//! Any format over any input: scanning ends without a panic, assigns no more than it was asked for, and
//! reads no further than the input.
//!
//! The input is a byte that says how long the format is, the format, and what is scanned.

use libc_core::number::Source;
use libc_core::scan::{Scanned, Target, scan};

struct Memory {
    pointers: u64,
    stored: usize,
    blocks: u64,
}

impl Target for Memory {
    fn pointer(&mut self) -> u64 {
        self.pointers += 1;
        self.pointers << 32
    }

    fn store(&mut self, address: u64, offset: usize, bytes: &[u8]) {
        assert!(address != 0 && bytes.len() <= 8 && offset < 1 << 32);
        self.stored += 1;
    }

    fn grow(&mut self, _old: u64, size: usize) -> u64 {
        if size > 1 << 12 {
            return 0;
        }
        self.blocks += 1;
        self.blocks
    }
}

struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Source for Text<'_> {
    fn peek(&mut self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn advance(&mut self) {
        assert!(self.at < self.bytes.len(), "read past the end");
        self.at += 1;
    }
}

pub fn run(data: &[u8]) {
    let Some((&length, rest)) = data.split_first() else {
        return;
    };
    let (format, bytes) = rest.split_at(rest.len().min(length.into()));
    let mut memory = Memory {
        pointers: 0,
        stored: 0,
        blocks: 0,
    };
    let conversions = format.iter().filter(|&&b| b == b'%').count();
    if let Ok(Scanned::Assigned(count)) =
        scan(format, &mut Text { bytes, at: 0 }, &mut memory, true)
    {
        assert!(count as usize <= conversions);
        assert!(count == 0 || memory.stored > 0);
    }
}

// SPDX-License-Identifier: ISC
//! Reading numbers: the `strtol` family (C11 7.22.1.4) and the `strtod` family (7.22.1.3), correctly
//! rounded, from any source of bytes that can be looked at one byte ahead, so that `scanf` shares it.

mod float;
mod integer;

pub use float::{Float, Kind, float};
pub use integer::{Integer, integer};

/// Bytes to read, with one byte of lookahead.
pub trait Source {
    /// The next byte, unless the source has ended.
    fn peek(&mut self) -> Option<u8>;
    /// Moves past the byte that `peek` gave.
    fn advance(&mut self);
}

impl Source for &[u8] {
    fn peek(&mut self) -> Option<u8> {
        self.first().copied()
    }

    fn advance(&mut self) {
        if let Some((_, rest)) = self.split_first() {
            *self = rest;
        }
    }
}

/// Counts what is taken from a source.
struct Reader<'a> {
    source: &'a mut dyn Source,
    next: Option<u8>,
    taken: usize,
}

impl<'a> Reader<'a> {
    fn new(source: &'a mut dyn Source) -> Self {
        let next = source.peek();
        Reader {
            source,
            next,
            taken: 0,
        }
    }

    fn advance(&mut self) {
        self.source.advance();
        self.taken += 1;
        self.next = self.source.peek();
    }

    /// Takes the next byte if it is `lower`, an ASCII letter, in either case.
    fn accept(&mut self, lower: u8) -> bool {
        let found = self.next.is_some_and(|b| b | 0x20 == lower);
        if found {
            self.advance();
        }
        found
    }

    fn sign(&mut self) -> bool {
        let negative = self.next == Some(b'-');
        if negative || self.next == Some(b'+') {
            self.advance();
        }
        negative
    }

    fn digit(&self, base: u32) -> Option<u32> {
        char::from(self.next?).to_digit(base)
    }
}

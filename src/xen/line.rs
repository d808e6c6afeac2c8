// SPDX-License-Identifier: ISC
//! A line of text put together without the formatting machinery, which would be half of this part's size.

use super::console;

const ROOM: usize = 256;

/// Text up to 256 bytes; what does not fit is cut.
pub struct Line {
    bytes: [u8; ROOM],
    len: usize,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Line {
            bytes: [0; ROOM],
            len: 0,
        }
    }

    /// Appends bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let n = room.len().min(bytes.len());
        if let (Some(to), Some(from)) = (room.get_mut(..n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
        self.len += n;
        self
    }

    /// Appends another line.
    pub fn then(&mut self, other: &Line) -> &mut Self {
        self.bytes(other.as_bytes())
    }

    /// Appends bytes of which some may be none that a console should get.
    pub fn printable(&mut self, bytes: &[u8]) -> &mut Self {
        let shown = |byte: &u8| match byte {
            b' '..=b'~' | 0x80.. => *byte,
            _ => b'?',
        };
        bytes
            .iter()
            .fold(self, |line, byte| line.bytes(&[shown(byte)]))
    }

    /// Appends a byte in two hexadecimal digits.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.number(byte.into(), 16, 2)
    }

    /// Appends text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Appends a number in decimal.
    pub fn decimal(&mut self, number: u64) -> &mut Self {
        self.number(number, 10, 1)
    }

    /// Appends a number in hexadecimal, `0x` before it.
    pub fn hex(&mut self, number: u64) -> &mut Self {
        self.text("0x").number(number, 16, 1)
    }

    /// Appends a number in sixteen hexadecimal digits.
    pub fn register(&mut self, number: u64) -> &mut Self {
        self.number(number, 16, 16)
    }

    fn number(&mut self, mut number: u64, base: u64, least: usize) -> &mut Self {
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        for slot in digits.iter_mut().rev() {
            if number == 0 && digits_done(first, least) {
                break;
            }
            *slot = b"0123456789abcdef"
                .get((number % base) as usize)
                .copied()
                .unwrap_or(b'?');
            number /= base;
            first -= 1;
        }
        self.bytes(digits.get(first..).unwrap_or_default())
    }

    /// The text so far.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Hands the line to `write`.
    pub fn write_to(&self, write: fn(&[u8])) {
        write(self.as_bytes());
    }

    /// Writes the line to the console, which shows it together with what follows, or before the domain sleeps.
    pub fn log(&mut self) {
        self.text("\n").write_to(console::log);
    }
}

fn digits_done(first: usize, least: usize) -> bool {
    20 - first >= least
}

// SPDX-License-Identifier: ISC
//! A line of text put together without the formatting machinery, which would be half of this part's size.

use super::{console, debug_port};

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
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let n = room.len().min(bytes.len());
        if let (Some(to), Some(from)) = (room.get_mut(..n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
        self.len += n;
        self
    }

    /// Appends text.
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Appends a number in decimal.
    pub fn decimal(self, number: u64) -> Self {
        self.number(number, 10, 1)
    }

    /// Appends a number in hexadecimal, `0x` before it.
    pub fn hex(self, number: u64) -> Self {
        self.text("0x").number(number, 16, 1)
    }

    /// Appends a number in sixteen hexadecimal digits.
    pub fn register(self, number: u64) -> Self {
        self.number(number, 16, 16)
    }

    fn number(self, mut number: u64, base: u64, least: usize) -> Self {
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

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Hands the line to `write`.
    pub fn write_to(&self, write: fn(&[u8])) {
        write(self.as_bytes());
    }

    /// Writes the line to the console.
    pub fn log(self) {
        self.text("\n").write_to(console::write);
    }

    /// Writes the line to the console, if there is one already, and to the debug port.
    pub fn log_everywhere(self) {
        let line = self.text("\n");
        line.write_to(debug_port::write);
        line.write_to(console::write);
    }
}

fn digits_done(first: usize, least: usize) -> bool {
    20 - first >= least
}

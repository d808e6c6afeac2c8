// SPDX-License-Identifier: ISC
//! Short text put together: paths and values of xenstore.

/// Text up to `N` bytes.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
    cut: bool,
}

/// A path in xenstore. Those of devices have 30 bytes or so.
pub type Path = Text<192>;

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Text::new()
    }
}

impl<const N: usize> Text<N> {
    /// No text.
    pub const fn new() -> Self {
        Text {
            bytes: [0; N],
            len: 0,
            cut: false,
        }
    }

    /// Text of parts that follow one another.
    pub fn of(parts: &[&[u8]]) -> Self {
        parts
            .iter()
            .fold(Text::new(), |text, part| text.bytes(part))
    }

    /// Appends bytes; text that gets too long is [no good](Self::get) any more.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        match self.bytes.get_mut(self.len..self.len + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.cut = true,
        }
        self
    }

    /// Appends a number in decimal.
    pub fn decimal(self, mut number: u64) -> Self {
        let mut digits = [0; 20];
        let mut first = digits.len();
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            first -= 1;
            if number == 0 {
                break;
            }
        }
        self.bytes(digits.get(first..).unwrap_or_default())
    }

    /// The text; nothing when it was too long.
    pub fn get(&self) -> &[u8] {
        self.bytes
            .get(..self.len)
            .filter(|_| !self.cut)
            .unwrap_or_default()
    }
}

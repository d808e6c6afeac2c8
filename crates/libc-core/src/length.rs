// SPDX-License-Identifier: ISC
//! The length modifier of a conversion, the same for `printf` and `scanf` (C11 7.21.6.1 and 7.21.6.2, glibc's `q` and `Z`).

/// The length modifier.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// None: `int`, `double` for `printf`, `float` for `scanf`.
    Int,
    /// `hh`.
    Char,
    /// `h`.
    Short,
    /// `l`, `j`, `z`, `Z`, `t`: 64 bits each here; `double` for `scanf`.
    Long,
    /// `L`, `ll`, `q`: `long double`, and 64 bits for integers.
    LongDouble,
}

impl Length {
    /// Takes the modifier that a text begins with, and returns what follows it.
    #[inline]
    pub(crate) fn take(text: &[u8]) -> (Length, &[u8]) {
        match text {
            [b'h', b'h', rest @ ..] => (Length::Char, rest),
            [b'h', rest @ ..] => (Length::Short, rest),
            [b'l', b'l', rest @ ..] => (Length::LongDouble, rest),
            [b'L' | b'q', rest @ ..] => (Length::LongDouble, rest),
            [b'l' | b'j' | b'z' | b'Z' | b't', rest @ ..] => (Length::Long, rest),
            _ => (Length::Int, text),
        }
    }

    /// Size of the integer type it names: 1, 2, 4 or 8.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Length::Char => 1,
            Length::Short => 2,
            Length::Int => 4,
            Length::Long | Length::LongDouble => 8,
        }
    }
}

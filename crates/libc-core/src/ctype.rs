// SPDX-License-Identifier: ISC
//! Character classes of the "C" locale (C11 7.4) as glibc's headers read them: one 16-bit word of
//! class bits for each of -128 to 255, EOF being -1.

/// An upper-case letter.
pub const UPPER: u16 = 0x100;
/// A lower-case letter.
pub const LOWER: u16 = 0x200;
/// A letter.
pub const ALPHA: u16 = 0x400;
/// A decimal digit.
pub const DIGIT: u16 = 0x800;
/// A hexadecimal digit.
pub const XDIGIT: u16 = 0x1000;
/// White space.
pub const SPACE: u16 = 0x2000;
/// A printing character.
pub const PRINT: u16 = 0x4000;
/// A printing character other than a space.
pub const GRAPH: u16 = 0x8000;
/// A space or tab.
pub const BLANK: u16 = 0x1;
/// A control character.
pub const CNTRL: u16 = 0x2;
/// Punctuation.
pub const PUNCT: u16 = 0x4;
/// A letter or digit.
pub const ALNUM: u16 = 0x8;

const fn class(byte: u8) -> u16 {
    let mut bits = 0;
    if byte.is_ascii_uppercase() {
        bits |= UPPER;
    }
    if byte.is_ascii_lowercase() {
        bits |= LOWER;
    }
    if byte.is_ascii_alphabetic() {
        bits |= ALPHA;
    }
    if byte.is_ascii_digit() {
        bits |= DIGIT;
    }
    if byte.is_ascii_hexdigit() {
        bits |= XDIGIT;
    }
    if matches!(byte, b' ' | b'\t'..=b'\r') {
        bits |= SPACE;
    }
    if matches!(byte, b' '..=b'~') {
        bits |= PRINT;
    }
    if byte.is_ascii_graphic() {
        bits |= GRAPH;
    }
    if matches!(byte, b' ' | b'\t') {
        bits |= BLANK;
    }
    if byte.is_ascii_control() {
        bits |= CNTRL;
    }
    if byte.is_ascii_punctuation() {
        bits |= PUNCT;
    }
    if byte.is_ascii_alphanumeric() {
        bits |= ALNUM;
    }
    bits
}

/// Class bits of the values from -128 to 255; character 0 has the index 128.
pub static CLASSES: [u16; 384] = {
    let mut table = [0; 384];
    let mut byte = 0;
    while byte < 128 {
        table[128 + byte] = class(byte as u8);
        byte += 1;
    }
    table
};

const fn map(upper: bool) -> [i32; 384] {
    let mut table = [0; 384];
    let mut index = 0;
    while index < 384 {
        // Below zero glibc has what `signed char` would be as a byte, and EOF for -1.
        let value = index as i32 - 128;
        let byte = value as u8;
        table[index] = match upper {
            _ if value == -1 => -1,
            true => byte.to_ascii_uppercase() as i32,
            false => byte.to_ascii_lowercase() as i32,
        };
        index += 1;
    }
    table
}

/// `toupper` of the values from -128 to 255; character 0 has the index 128.
pub static UPPER_CASE: [i32; 384] = map(true);
/// `tolower` of the values from -128 to 255; character 0 has the index 128.
pub static LOWER_CASE: [i32; 384] = map(false);

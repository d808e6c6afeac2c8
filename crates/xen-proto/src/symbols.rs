// SPDX-License-Identifier: ISC
//! The names of a program's functions, as `tools/xen-symbols` appends them to a linked image.
//!
//! Numbers are little-endian. Sixteen bytes of identity follow the magic, then the address that the first entry counts from,
//! then the entries in the order of their addresses:
//!
//! | Bytes | What |
//! |---|---|
//! | LEB128 | distance from the entry before |
//! | 1 | how many bytes the name has in common with the start of the name before |
//! | 1 | how many follow |
//! | … | those |

use crate::bytes::u64_at;

/// What a table starts with; the digit is the format's version.
pub const MAGIC: [u8; 8] = *b"XENSYMS1";
/// Bytes before the entries.
pub const HEADER: usize = 32;
/// The longest name; the tool cuts longer ones.
pub const NAME_MAX: usize = 120;
/// Bytes that identify an image.
pub const IDENTITY: usize = 16;

/// A table of names.
#[derive(Clone, Copy)]
pub struct Symbols<'a> {
    bytes: &'a [u8],
    base: u64,
}

/// A name, with the bytes that are its own.
pub struct Name {
    bytes: [u8; NAME_MAX],
    len: usize,
    /// How far into the function the address is.
    pub offset: u64,
}

impl Name {
    /// The name.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl<'a> Symbols<'a> {
    /// The table in `bytes`, where there is one.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        bytes.starts_with(&MAGIC).then_some(())?;
        Some(Symbols {
            bytes,
            base: u64_at(bytes, MAGIC.len() + IDENTITY)?,
        })
    }

    /// What the image's contents are known by: the start of the SHA-256 of what is loaded.
    pub fn identity(&self) -> &'a [u8] {
        self.bytes
            .get(MAGIC.len()..MAGIC.len() + IDENTITY)
            .unwrap_or_default()
    }

    /// The function that `address` lies in: the last one that starts at or below it. `None` below the first.
    pub fn find(&self, address: u64) -> Option<Name> {
        let mut rest = self.bytes.get(HEADER..)?;
        let mut name = Name {
            bytes: [0; NAME_MAX],
            len: 0,
            offset: 0,
        };
        let (mut at, mut found) = (self.base, false);
        while !rest.is_empty() {
            let start = at.wrapping_add(number(&mut rest)?);
            if start > address {
                break;
            }
            let (&[common, more], after) = rest.split_first_chunk::<2>()?;
            let (suffix, after) = after.split_at_checked(more.into())?;
            let (common, end) = (usize::from(common), usize::from(common) + suffix.len());
            (common <= name.len).then_some(())?;
            crate::bytes::copy(name.bytes.get_mut(common..end)?, suffix)?;
            name.len = end;
            rest = after;
            at = start;
            found = true;
        }
        name.offset = address.wrapping_sub(at);
        found.then_some(name)
    }
}

/// An unsigned LEB128 number of at most 64 bits.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}

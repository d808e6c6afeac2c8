// SPDX-License-Identifier: ISC
//! Numbers out of a table, each read past which ends in `None`.

use super::Section;

/// A part of the section that is read from its start.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    section: Section<'a>,
    at: usize,
    end: usize,
}

/// A range of the section, in bytes from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(section: &Section<'a>) -> Self {
        Reader {
            section: *section,
            at: 0,
            end: section.bytes.len(),
        }
    }

    pub(super) fn of(section: &Section<'a>, block: Block) -> Self {
        let end = section.bytes.len();
        Reader {
            section: *section,
            at: (block.start as usize).min(end),
            end: (block.end as usize).min(end),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    /// How far into the section this is.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The address of what is read next.
    pub(super) fn address(&self) -> u64 {
        self.section.address.wrapping_add(self.at as u64)
    }

    /// What is left, from here on.
    pub(super) fn rest(&self) -> Block {
        Block {
            start: self.at as u32,
            end: self.end as u32,
        }
    }

    /// The next `len` bytes.
    pub(super) fn block(&mut self, len: u64) -> Option<Block> {
        let end = usize::try_from(len).ok()?.checked_add(self.at)?;
        (end <= self.end).then_some(())?;
        let block = Block {
            start: self.at as u32,
            end: end as u32,
        };
        self.at = end;
        Some(block)
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        (self.end - self.at.min(self.end) >= N).then_some(())?;
        let bytes = self.section.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(*bytes)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.fixed().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.fixed().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.fixed().map(u64::from_le_bytes)
    }

    /// A number in groups of seven bits (LEB128), its bit that stands for the sign, and where the groups end, at most 64; what
    /// is beyond 64 bits is lost.
    fn groups(&mut self) -> Option<(u64, bool, u32)> {
        let (mut value, mut shift) = (0u64, 0);
        loop {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift = (shift + 7).min(64);
            if byte & 0x80 == 0 {
                return Some((value, byte & 0x40 != 0, shift));
            }
        }
    }

    /// An unsigned number in groups of seven bits; what is beyond 64 bits is lost.
    pub(super) fn unsigned(&mut self) -> Option<u64> {
        self.groups().map(|(value, ..)| value)
    }

    /// A signed one.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let (value, negative, end) = self.groups()?;
        let sign = if negative {
            u64::MAX.checked_shl(end).unwrap_or(0)
        } else {
            0
        };
        Some((value | sign) as i64)
    }

    /// An address in one of the encodings (DW_EH_PE) that a static program has.
    pub(super) fn pointer(&mut self, encoding: u8) -> Option<u64> {
        let base = match encoding & 0x70 {
            0x00 => 0,
            0x10 => self.address(),
            _ => return None,
        };
        Some(base.wrapping_add(self.plain(encoding)?))
    }

    /// A number of the size and signedness of an encoding, without what it is relative to.
    pub(super) fn plain(&mut self, encoding: u8) -> Option<u64> {
        match encoding & 0x0f {
            0x00 | 0x04 | 0x0c => self.u64(),
            0x03 => self.u32().map(u64::from),
            0x0b => self.u32().map(|value| value as i32 as u64),
            _ => None,
        }
    }
}

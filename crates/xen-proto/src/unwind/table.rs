// SPDX-License-Identifier: ISC
//! Which entry of `.eh_frame` describes an address, and what it and its common entry say.

use super::Section;
use super::reader::{Block, Reader};

/// A frame description entry with what it has from its common information entry.
pub(super) struct Description {
    /// The code it describes.
    pub(super) start: u64,
    pub(super) code_alignment: u64,
    pub(super) data_alignment: i64,
    /// Instructions that make the first row, and those that make the others from it.
    pub(super) initial: Block,
    pub(super) instructions: Block,
    /// The code was interrupted where its caller's frame begins: an exception's gate.
    pub(super) signal: bool,
}

/// What a common information entry says.
struct Common {
    code_alignment: u64,
    data_alignment: i64,
    initial: Block,
    encoding: u8,
    augmented: bool,
    signal: bool,
}

impl Description {
    /// The entry for the code at `address`. Looks at each in turn: the tables of a unikernel are a few ten kilobytes.
    pub(super) fn find(section: &Section<'_>, address: u64) -> Option<Description> {
        // Entry numbers and offsets are 32 bits.
        u32::try_from(section.bytes.len()).ok()?;
        let mut reader = Reader::new(section);
        let mut last: Option<(usize, Common)> = None;
        while !reader.is_empty() {
            let length = reader.u32()?;
            if length == 0 {
                continue;
            }
            let entry = reader.block(length.into())?;
            let mut entry = Reader::of(section, entry);
            let from = entry.position();
            let common = entry.u32()? as usize;
            if common == 0 {
                continue;
            }
            let common = from.checked_sub(common)?;
            if last.as_ref().is_none_or(|(place, _)| *place != common) {
                last = Some((common, Common::read(section, common)?));
            }
            let (_, common) = last.as_ref()?;
            let start = entry.pointer(common.encoding)?;
            let size = entry.plain(common.encoding)?;
            if address.wrapping_sub(start) >= size {
                continue;
            }
            if common.augmented {
                let length = entry.unsigned()?;
                entry.block(length)?;
            }
            return Some(Description {
                start,
                code_alignment: common.code_alignment,
                data_alignment: common.data_alignment,
                initial: common.initial,
                instructions: entry.rest(),
                signal: common.signal,
            });
        }
        None
    }
}

impl Common {
    fn read(section: &Section<'_>, place: usize) -> Option<Common> {
        let whole = Block {
            start: u32::try_from(place).ok()?,
            end: section.bytes.len() as u32,
        };
        let mut reader = Reader::of(section, whole);
        let length = reader.u32()?;
        let entry = reader.block(length.into())?;
        let mut reader = Reader::of(section, entry);
        if reader.u32()? != 0 {
            return None;
        }
        let version = reader.u8()?;
        let mut letters = reader;
        while reader.u8()? != 0 {}
        let code_alignment = reader.unsigned()?;
        let data_alignment = reader.signed()?;
        // The column of the return address: 16 on this processor.
        match version {
            1 => u64::from(reader.u8()?),
            3 => reader.unsigned()?,
            _ => return None,
        };
        let mut common = Common {
            code_alignment,
            data_alignment,
            initial: reader.rest(),
            encoding: 0,
            augmented: false,
            signal: false,
        };
        loop {
            match letters.u8()? {
                0 => break,
                b'z' => {
                    common.augmented = true;
                    let length = reader.unsigned()?;
                    let mut after = reader;
                    after.block(length)?;
                    common.initial = after.rest();
                }
                b'R' => common.encoding = reader.u8()?,
                b'S' => common.signal = true,
                // A language's own handler, and its data in each entry: of no concern here.
                b'P' => {
                    let encoding = reader.u8()?;
                    reader.plain(encoding)?;
                }
                b'L' => {
                    reader.u8()?;
                }
                _ => return None,
            }
        }
        Some(common)
    }
}

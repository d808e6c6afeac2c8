// SPDX-License-Identifier: ISC
//! Finds a note in an ELF64 image (System V ABI, AMD64 supplement, "Note Section"). No offset in the file is trusted.

/// The type of Solo5's note with target and version: "ABI1".
pub const ABI1: u32 = 0x3149_4241;
/// The type of Solo5's manifest: "MFT1".
pub const MFT1: u32 = 0x3154_464d;

const PT_NOTE: u32 = 4;

/// A note: all of it, header first, and where its descriptor is in there.
pub struct Note<'a> {
    bytes: &'a [u8],
    descriptor: std::ops::Range<usize>,
}

impl<'a> Note<'a> {
    pub fn descriptor(&self) -> &'a [u8] {
        &self.bytes[self.descriptor.clone()]
    }

    /// From `alignment` bytes' boundary on, counted from the note's start: where a C compiler put a structure that needs it.
    pub fn aligned(&self, alignment: usize) -> &'a [u8] {
        let start = self.descriptor.start.next_multiple_of(alignment);
        self.bytes.get(start..).unwrap_or(&[])
    }
}

pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let word = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<usize> {
    let half = bytes.get(offset..offset + 2)?;
    Some(usize::from(u16::from_le_bytes(half.try_into().ok()?)))
}

fn offset_at(bytes: &[u8], offset: usize) -> Option<usize> {
    let long = bytes.get(offset..offset.checked_add(8)?)?;
    usize::try_from(u64::from_le_bytes(long.try_into().ok()?)).ok()
}

/// The first note of that owner (its final zero included) and type; `None` where there is none.
pub fn find<'a>(image: &'a [u8], owner: &[u8], kind: u32) -> Result<Option<Note<'a>>, String> {
    if image.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err("not a 64-bit little-endian ELF file".into());
    }
    let headers = (offset_at(image, 32), u16_at(image, 54), u16_at(image, 56));
    let (Some(start), Some(size @ 56..), Some(count)) = headers else {
        return Err("no program headers: is this a linked image?".into());
    };
    for index in 0..count {
        let header = start
            .checked_add(index * size)
            .and_then(|at| image.get(at..at.checked_add(56)?))
            .ok_or("the program headers lie outside the file")?;
        if u32_at(header, 0) != Some(PT_NOTE) {
            continue;
        }
        let (Some(offset), Some(length)) = (offset_at(header, 8), offset_at(header, 32)) else {
            return Err("a segment of notes lies outside the file".into());
        };
        let segment = offset
            .checked_add(length)
            .and_then(|end| image.get(offset..end));
        let segment = segment.ok_or("a segment of notes lies outside the file")?;
        if let Some(found) = find_in(segment, owner, kind) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn find_in<'a>(mut segment: &'a [u8], owner: &[u8], kind: u32) -> Option<Note<'a>> {
    while let (Some(name), Some(size), Some(found)) =
        (u32_at(segment, 0), u32_at(segment, 4), u32_at(segment, 8))
    {
        let start = 12usize.checked_add((name as usize).checked_next_multiple_of(4)?)?;
        let end = start.checked_add(size as usize)?;
        segment.get(start..end)?;
        if found == kind && segment.get(12..12 + name as usize) == Some(owner) {
            return Some(Note {
                bytes: segment,
                descriptor: start..end,
            });
        }
        segment = segment.get(end.checked_next_multiple_of(4)?..)?;
    }
    None
}

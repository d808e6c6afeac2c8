// SPDX-License-Identifier: ISC
//! The Solo5 manifest: the devices that a program declares, by name, in a note of its image.
//!
//! Format: Solo5's `MFT1` note as `solo5-elftool gen-manifest` makes it: an ELF note header, the name "Solo5", four
//! bytes that align what follows, the manifest's version and number of entries, and entries of 104 bytes. The first
//! entry is reserved and has no name; an entry's index is the handle by which the program uses the device.

use crate::bytes::u32_at;

/// `MFT1` as the type of an ELF note.
const NOTE_TYPE: u32 = 0x3154_464d;
/// The only version there is.
const VERSION: u32 = 1;
/// Where the manifest starts in the note: its 20 bytes of header and name, aligned to 8.
const START: usize = 24;
/// Bytes before the first entry.
const HEADER: usize = 8;
/// Bytes of an entry, of which the name comes first and the type after it.
const ENTRY: usize = 104;
const NAME: usize = 68;
/// The most entries there can be, the reserved one included: a handle is a bit of 64.
pub const MAX_ENTRIES: usize = 64;
/// The type of the entry that is no device.
const RESERVED_FIRST: u32 = 1 << 30;

/// What kind a device is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `MFT_DEV_BLOCK_BASIC`.
    Block,
    /// `MFT_DEV_NET_BASIC`.
    Net,
}

/// Why a manifest is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The program has none.
    Missing,
    /// The note is cut short, or is not Solo5's.
    BadNote,
    /// A version other than 1.
    BadVersion,
    /// More than 64 entries.
    TooMany,
    /// The note's size is not that of its entries.
    BadSize,
    /// The first entry is not the reserved one.
    NoReservedEntry,
    /// A name is empty, or not ended by a zero byte.
    BadName,
    /// Two devices have the same name.
    Twice,
    /// A device is of a kind that Xen has no devices for.
    BadKind,
}

impl Error {
    /// The error as text.
    pub const fn text(self) -> &'static str {
        match self {
            Error::Missing => "the program has no manifest",
            Error::BadNote => "the manifest's note is malformed",
            Error::BadVersion => "the manifest's version is not 1",
            Error::TooMany => "the manifest has more than 64 entries",
            Error::BadSize => "the manifest's size is not that of its entries",
            Error::NoReservedEntry => "the manifest's first entry is not the reserved one",
            Error::BadName => "a name in the manifest is empty or not ended by a zero byte",
            Error::Twice => "two devices in the manifest have the same name",
            Error::BadKind => "the manifest names a device of an unknown kind",
        }
    }
}

/// A device that the manifest declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// Its handle: 1 to 63.
    pub handle: usize,
    /// Its name, 1 to 67 bytes.
    pub name: &'a [u8],
    /// What it is.
    pub kind: Kind,
    /// How many devices of its kind come before it.
    pub order: usize,
}

/// A manifest that was found to be well-formed.
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'a> {
    entries: &'a [u8],
}

impl<'a> Manifest<'a> {
    /// Reads the note that `section` starts with.
    ///
    /// # Errors
    ///
    /// What is wrong with it. A note without any entry, which programs made for Xen have, counts as well-formed.
    pub fn parse(section: &'a [u8]) -> Result<Self, Error> {
        if section.is_empty() {
            return Err(Error::Missing);
        }
        let word = |at| u32_at(section, at).ok_or(Error::BadNote);
        let size = word(4)? as usize;
        if word(0)? != 6 || word(8)? != NOTE_TYPE || section.get(12..18) != Some(b"Solo5\0") {
            return Err(Error::BadNote);
        }
        if word(START)? != VERSION {
            return Err(Error::BadVersion);
        }
        let count = word(START + 4)? as usize;
        if count == 0 {
            return Ok(Manifest { entries: &[] });
        }
        if count > MAX_ENTRIES {
            return Err(Error::TooMany);
        }
        // The note's size counts the four bytes of alignment.
        let end = START + HEADER + count * ENTRY;
        if size + 20 != end {
            return Err(Error::BadSize);
        }
        let entries = section.get(START + HEADER..end).ok_or(Error::BadSize)?;
        let manifest = Manifest { entries };
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), Error> {
        let first = self.entries.first_chunk::<ENTRY>();
        if first.is_none_or(|entry| u32_at(entry, NAME) != Some(RESERVED_FIRST) || entry[0] != 0) {
            return Err(Error::NoReservedEntry);
        }
        for (index, entry) in self.entries().enumerate().skip(1) {
            let name = name(entry).ok_or(Error::BadName)?;
            kind(entry).ok_or(Error::BadKind)?;
            if self
                .entries()
                .take(index)
                .any(|other| self::name(other) == Some(name))
            {
                return Err(Error::Twice);
            }
        }
        Ok(())
    }

    fn entries(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.entries.chunks_exact(ENTRY)
    }

    /// The devices, in the manifest's order.
    pub fn devices(&self) -> impl Iterator<Item = Device<'a>> + use<'a> {
        let mut seen = [0; 2];
        self.entries()
            .enumerate()
            .skip(1)
            .filter_map(move |(handle, entry)| {
                let kind = kind(entry)?;
                let order = &mut seen[usize::from(kind == Kind::Net)];
                *order += 1;
                Some(Device {
                    handle,
                    name: name(entry)?,
                    kind,
                    order: *order - 1,
                })
            })
    }

    /// How many devices of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.devices().filter(|device| device.kind == kind).count()
    }

    /// The device of that name and kind.
    pub fn find(&self, kind: Kind, name: &[u8]) -> Option<Device<'a>> {
        self.devices()
            .find(|device| device.kind == kind && device.name == name)
    }
}

fn name(entry: &[u8]) -> Option<&[u8]> {
    let field = entry.get(..NAME)?;
    let end = field.iter().position(|&byte| byte == 0)?;
    field.get(..end).filter(|name| !name.is_empty())
}

fn kind(entry: &[u8]) -> Option<Kind> {
    match u32_at(entry, NAME)? {
        1 => Some(Kind::Block),
        2 => Some(Kind::Net),
        _ => None,
    }
}

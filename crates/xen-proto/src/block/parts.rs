// SPDX-License-Identifier: ISC
//! What the backend says of its disk, and transfers cut into requests.

use super::{PAGE, SECTOR};

/// What kind of disk it is. Whatever numbers the backend gives, this is one that makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Sectors of 512 bytes; their number of bytes fits 63 bits.
    pub sectors: u64,
    /// Bytes of the disk's own sectors, the least that can be transferred: a power of two, 512 to 4096.
    pub block: u64,
    /// Writes are refused.
    pub read_only: bool,
}

/// `VDISK_READONLY`.
const READ_ONLY: u64 = 4;

impl Geometry {
    /// The disk that `sectors`, `sector-size` and `info` describe; `None` when they make no sense.
    pub const fn new(sectors: u64, sector_size: u64, info: u64) -> Option<Self> {
        let block = sector_size;
        if !block.is_power_of_two()
            || block < SECTOR
            || block > PAGE as u64
            || sectors > i64::MAX as u64 / SECTOR
        {
            return None;
        }
        // A disk ends with a whole sector of its own.
        let sectors = sectors - sectors % (block / SECTOR);
        Some(Geometry {
            sectors,
            block,
            read_only: info & READ_ONLY != 0,
        })
    }

    /// Bytes of the disk.
    pub const fn capacity(&self) -> u64 {
        self.sectors * SECTOR
    }

    /// Whether `len` bytes at `offset` are whole sectors of the disk; also when `len` is 0.
    pub const fn holds(&self, offset: u64, len: u64) -> bool {
        match offset.checked_add(len) {
            Some(end) => end <= self.capacity() && (offset | len) & (self.block - 1) == 0,
            None => false,
        }
    }
}

/// A request's part of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its first sector.
    pub sector: u64,
    /// Where its bytes are in the buffer.
    pub start: usize,
    /// How many bytes, a multiple of 512.
    pub len: usize,
}

/// The requests, of at most `pages` pages each, that a transfer of `len` bytes at sector `sector` takes.
pub fn parts(sector: u64, len: usize, pages: usize) -> impl Iterator<Item = Part> {
    let most = pages.max(1) * PAGE;
    (0..len).step_by(most).map(move |start| Part {
        sector: sector + start as u64 / SECTOR,
        start,
        len: most.min(len - start),
    })
}

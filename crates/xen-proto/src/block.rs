// SPDX-License-Identifier: ISC
//! The block protocol: requests and responses on the ring that a frontend shares with blkback.
//!
//! Layout and protocol: xen/include/public/io/blkif.h, the 64-bit x86 layout. Sectors are of 512 bytes throughout, whatever
//! the disk's own are: that is what every backend and frontend does, and what newer versions of the header say.
//!
//! A request's id is its place among the disk's, and each [`Queue`] knows which of them it has, so that an id from the backend
//! selects nothing but a request that was asked by that ring.

use crate::ring::{Front, Overrun, SharedRing};

mod parts;
mod queues;
mod unflushed;

pub use parts::{Geometry, Part, parts};
pub use queues::{Queues, count};
pub use unflushed::Unflushed;

/// Slots of a ring, and how many requests there can be in it at once.
pub const SLOTS: usize = 32;
/// Queues of a disk, each with a ring and an event channel of its own, at most.
pub const QUEUES: usize = 4;
/// Requests of a disk at once, at most.
pub const REQUESTS: usize = QUEUES * SLOTS;
/// Bytes of a sector on the ring.
pub const SECTOR: u64 = 512;
/// Bytes of a page.
pub const PAGE: usize = 4096;
/// `BLKIF_MAX_SEGMENTS_PER_REQUEST`: segments in a request itself.
pub const DIRECT: usize = 11;
/// Segments in a page of them.
pub const INDIRECT: usize = PAGE / 8;

/// The page of requests.
pub type Page = SharedRing<28, SLOTS>;

const _: () = assert!(size_of::<Page>() == PAGE);

/// What is asked of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `BLKIF_OP_READ`.
    Read,
    /// `BLKIF_OP_WRITE`.
    Write,
    /// `BLKIF_OP_FLUSH_DISKCACHE`: what was written before stays whatever happens.
    Flush,
    /// `BLKIF_OP_DISCARD`: the sectors' contents are of no use any more.
    Discard,
}

impl Operation {
    const fn number(self) -> u32 {
        match self {
            Operation::Read => 0,
            Operation::Write => 1,
            Operation::Flush => 3,
            Operation::Discard => 5,
        }
    }
}

/// `BLKIF_OP_INDIRECT`.
const OP_INDIRECT: u32 = 6;

/// Sectors of a page that another domain may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// The page's grant reference.
    pub reference: u32,
    /// The first sector, 0 to 7.
    pub first: u8,
    /// The last sector, 0 to 7.
    pub last: u8,
}

impl Segment {
    /// The segment as it stands in a request or a page of segments.
    pub const fn words(self) -> [u32; 2] {
        [self.reference, self.first as u32 | (self.last as u32) << 8]
    }
}

/// Where the segments of a request are.
#[derive(Clone, Copy, Debug)]
pub enum Segments<'a> {
    /// In the request, at most [`DIRECT`].
    Direct(&'a [Segment]),
    /// So many, at most [`INDIRECT`], in a page with this grant reference.
    Indirect(usize, u32),
}

/// The backend broke the protocol: its ring is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// More responses than requests.
    Overrun,
    /// A response to a request that there was not.
    BadId,
}

impl Broken {
    /// The error as text.
    pub const fn text(self) -> &'static str {
        match self {
            Broken::Overrun => "more responses than requests",
            Broken::BadId => "a response to no request",
        }
    }
}

impl From<Overrun> for Broken {
    fn from(_: Overrun) -> Self {
        Broken::Overrun
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `BLKIF_RSP_OKAY`.
    Done,
    /// `BLKIF_RSP_ERROR`, or a number that the header does not have.
    Failed,
    /// `BLKIF_RSP_EOPNOTSUPP`.
    Unsupported,
    /// Of a flush: what was written before may be lost. See [`Unflushed`].
    Lost,
}

/// The mark of an id; 0 of one that there is not.
const fn bit(id: usize) -> u128 {
    if id < REQUESTS { 1 << id } else { 0 }
}

/// A ring of requests.
pub struct Queue<'a> {
    ring: Front<'a, 28, SLOTS>,
    /// The number of the device on the backend's side.
    handle: u16,
    /// A bit an id: the backend has it, by this ring.
    lent: u128,
}

const _: () = assert!(REQUESTS <= 128);

impl<'a> Queue<'a> {
    /// An empty ring in `page`, of virtual device `handle`.
    pub fn new(page: &'a Page, handle: u16) -> Self {
        let mut ring = Front::new(page);
        ring.ask_no_event();
        Queue {
            ring,
            handle,
            lent: 0,
        }
    }

    /// Requests without a response.
    pub fn in_flight(&self) -> usize {
        self.ring.outstanding()
    }

    /// How many requests can be put.
    pub fn room(&self) -> usize {
        self.ring.free()
    }

    /// Puts a request with number `id`, below [`REQUESTS`], for `count` sectors from `sector` on; false when the id is in use, the
    /// ring is full or there are too many segments. Only a discard looks at `count`. The backend sees it after [`publish`](Self::publish).
    pub fn put(
        &mut self,
        id: usize,
        operation: Operation,
        sector: u64,
        count: u64,
        segments: Segments<'_>,
    ) -> bool {
        let bit = bit(id);
        if bit == 0 || self.lent & bit != 0 {
            return false;
        }
        let mut words = [0; 28];
        let number = operation.number();
        let head = match segments {
            Segments::Direct(list) if list.len() <= DIRECT => {
                let (_, places) = words.split_at_mut(6);
                for (place, segment) in places.chunks_exact_mut(2).zip(list) {
                    place.copy_from_slice(&segment.words());
                }
                // A discard has flags in the segments' place.
                number | (list.len() as u32) << 8 | u32::from(self.handle) << 16
            }
            Segments::Indirect(count, reference) if count <= INDIRECT => {
                words[6] = u32::from(self.handle);
                words[7] = reference;
                OP_INDIRECT | number << 8 | (count as u32) << 16
            }
            _ => return false,
        };
        words[0] = head;
        words[2] = id as u32;
        words[4] = sector as u32;
        words[5] = (sector >> 32) as u32;
        if operation == Operation::Discard {
            words[6] = count as u32;
            words[7] = (count >> 32) as u32;
        }
        if self.ring.put(words).is_none() {
            return false;
        }
        self.lent |= bit;
        true
    }

    /// Shows the backend what was put; true when it wants an event for that.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        self.ring.publish()
    }

    /// Takes a response: the request's id and what became of it.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn take(&mut self) -> Result<Option<(usize, Status)>, Broken> {
        if self.ring.waiting()? == 0 {
            return Ok(None);
        }
        let response = self.ring.peek(0);
        let [id, high, word, ..] = response;
        let bit = bit(id as usize);
        if high != 0 || self.lent & bit == 0 {
            return Err(Broken::BadId);
        }
        self.lent &= !bit;
        self.ring.take(1);
        let status = match (word >> 16) as i16 {
            0 => Status::Done,
            -2 => Status::Unsupported,
            _ => Status::Failed,
        };
        Ok(Some((id as usize, status)))
    }

    /// Asks for an event for the `more`th response from now on, at least the next; true when there are that many already.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn ask_event(&mut self, more: usize) -> Result<bool, Broken> {
        let more = more.clamp(1, self.in_flight().max(1));
        Ok(self.ring.ask_event(more)?)
    }

    /// Whether there is a response.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn has_response(&self) -> Result<bool, Broken> {
        Ok(self.ring.waiting()? != 0)
    }
}

// SPDX-License-Identifier: ISC
//! The network protocol: packets in and out of the rings that a frontend shares with netback.
//!
//! Layout and protocol: xen/include/public/io/netif.h. [`Tx`] and [`Rx`] deal with a ring each and with the numbers of
//! the pages that packets lie in; the pages themselves are the caller's. A page's number is the id of its request, so
//! that an id from the backend selects nothing but a page that it was lent.

mod checksum;
mod cut;
mod queues;
mod rx;
mod tx;

pub use checksum::fill as fill_checksum;
pub use cut::{Cut, MAX_HEADERS};
pub use queues::{MOST_QUEUES, QUEUE_PAGES, flow, queues, share};
pub use rx::{Fragment, MAX_FRAGMENTS, Packet, Rx};
pub use tx::Tx;

use crate::ring::{Overrun, SharedRing};

/// Slots of either ring.
pub const SLOTS: usize = 256;
/// Bytes of a page, the most that a request stands for.
pub const PAGE: usize = 4096;
/// The most bytes of a packet: the size of a request is a 16-bit number.
pub const MAX_PACKET: usize = 65535;

/// The page of requests to send.
pub type TxPage = SharedRing<3, SLOTS>;
/// The page of pages to receive into.
pub type RxPage = SharedRing<2, SLOTS>;

const _: () = assert!(size_of::<TxPage>() == PAGE && size_of::<RxPage>() == PAGE);

/// The backend broke the protocol: its rings are of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// More responses than requests.
    Overrun,
    /// A response to a request that there was not, or out of turn.
    BadId,
    /// Bytes outside of the page.
    BadLength,
    /// Extra information of an unknown kind, or a packet of too many pieces.
    BadPacket,
}

impl Broken {
    /// The error as text.
    pub const fn text(self) -> &'static str {
        match self {
            Broken::Overrun => "more responses than requests",
            Broken::BadId => "a response to no request",
            Broken::BadLength => "bytes outside of a page",
            Broken::BadPacket => "a malformed packet",
        }
    }
}

impl From<Overrun> for Broken {
    fn from(_: Overrun) -> Self {
        Broken::Overrun
    }
}

/// `NETTXF_*` and `NETRXF_*`: the first two bits change places between the directions.
mod flags {
    pub const TX_CSUM_BLANK: u16 = 1;
    pub const TX_DATA_VALIDATED: u16 = 2;
    pub const RX_DATA_VALIDATED: u16 = 1;
    pub const RX_CSUM_BLANK: u16 = 2;
    pub const MORE_DATA: u16 = 4;
    pub const EXTRA_INFO: u16 = 8;
}

/// `XEN_NETIF_EXTRA_TYPE_GSO` and `XEN_NETIF_EXTRA_FLAG_MORE`.
const EXTRA_GSO: u32 = 1;
const EXTRA_MORE: u32 = 1 << 8;

/// A TCP segment too long for the wire, to be cut by whoever puts it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gso {
    /// Bytes of TCP payload in each piece; not 0.
    pub size: u16,
    /// Over IPv6, not IPv4.
    pub v6: bool,
}

/// What a packet leaves to do for others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offload {
    /// TCP's or UDP's checksum holds the sum of the pseudo header only.
    pub blank: bool,
    /// The checksum need not be looked at.
    pub validated: bool,
    /// The packet is to be cut.
    pub gso: Option<Gso>,
}

/// Page numbers, each handed out once.
pub struct Pool {
    free: [u8; SLOTS],
    count: usize,
}

impl Pool {
    /// The numbers below `pages`, at most [`SLOTS`].
    pub fn new(pages: usize) -> Self {
        Pool {
            free: core::array::from_fn(|index| index as u8),
            count: pages.min(SLOTS),
        }
    }

    fn take(&mut self) -> Option<u8> {
        let last = self.count.checked_sub(1)?;
        self.count = last;
        self.free.get(last).copied()
    }

    fn give(&mut self, page: u8) {
        if let Some(place) = self.free.get_mut(self.count) {
            *place = page;
            self.count += 1;
        }
    }
}

/// The Ethernet address that a `mac` node's value is: six pairs of hexadecimal digits between colons.
pub fn parse_mac(text: &[u8]) -> Option<[u8; 6]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut mac = [0; 6];
    let mut pairs = text.split(|&byte| byte == b':');
    for byte in &mut mac {
        let [high, low] = pairs.next()? else {
            return None;
        };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    pairs.next().is_none().then_some(mac)
}

// SPDX-License-Identifier: ISC
//! How many queues an interface has, what each has of the pages, and which of them a frame goes out on.
//!
//! Protocol: netif.h, "Multiple transmit and receive queues": the backend says in `multi-queue-max-queues` how many it takes,
//! the frontend in `multi-queue-num-queues` how many there are. Which queue a frame goes out on is the frontend's choice alone.

use super::rx::MAX_FRAGMENTS;
use core::ops::Range;

/// The most queues of an interface, whatever the backend offers: each needs [`QUEUE_PAGES`] to receive into.
pub const MOST_QUEUES: usize = 4;
/// The least pages that a queue receives into: the largest packet.
pub const QUEUE_PAGES: usize = MAX_FRAGMENTS;

const TCP: u8 = 6;
/// EtherTypes: a tag of 802.1Q, IPv4, IPv6.
const TAG: [u8; 2] = [0x81, 0];
const V4: [u8; 2] = [8, 0];
const V6: [u8; 2] = [0x86, 0xdd];

/// How many queues a connection has, when the backend says `offered` in `multi-queue-max-queues`, `None` for nothing or no
/// number, of an interface that wants `wanted` and has `pages` pages to receive into. 1 at least, which every backend takes.
pub fn queues(offered: Option<u64>, wanted: usize, pages: usize) -> usize {
    let offered = usize::try_from(offered.unwrap_or(1)).unwrap_or(MOST_QUEUES);
    offered
        .min(wanted)
        .min(pages / QUEUE_PAGES)
        .clamp(1, MOST_QUEUES)
}

/// The pages of queue `index` of `queues`, of `pages` pages that all of them share: as many for each, and one more for the first ones
/// where that leaves some.
pub fn share(pages: usize, queues: usize, index: usize) -> Range<usize> {
    let queues = queues.max(1);
    let (each, more) = (pages / queues, pages % queues);
    let start = |index: usize| (each * index + more.min(index)).min(pages);
    start(index)..start(index + 1)
}

/// The queue, of `queues`, that the Ethernet frame that starts with `frame` goes out on. The frames of a flow go out on the same
/// one, since the backend keeps the order within a queue only.
///
/// A flow is what has the same addresses of IP and, for TCP, the same ports. The ports of other protocols do not count, as in
/// most network cards: a datagram in fragments has them only in the first, and would overtake the ones before it. What is not IP
/// goes out on the first queue.
pub fn flow(frame: &[u8], queues: usize) -> usize {
    if queues < 2 {
        return 0;
    }
    let hash = hash(frame).unwrap_or(0);
    // The upper bits depend on all of the words.
    ((u64::from(hash) * queues as u64) >> 32) as usize
}

fn hash(frame: &[u8]) -> Option<u32> {
    let mut ip = 14;
    while frame.get(ip - 2..ip)? == TAG {
        ip += 4;
    }
    let kind = frame.get(ip - 2..ip)?;
    let header = frame.get(ip..)?;
    let (addresses, protocol, ports) = if kind == V4 {
        // Fragments of TCP, which hardly anybody sends, have no ports either.
        let whole = header.get(6)? & 0x3f == 0 && *header.get(7)? == 0;
        let start = usize::from(header.first()? & 15) * 4;
        let protocol = *header.get(9)?;
        (header.get(12..20)?, protocol, whole.then_some(start))
    } else if kind == V6 {
        (header.get(8..40)?, *header.get(6)?, Some(40))
    } else {
        return None;
    };
    let mut hash = mix(0, addresses);
    if protocol == TCP
        && let Some(start) = ports
    {
        hash = mix(hash, header.get(start..start + 4)?);
    }
    Some(hash)
}

/// Multiplication by an odd number near 2^32 divided by the golden ratio spreads words that differ in a few bits.
fn mix(hash: u32, bytes: &[u8]) -> u32 {
    bytes.as_chunks::<4>().0.iter().fold(hash, |hash, word| {
        let mixed = (hash ^ u32::from_be_bytes(*word)).wrapping_mul(0x9e37_79b1);
        mixed ^ mixed >> 15
    })
}

// SPDX-License-Identifier: ISC
//! Checksums that the sender left blank: packets that never were on a wire have none.
//!
//! In place of TCP's or UDP's checksum such a packet has the sum of the pseudo header (netif.h, `NETRXF_csum_blank`;
//! RFC 9293 3.1, RFC 768, RFC 8200 8.1).

use crate::checksum::{fold, sum_carry};

const TCP: u8 = 6;
const UDP: u8 = 17;
/// IPv6's extension headers that may stand between: hop-by-hop, routing, destination options.
const EXTENSIONS: [u8; 3] = [0, 43, 60];

/// Where a frame has a segment of TCP, a datagram of UDP, or something else.
pub(super) struct Segment {
    /// Where IP's header starts.
    pub ip: usize,
    /// Where what it carries starts, and ends.
    pub start: usize,
    pub end: usize,
    pub protocol: u8,
    pub v6: bool,
}

/// Computes the checksum of the Ethernet frame `frame`, over IPv4 or IPv6, over TCP or UDP. False, and nothing has changed,
/// when it is something else or a fragment.
pub fn fill(frame: &mut [u8]) -> bool {
    segment(frame, frame.len())
        .and_then(|found| finish(frame.get_mut(found.start..found.end)?, found.protocol))
        .is_some()
}

/// Computes the checksum of what goes from `start` to the frame's end, whose field may hold anything.
pub(super) fn fill_segment(
    frame: &mut [u8],
    ip: usize,
    start: usize,
    protocol: u8,
    v6: bool,
) -> Option<()> {
    let addresses = if v6 {
        ip + 8..ip + 40
    } else {
        ip + 12..ip + 20
    };
    let sum = sum_carry(frame.get(addresses)?);
    let bytes = frame.get_mut(start..)?;
    let rest = u64::from(protocol) + bytes.len() as u64;
    let pseudo = u64::from(u16::from_be(fold(sum))) + rest;
    *bytes.get_mut(place(protocol)?..)?.first_chunk_mut::<2>()? = fold(pseudo).to_be_bytes();
    finish(bytes, protocol)
}

/// Where a protocol has its checksum.
const fn place(protocol: u8) -> Option<usize> {
    match protocol {
        TCP => Some(16),
        UDP => Some(6),
        _ => None,
    }
}

/// Replaces the sum of the pseudo header by the checksum.
fn finish(bytes: &mut [u8], protocol: u8) -> Option<()> {
    let place = place(protocol)?;
    bytes.get(place..place + 2)?;
    let sum = fold(sum_carry(bytes));
    let checksum = match !u16::from_be(sum) {
        // None at all, to UDP.
        0 if protocol == UDP => 0xffff,
        checksum => checksum,
    };
    *bytes.get_mut(place..)?.first_chunk_mut::<2>()? = checksum.to_be_bytes();
    Some(())
}

pub(super) fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(
        *bytes.get(at..)?.first_chunk::<2>()?,
    )))
}

/// What the frame of `len` bytes carries, of which `frame` has the headers at least. `None` for fragments.
pub(super) fn segment(frame: &[u8], len: usize) -> Option<Segment> {
    let mut ip = 14;
    let mut kind = be16(frame, 12)?;
    // 802.1Q
    while kind == 0x8100 && ip < 22 {
        kind = be16(frame, ip + 2)?;
        ip += 4;
    }
    let (start, end, protocol, v6) = match kind {
        0x0800 => {
            let header = usize::from(*frame.get(ip)? & 15) * 4;
            // More fragments, or not the first one.
            if be16(frame, ip + 6)? & 0x3fff != 0 {
                return None;
            }
            let end = ip + be16(frame, ip + 2)?;
            (ip + header, end, *frame.get(ip + 9)?, false)
        }
        0x86dd => {
            let end = ip + 40 + be16(frame, ip + 4)?;
            let mut protocol = *frame.get(ip + 6)?;
            let mut start = ip + 40;
            while EXTENSIONS.contains(&protocol) {
                protocol = *frame.get(start)?;
                start += 8 + usize::from(*frame.get(start + 1)?) * 8;
            }
            (start, end, protocol, true)
        }
        _ => return None,
    };
    (start <= end && end <= len).then_some(Segment {
        ip,
        start,
        end,
        protocol,
        v6,
    })
}

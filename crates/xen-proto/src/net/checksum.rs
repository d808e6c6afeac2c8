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

/// Computes the checksum of the Ethernet frame `frame`, over IPv4 or IPv6, over TCP or UDP. False, and nothing has changed,
/// when it is something else or a fragment.
pub fn fill(frame: &mut [u8]) -> bool {
    let Some((start, end, protocol)) = segment(frame) else {
        return false;
    };
    let place = match protocol {
        TCP => 16,
        UDP => 6,
        _ => return false,
    };
    let Some(bytes) = frame.get_mut(start..end) else {
        return false;
    };
    let sum = fold(sum_carry(bytes));
    let checksum = match !u16::from_be(sum) {
        // None at all, to UDP.
        0 if protocol == UDP => 0xffff,
        checksum => checksum,
    };
    let Some(field) = bytes.get_mut(place..place + 2) else {
        return false;
    };
    for (to, from) in field.iter_mut().zip(checksum.to_be_bytes()) {
        *to = from;
    }
    true
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(
        *bytes.get(at..)?.first_chunk::<2>()?,
    )))
}

/// Where the segment that the frame carries starts and ends, and its protocol.
fn segment(frame: &[u8]) -> Option<(usize, usize, u8)> {
    let mut at = 14;
    let mut kind = be16(frame, 12)?;
    // 802.1Q
    while kind == 0x8100 && at < 22 {
        kind = be16(frame, at + 2)?;
        at += 4;
    }
    let (start, end, protocol) = match kind {
        0x0800 => {
            let header = usize::from(*frame.get(at)? & 15) * 4;
            // More fragments, or not the first one.
            if be16(frame, at + 6)? & 0x3fff != 0 {
                return None;
            }
            (at + header, at + be16(frame, at + 2)?, *frame.get(at + 9)?)
        }
        0x86dd => {
            let end = at + 40 + be16(frame, at + 4)?;
            let mut protocol = *frame.get(at + 6)?;
            let mut start = at + 40;
            while EXTENSIONS.contains(&protocol) {
                protocol = *frame.get(start)?;
                start += 8 + usize::from(*frame.get(start + 1)?) * 8;
            }
            (start, end, protocol)
        }
        _ => return None,
    };
    (start <= end && end <= frame.len()).then_some((start, end, protocol))
}

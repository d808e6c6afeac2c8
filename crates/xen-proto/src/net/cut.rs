// SPDX-License-Identifier: ISC
//! Segments of TCP that came larger than the wire takes, cut into the frames that they stand for.
//!
//! A backend delivers such a segment whole to a frontend that offers to take it (netif.h, `feature-gso-tcpv4`), which costs it
//! one packet instead of dozens. A program that knows nothing of this gets the frames (RFC 9293 3.4 for the sequence number,
//! RFC 791 for the header's, RFC 8200 for IPv6).

use super::Gso;
use super::checksum::{Segment, be16, fill_segment, segment};
use crate::checksum::{fold, sum_carry};

/// The most bytes of headers: Ethernet with a tag, IPv4 with all options or IPv6 with extensions, TCP with all options.
pub const MAX_HEADERS: usize = 192;
/// The least segment that is cut, as Linux has it (`TCP_MIN_SND_MSS`): less makes frames of headers.
const LEAST: usize = 48;

const TCP: u8 = 6;
const FIN: u8 = 1;
const PSH: u8 = 8;
const CWR: u8 = 0x80;

/// A segment that is being cut.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    headers: [u8; MAX_HEADERS],
    /// Where the IP header starts, and the TCP one; where the payload starts and ends.
    ip: usize,
    tcp: usize,
    start: usize,
    end: usize,
    /// Where the next frame's payload starts.
    at: usize,
    /// Bytes of payload in a frame.
    size: usize,
    v6: bool,
}

impl Cut {
    /// The frame of `len` bytes that starts with `headers`, as many of its bytes as there are up to [`MAX_HEADERS`]. `None` when it
    /// is no whole segment of TCP with a payload, over what `gso` says.
    pub fn new(headers: &[u8], len: usize, gso: Gso) -> Option<Self> {
        let Segment {
            ip,
            start: tcp,
            end,
            protocol,
            v6,
        } = segment(headers, len)?;
        let start = tcp + usize::from(headers.get(tcp + 12)? >> 4) * 4;
        let size = usize::from(gso.size);
        let sane = protocol == TCP
            && v6 == gso.v6
            && tcp >= ip + 20
            // Extensions may change what the checksum covers.
            && (!v6 || tcp == ip + 40)
            && size >= LEAST
            && start >= tcp + 20
            && start < end
            && start <= headers.len().min(MAX_HEADERS);
        if !sane {
            return None;
        }
        let mut own = [0; MAX_HEADERS];
        own.get_mut(..start)?.copy_from_slice(headers.get(..start)?);
        Some(Cut {
            headers: own,
            ip,
            tcp,
            start,
            end,
            at: start,
            size,
            v6,
        })
    }

    /// Whether all of it was handed out.
    pub fn is_over(&self) -> bool {
        self.at >= self.end
    }

    /// Writes the next frame to `frame` and returns its length; `payload` is given an offset in the segment and copies the bytes
    /// from there on. `None`, and the segment is over, when a frame is longer than `frame` has room for.
    pub fn next(
        &mut self,
        frame: &mut [u8],
        payload: impl FnOnce(usize, &mut [u8]),
    ) -> Option<usize> {
        let at = self.at;
        let now = self.size.min(self.end.checked_sub(at)?);
        let len = self.start + now;
        self.at = self.end;
        let frame = frame.get_mut(..len)?;
        let (headers, data) = frame.split_at_mut(self.start);
        headers.copy_from_slice(self.headers.get(..self.start)?);
        payload(at, data);
        let done = at - self.start;
        let (first, last) = (done == 0, at + now == self.end);
        let ip_len = len - self.ip;
        if self.v6 {
            put16(frame, self.ip + 4, ip_len - 40)?;
        } else {
            put16(frame, self.ip + 2, ip_len)?;
            let number = be16(frame, self.ip + 4)?.wrapping_add(done / self.size);
            put16(frame, self.ip + 4, number)?;
            put16(frame, self.ip + 10, 0)?;
            let header = frame.get(self.ip..self.tcp)?;
            let sum = u16::from_be(fold(sum_carry(header)));
            put16(frame, self.ip + 10, usize::from(!sum))?;
        }
        let sequence = frame.get_mut(self.tcp + 4..)?.first_chunk_mut::<4>()?;
        *sequence = u32::from_be_bytes(*sequence)
            .wrapping_add(done as u32)
            .to_be_bytes();
        let flags = frame.get_mut(self.tcp + 13)?;
        if !last {
            *flags &= !(FIN | PSH);
        }
        if !first {
            *flags &= !CWR;
        }
        fill_segment(frame, self.ip, self.tcp, TCP, self.v6)?;
        self.at = at + now;
        Some(len)
    }
}

/// Writes the low 16 bits of `value`.
fn put16(bytes: &mut [u8], at: usize, value: usize) -> Option<()> {
    *bytes.get_mut(at..)?.first_chunk_mut::<2>()? = (value as u16).to_be_bytes();
    Some(())
}

// SPDX-License-Identifier: ISC
//! The Internet checksum of RFC 1071: ones' complement sums of 16-bit words.
//!
//! Such a sum may be taken in words of any size and in either byte order and folded at the end
//! (RFC 1071, section 2), so blocks are summed as the processor reads them. [`Sum`] carries parts
//! of any length: a part that starts at an odd offset counts with its bytes swapped. What sums a
//! block is a function, so that faster ones can stand in where the processor has them.

/// Sums a block from an even offset on: words of the processor's byte order, the last byte of an
/// odd block followed by a zero. Any value that is right modulo 65535, and not 0 unless all bytes
/// are.
pub type BlockSum = fn(&[u8]) -> u64;

/// The sum of parts that follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    sum: u16,
    odd: bool,
}

impl Sum {
    /// The sum of nothing.
    pub const fn new() -> Self {
        Sum { sum: 0, odd: false }
    }

    /// Adds the part that follows, of any length.
    pub fn add(&mut self, part: &[u8], block: BlockSum) {
        let sum = fold(block(part));
        let placed = if self.odd { sum.swap_bytes() } else { sum };
        self.sum = fold(u64::from(self.sum) + u64::from(placed));
        self.odd ^= !part.len().is_multiple_of(2);
    }

    /// The checksum, as a number whose bytes go to the wire most significant first.
    pub const fn checksum(&self) -> u16 {
        !u16::from_be(self.sum)
    }
}

/// The checksum of one buffer.
pub fn checksum(bytes: &[u8], block: BlockSum) -> u16 {
    !u16::from_be(fold(block(bytes)))
}

/// Adds the 16-bit words of a sum up until one is left: 0 for 0 only.
pub const fn fold(sum: u64) -> u16 {
    let sum = (sum >> 32) + (sum & 0xffff_ffff);
    let sum = (sum >> 32) + (sum & 0xffff_ffff);
    let sum = (sum >> 16) + (sum & 0xffff);
    let sum = (sum >> 16) + (sum & 0xffff);
    (sum + (sum >> 16)) as u16
}

/// Word by word, as the RFC says it: the reference.
pub fn sum_reference(bytes: &[u8]) -> u64 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let whole: u64 = pairs
        .iter()
        .map(|pair| u64::from(u16::from_ne_bytes(*pair)))
        .sum();
    let last = rest
        .first()
        .map_or(0, |&byte| u16::from_ne_bytes([byte, 0]));
    whole + u64::from(last)
}

/// Eight bytes at a time, with the carry put back: a chain of additions with carry.
pub fn sum_carry(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut sum = 0_u64;
    for word in words {
        sum = add_carry(sum, u64::from_ne_bytes(*word));
    }
    add_carry(sum, tail(rest))
}

/// Four independent lanes of 32-bit words, which compilers turn into vector additions. Exact up
/// to 16 GiB a block.
pub fn sum_lanes(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut lanes = [0_u64; 8];
    for block in blocks {
        let (words, _) = block.as_chunks::<4>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane += u64::from(u32::from_ne_bytes(*word));
        }
    }
    lanes
        .iter()
        .fold(sum_carry(rest), |sum, &lane| add_carry(sum, lane))
}

const fn add_carry(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    sum + carry as u64
}

/// Up to seven bytes, followed by zeros.
fn tail(rest: &[u8]) -> u64 {
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(rest) {
        *to = *from;
    }
    u64::from_ne_bytes(word)
}

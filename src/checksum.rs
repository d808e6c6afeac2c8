// SPDX-License-Identifier: ISC
//! The block sum of the Internet checksum (RFC 1071) with the processor's vectors: AVX2, or SSE2, which every 64-bit
//! processor has.
//!
//! Signed multiplication by one and addition of neighbours (PMADDWD) turns sixteen-bit words into sums of two in one
//! instruction. It reads words as signed, so each has 2^15 subtracted first (its top bit flipped), and that is added
//! back for all of them at the end. A 32-bit lane takes 2^16 in size from each step, so after [`STEPS`] of them not even
//! the sum of all lanes overflows 32 bits.
//!
//! A short block is added up with the carry flag, which keeps the carry from one addition to the next for nothing. Each
//! sixty-four bytes are a chain of their own: the processor runs several of them at once.
//!
//! The file stands alone: the host's tests and benchmarks compile it too.

use core::arch::asm;
use core::arch::x86_64::*;
use core::sync::atomic::{AtomicU8, Ordering};

/// Steps after which lanes are emptied into a wide sum: 8 lanes x 2^16 x 2^11 steps are 2^30.
const STEPS: usize = 1 << 11;

/// Up to this many bytes vectors are not worth their setting up.
const SHORT: usize = 256;

/// Which vectors there are: not looked at yet, SSE2, AVX2.
static VECTORS: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const SSE2: u8 = 1;
const AVX2: u8 = 2;

/// The checksum of one buffer, as a number whose high byte goes out first.
pub fn checksum(bytes: &[u8]) -> u16 {
    if let Ok(block) = bytes.try_into() {
        fold(chain(block))
    } else if bytes.len() <= SHORT {
        fold(sum_short(bytes))
    } else {
        checksum_long(bytes)
    }
}

/// Out of the way of short buffers, which then need no register saved.
#[inline(never)]
fn checksum_long(bytes: &[u8]) -> u16 {
    fold(sum_long(bytes))
}

#[inline(always)]
fn fold(sum: u64) -> u16 {
    // Adding a number to itself rotated by half leaves in its upper half the sum of both, its carry put back.
    let sum = (sum.wrapping_add(sum.rotate_right(32)) >> 32) as u32;
    // The upper half again, its bytes swapped.
    !(sum.wrapping_add(sum.rotate_right(16)).swap_bytes() as u16)
}

/// Sums a block from an even offset on, as `xen_proto::checksum::BlockSum` says.
pub fn sum(bytes: &[u8]) -> u64 {
    if bytes.len() <= SHORT {
        sum_short(bytes)
    } else {
        sum_long(bytes)
    }
}

/// With the vectors that there are.
fn sum_long(bytes: &[u8]) -> u64 {
    match VECTORS.load(Ordering::Relaxed) {
        // SAFETY: the processor has AVX2 and the core has switched it on.
        AVX2 => unsafe { sum_avx2(bytes) },
        SSE2 => sum_sse2(bytes),
        _ => {
            VECTORS.store(if has_avx2() { AVX2 } else { SSE2 }, Ordering::Relaxed);
            sum_long(bytes)
        }
    }
}

/// Asks the processor, once: CPUID leaves the guest and costs as much as a hypercall.
pub fn has_avx2() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const AVX: u32 = 1 << 28;
    const LEAF7_AVX2: u32 = 1 << 5;
    /// XCR0: SSE and AVX state are saved, so the instructions are on (Intel SDM vol. 1, 13.3).
    const XMM_AND_YMM: u32 = 6;
    if __cpuid(1).ecx & (OSXSAVE | AVX) != OSXSAVE | AVX {
        return false;
    }
    let low: u32;
    // SAFETY: XGETBV is there where OSXSAVE is.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") _, options(nomem, nostack, preserves_flags));
    }
    low & XMM_AND_YMM == XMM_AND_YMM
        && __cpuid(0).eax >= 7
        && __cpuid_count(7, 0).ebx & LEAF7_AVX2 != 0
}

/// Thirty-two bytes at a step, four steps in flight.
///
/// # Safety
/// The processor must have AVX2.
#[target_feature(enable = "avx2")]
pub unsafe fn sum_avx2(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let flip = _mm256_set1_epi16(i16::MIN);
    let ones = _mm256_set1_epi16(1);
    let step = |block: &[u8; 32]| {
        // SAFETY: thirty-two readable bytes; the load may be unaligned.
        let words = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        _mm256_madd_epi16(_mm256_xor_si256(words, flip), ones)
    };
    let mut total = blocks.len() as u64 * (16 << 15);
    for chunk in blocks.chunks(STEPS) {
        let (fours, ones_left) = chunk.as_chunks::<4>();
        let mut lanes = [_mm256_setzero_si256(); 2];
        for [a, b, c, d] in fours {
            lanes[0] = _mm256_add_epi32(lanes[0], _mm256_add_epi32(step(a), step(b)));
            lanes[1] = _mm256_add_epi32(lanes[1], _mm256_add_epi32(step(c), step(d)));
        }
        for block in ones_left {
            lanes[0] = _mm256_add_epi32(lanes[0], step(block));
        }
        let lanes = _mm256_add_epi32(lanes[0], lanes[1]);
        let half = _mm_add_epi32(
            _mm256_castsi256_si128(lanes),
            _mm256_extracti128_si256::<1>(lanes),
        );
        total = total.wrapping_add_signed(add_lanes(half));
    }
    add_carry(total, sum_short(rest))
}

/// The sum of four 32-bit lanes, which has room in one.
#[inline(always)]
fn add_lanes(lanes: __m128i) -> i64 {
    // SAFETY: SSE2 is part of the target.
    unsafe {
        let lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32::<0b01_00_11_10>(lanes));
        let lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32::<0b10_11_00_01>(lanes));
        i64::from(_mm_cvtsi128_si32(lanes))
    }
}

/// Sixteen bytes at a step, two steps in flight.
#[inline]
pub fn sum_sse2(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<16>();
    // SAFETY: SSE2 is part of the target. The loads read sixteen bytes and may be unaligned.
    unsafe {
        let flip = _mm_set1_epi16(i16::MIN);
        let ones = _mm_set1_epi16(1);
        let step = |block: &[u8; 16]| {
            _mm_madd_epi16(
                _mm_xor_si128(_mm_loadu_si128(block.as_ptr().cast()), flip),
                ones,
            )
        };
        let mut total = blocks.len() as u64 * (8 << 15);
        for chunk in blocks.chunks(STEPS) {
            let (twos, one_left) = chunk.as_chunks::<2>();
            let mut lanes = _mm_setzero_si128();
            for [a, b] in twos {
                lanes = _mm_add_epi32(lanes, _mm_add_epi32(step(a), step(b)));
            }
            for block in one_left {
                lanes = _mm_add_epi32(lanes, step(block));
            }
            total = total.wrapping_add_signed(add_lanes(lanes));
        }
        add_carry(total, sum_short(rest))
    }
}

/// With the carry flag, eight bytes at a time.
#[inline(always)]
fn sum_short(bytes: &[u8]) -> u64 {
    let (mut sum, mut rest) = (0, bytes);
    if let Some((block, after)) = rest.split_first_chunk::<64>() {
        sum = chain(block);
        rest = after;
        while let Some((block, after)) = rest.split_first_chunk::<64>() {
            sum = add_carry(sum, chain(block));
            rest = after;
        }
        if rest.is_empty() {
            return sum;
        }
    }
    if let Some((pieces, after)) = rest.split_first_chunk::<32>() {
        sum = add_carry(sum, half_chain(pieces));
        rest = after;
    }
    if let Some((pair, after)) = rest.split_first_chunk::<16>() {
        let pair = u128::from_le_bytes(*pair);
        sum = add_carry(sum, add_carry(pair as u64, (pair >> 64) as u64));
        rest = after;
    }
    if let Some((word, after)) = rest.split_first_chunk::<8>() {
        sum = add_carry(sum, u64::from_le_bytes(*word));
        rest = after;
    }
    add_carry(sum, tail(bytes, rest))
}

/// The sum of eight words, each carry taken along by the next addition; no compiler makes that of a loop.
#[inline(always)]
fn chain(block: &[u8; 64]) -> u64 {
    let mut sum: u64;
    // SAFETY: reads the block's sixty-four bytes.
    unsafe {
        asm!(
            "mov {sum}, [{at}]",
            "add {sum}, [{at} + 8]",
            "adc {sum}, [{at} + 16]",
            "adc {sum}, [{at} + 24]",
            "adc {sum}, [{at} + 32]",
            "adc {sum}, [{at} + 40]",
            "adc {sum}, [{at} + 48]",
            "adc {sum}, [{at} + 56]",
            "adc {sum}, 0",
            at = in(reg) block,
            sum = out(reg) sum,
            options(pure, readonly, nostack)
        );
    }
    sum
}

/// The sum of four words, likewise.
#[inline(always)]
fn half_chain(block: &[u8; 32]) -> u64 {
    let mut sum: u64;
    // SAFETY: reads the block's thirty-two bytes.
    unsafe {
        asm!(
            "mov {sum}, [{at}]",
            "add {sum}, [{at} + 8]",
            "adc {sum}, [{at} + 16]",
            "adc {sum}, [{at} + 24]",
            "adc {sum}, 0",
            at = in(reg) block,
            sum = out(reg) sum,
            options(pure, readonly, nostack)
        );
    }
    sum
}

#[inline(always)]
fn add_carry(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    sum + u64::from(carry)
}

/// The last one to seven bytes of `bytes`, followed by zeros, or 0 if there are none: the last eight bytes, less those
/// before.
#[inline(always)]
fn tail(bytes: &[u8], rest: &[u8]) -> u64 {
    if rest.is_empty() {
        return 0;
    }
    match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        None => rest
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

// SPDX-License-Identifier: ISC
//! The block sum of the Internet checksum (RFC 1071) with the processor's vectors: AVX2, or SSE2, which every 64-bit
//! processor has.
//!
//! Signed multiplication by one and addition of neighbours (PMADDWD) turns sixteen-bit words into sums of two in one
//! instruction. It reads words as signed, so each has 2^15 subtracted first (its top bit flipped), and that is added
//! back for all of them at the end. A 32-bit lane takes 2^16 in size from each step, so [`STEPS`] of them cannot
//! overflow it.
//!
//! The file stands alone: the host's tests and benchmarks compile it too.

use core::arch::x86_64::*;
use core::sync::atomic::{AtomicU8, Ordering};

/// Steps after which lanes are emptied into a wide sum.
const STEPS: usize = 1 << 14;

/// Below this many bytes vectors are not worth their setting up.
const SHORT: usize = 128;

/// Which vectors there are: not looked at yet, SSE2, AVX2.
static VECTORS: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const SSE2: u8 = 1;
const AVX2: u8 = 2;

/// The checksum of one buffer, as a number whose high byte goes out first.
pub fn checksum(bytes: &[u8]) -> u16 {
    let sum = sum(bytes);
    // Adding a number to itself rotated by half leaves in its upper half the sum of both, its carry put back.
    let sum = (sum.wrapping_add(sum.rotate_right(32)) >> 32) as u32;
    let sum = (sum.wrapping_add(sum.rotate_right(16)) >> 16) as u16;
    !sum.swap_bytes()
}

/// Sums a block from an even offset on, as `xen_proto::checksum::BlockSum` says.
pub fn sum(bytes: &[u8]) -> u64 {
    if bytes.len() < SHORT {
        return match bytes.split_first_chunk::<64>() {
            Some((block, rest)) => add_carry(sum_short(rest), sum_64(block)),
            None => sum_short(bytes),
        };
    }
    match VECTORS.load(Ordering::Relaxed) {
        // SAFETY: the processor has AVX2 and the core has switched it on.
        AVX2 => unsafe { sum_avx2(bytes) },
        SSE2 => sum_sse2(bytes),
        _ => {
            VECTORS.store(if has_avx2() { AVX2 } else { SSE2 }, Ordering::Relaxed);
            sum(bytes)
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
        core::arch::asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") _, options(nomem, nostack, preserves_flags));
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
        // Each lane widened to 64 bits, then added up.
        let wide = |lanes: __m256i| {
            _mm256_add_epi64(
                _mm256_cvtepi32_epi64(_mm256_castsi256_si128(lanes)),
                _mm256_cvtepi32_epi64(_mm256_extracti128_si256::<1>(lanes)),
            )
        };
        let wide = _mm256_add_epi64(wide(lanes[0]), wide(lanes[1]));
        let half = _mm_add_epi64(
            _mm256_castsi256_si128(wide),
            _mm256_extracti128_si256::<1>(wide),
        );
        let one = _mm_add_epi64(half, _mm_unpackhi_epi64(half, half));
        total = total.wrapping_add(_mm_cvtsi128_si64(one) as u64);
    }
    add_carry(total, sum_short(rest))
}

/// Sixty-four bytes in one go: a header with its options.
#[inline(always)]
fn sum_64(block: &[u8; 64]) -> u64 {
    // SAFETY: SSE2 is part of the target; each load reads sixteen of the sixty-four bytes.
    unsafe {
        let flip = _mm_set1_epi16(i16::MIN);
        let ones = _mm_set1_epi16(1);
        let step = |at: usize| {
            _mm_madd_epi16(
                _mm_xor_si128(_mm_loadu_si128(block.as_ptr().add(at).cast()), flip),
                ones,
            )
        };
        let lanes = _mm_add_epi32(
            _mm_add_epi32(step(0), step(16)),
            _mm_add_epi32(step(32), step(48)),
        );
        let lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32::<0b01_00_11_10>(lanes));
        let lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32::<0b10_11_00_01>(lanes));
        // Thirty-two words, each less 2^15.
        (_mm_cvtsi128_si32(lanes) + (32 << 15)) as u32 as u64
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
            // The four lanes widened by their signs, then added up.
            let signs = _mm_srai_epi32::<31>(lanes);
            let wide = _mm_add_epi64(
                _mm_unpacklo_epi32(lanes, signs),
                _mm_unpackhi_epi32(lanes, signs),
            );
            let one = _mm_add_epi64(wide, _mm_unpackhi_epi64(wide, wide));
            total = total.wrapping_add(_mm_cvtsi128_si64(one) as u64);
        }
        add_carry(total, sum_short(rest))
    }
}

/// Two chains of additions with carry, for short blocks and what is left of long ones.
#[inline(always)]
fn sum_short(bytes: &[u8]) -> u64 {
    let (pairs, rest) = bytes.as_chunks::<16>();
    let (mut low, mut high) = (0_u64, 0_u64);
    for pair in pairs {
        let pair = u128::from_le_bytes(*pair);
        low = add_carry(low, pair as u64);
        high = add_carry(high, (pair >> 64) as u64);
    }
    add_carry(add_carry(low, high), tail(rest))
}

#[inline(always)]
fn add_carry(a: u64, b: u64) -> u64 {
    let (sum, carry) = a.overflowing_add(b);
    sum + u64::from(carry)
}

/// Up to fifteen bytes, followed by zeros.
#[inline(always)]
fn tail(bytes: &[u8]) -> u64 {
    if bytes.is_empty() {
        return 0;
    }
    let mut sum = 0;
    let mut rest = bytes;
    if let Some((eight, after)) = rest.split_first_chunk::<8>() {
        sum = u64::from_le_bytes(*eight);
        rest = after;
    }
    let mut word = 0;
    if let Some((four, after)) = rest.split_first_chunk::<4>() {
        word = u64::from(u32::from_le_bytes(*four));
        rest = after;
    }
    word += match *rest {
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
        _ => 0,
    };
    add_carry(sum, word)
}

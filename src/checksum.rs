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

/// Below this many bytes a chain of additions is faster than setting up vectors.
const SHORT: usize = 32;

/// Which vectors there are: not looked at yet, SSE2, AVX2.
static VECTORS: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;
const SSE2: u8 = 1;
const AVX2: u8 = 2;

/// Sums a block from an even offset on, as `xen_proto::checksum::BlockSum` says.
pub fn sum(bytes: &[u8]) -> u64 {
    if bytes.len() < SHORT {
        return sum_short(bytes);
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
    total + sum_short(rest)
}

/// Sixteen bytes at a step.
pub fn sum_sse2(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<16>();
    // SAFETY: SSE2 is part of the target. The loads read sixteen bytes and may be unaligned.
    unsafe {
        let flip = _mm_set1_epi16(i16::MIN);
        let ones = _mm_set1_epi16(1);
        let mut total = blocks.len() as u64 * (8 << 15);
        for chunk in blocks.chunks(STEPS) {
            let mut lanes = _mm_setzero_si128();
            for block in chunk {
                let words = _mm_loadu_si128(block.as_ptr().cast());
                lanes = _mm_add_epi32(lanes, _mm_madd_epi16(_mm_xor_si128(words, flip), ones));
            }
            let mut sums = [0_i32; 4];
            _mm_storeu_si128(sums.as_mut_ptr().cast(), lanes);
            for sum in sums {
                total = total.wrapping_add(i64::from(sum) as u64);
            }
        }
        total + sum_short(rest)
    }
}

/// Four bytes at a time into a wide sum, for what is left of a block.
fn sum_short(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let whole: u64 = words
        .iter()
        .map(|word| u64::from(u32::from_le_bytes(*word)))
        .sum();
    let last = match *rest {
        [a] => u32::from(a),
        [a, b] => u32::from_le_bytes([a, b, 0, 0]),
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]),
        _ => 0,
    };
    whole + u64::from(last)
}

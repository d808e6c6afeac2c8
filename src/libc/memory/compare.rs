// SPDX-License-Identifier: ISC
//! Comparing: `memcmp` (C11 7.24.4.1).

use super::WIDE;
use core::arch::naked_asm;
use core::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8};

/// C's `memcmp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    naked_asm!(
        ".cfi_startproc",
        "cmp rdx, 32",
        "ja 3f",
        "cmp edx, 16",
        "jae 2f",
        "cmp edx, 8",
        "jb {plain}",
        "mov rax, [rdi]",
        "mov rcx, [rsi]",
        "cmp rax, rcx",
        "jne 1f",
        "mov rax, [rdi + rdx - 8]",
        "mov rcx, [rsi + rdx - 8]",
        "cmp rax, rcx",
        "jne 1f",
        "xor eax, eax",
        "ret",
        // As big-endian numbers, by which the order of bytes is the order of numbers.
        "1:",
        "bswap rax",
        "bswap rcx",
        "cmp rax, rcx",
        "sbb eax, eax",
        "or eax, 1",
        "ret",
        "2:",
        "movdqu xmm0, [rdi]",
        "movdqu xmm1, [rsi]",
        "movdqu xmm2, [rdi + rdx - 16]",
        "movdqu xmm3, [rsi + rdx - 16]",
        "pcmpeqb xmm0, xmm1",
        "pcmpeqb xmm2, xmm3",
        "movdqa xmm1, xmm0",
        "pand xmm1, xmm2",
        "pmovmskb eax, xmm1",
        "xor eax, 0xffff",
        "jnz 21f",
        "ret",
        "21:",
        "pmovmskb eax, xmm0",
        "xor eax, 0xffff",
        "jnz 13f",
        "lea rdi, [rdi + rdx - 16]",
        "lea rsi, [rsi + rdx - 16]",
        "pmovmskb eax, xmm2",
        "xor eax, 0xffff",
        "jmp 13f",
        "3:",
        "cmp byte ptr [rip + {wide}], 0",
        "je {plain}",
        "vmovdqu ymm0, [rsi]",
        "vpcmpeqb ymm0, ymm0, [rdi]",
        "cmp rdx, 64",
        "ja 31f",
        "vmovdqu ymm1, [rsi + rdx - 32]",
        "vpcmpeqb ymm1, ymm1, [rdi + rdx - 32]",
        "xor r8d, r8d",
        "vpand ymm0, ymm0, ymm1",
        "vpmovmskb eax, ymm0",
        // The lowest bit that is clear, the first difference, becomes the lowest that is set.
        "inc eax",
        "jnz 8f",
        "vzeroupper",
        "ret",
        "31:",
        "cmp rdx, 128",
        "ja 4f",
        "vmovdqu ymm1, [rsi + 32]",
        "vmovdqu ymm2, [rsi + rdx - 64]",
        "vmovdqu ymm3, [rsi + rdx - 32]",
        "vpcmpeqb ymm1, ymm1, [rdi + 32]",
        "vpcmpeqb ymm2, ymm2, [rdi + rdx - 64]",
        "vpcmpeqb ymm3, ymm3, [rdi + rdx - 32]",
        "xor r8d, r8d",
        "vpand ymm0, ymm0, ymm1",
        "vpand ymm2, ymm2, ymm3",
        "vpand ymm0, ymm0, ymm2",
        "vpmovmskb eax, ymm0",
        "inc eax",
        "jnz 8f",
        "vzeroupper",
        "ret",
        // Four blocks at a time, aligned in the first operand; the last four end with the last byte.
        "4:",
        "vpmovmskb eax, ymm0",
        "inc eax",
        "jnz 7f",
        "lea r9, [rdi + rdx - 128]",
        "sub rsi, rdi",
        "or rdi, 31",
        "inc rdi",
        "add rsi, rdi",
        "cmp rdi, r9",
        "jae 6f",
        ".p2align 4",
        "5:",
        "vmovdqu ymm0, [rsi]",
        "vmovdqu ymm1, [rsi + 32]",
        "vmovdqu ymm2, [rsi + 64]",
        "vmovdqu ymm3, [rsi + 96]",
        "vpcmpeqb ymm0, ymm0, [rdi]",
        "vpcmpeqb ymm1, ymm1, [rdi + 32]",
        "vpcmpeqb ymm2, ymm2, [rdi + 64]",
        "vpcmpeqb ymm3, ymm3, [rdi + 96]",
        "vpand ymm0, ymm0, ymm1",
        "vpand ymm2, ymm2, ymm3",
        "vpand ymm0, ymm0, ymm2",
        "vpmovmskb eax, ymm0",
        "inc eax",
        "jnz 7f",
        "sub rsi, -128",
        "sub rdi, -128",
        "cmp rdi, r9",
        "jb 5b",
        "6:",
        "sub rsi, rdi",
        "mov rdi, r9",
        "add rsi, r9",
        "vmovdqu ymm0, [rsi]",
        "vmovdqu ymm1, [rsi + 32]",
        "vmovdqu ymm2, [rsi + 64]",
        "vmovdqu ymm3, [rsi + 96]",
        "vpcmpeqb ymm0, ymm0, [rdi]",
        "vpcmpeqb ymm1, ymm1, [rdi + 32]",
        "vpcmpeqb ymm2, ymm2, [rdi + 64]",
        "vpcmpeqb ymm3, ymm3, [rdi + 96]",
        "vpand ymm0, ymm0, ymm1",
        "vpand ymm2, ymm2, ymm3",
        "vpand ymm0, ymm0, ymm2",
        "vpmovmskb eax, ymm0",
        "inc eax",
        "jnz 7f",
        "vzeroupper",
        "ret",
        // A difference lies in the 128 bytes from here on.
        "7:",
        "mov edx, 128",
        "xor r8d, r8d",
        // A difference lies at or after R8: block by block.
        "8:",
        "lea r9, [rdx - 32]",
        "9:",
        "cmp r8, r9",
        "cmova r8, r9",
        "vmovdqu ymm0, [rsi + r8]",
        "vpcmpeqb ymm0, ymm0, [rdi + r8]",
        "vpmovmskb eax, ymm0",
        "inc eax",
        "jnz 11f",
        "add r8, 32",
        "jmp 9b",
        "11:",
        "add rdi, r8",
        "add rsi, r8",
        "vzeroupper",
        "13:",
        "bsf ecx, eax",
        "movzx eax, byte ptr [rdi + rcx]",
        "movzx ecx, byte ptr [rsi + rcx]",
        "sub eax, ecx",
        "ret",
        ".cfi_endproc",
        // Aligns the whole function to half a cache line.
        ".p2align 5",
        wide = sym WIDE,
        plain = sym order,
    )
}

/// Reads a big-endian number, by which the order of bytes is the order of numbers.
unsafe fn word<T: Copy>(from: *const u8, at: usize) -> T {
    // SAFETY: the caller says that the bytes are readable.
    unsafe { from.add(at).cast::<T>().read_unaligned() }
}

/// The order of two blocks of `size` bytes: less than, equal to or greater than 0.
unsafe extern "C" fn order(a: *const u8, b: *const u8, size: usize) -> i32 {
    macro_rules! compare {
        ($type:ty, $at:expr) => {
            let (x, y) = (word::<$type>(a, $at), word::<$type>(b, $at));
            if x != y {
                return if x.swap_bytes() < y.swap_bytes() {
                    -1
                } else {
                    1
                };
            }
        };
    }
    // SAFETY: every access lies below `size`, which the caller vouches for in both blocks.
    unsafe {
        if size >= 16 {
            return order_blocks(a, b, size);
        }
        if size >= 8 {
            compare!(u64, 0);
            compare!(u64, size - 8);
        } else if size >= 4 {
            compare!(u32, 0);
            compare!(u32, size - 4);
        } else if size >= 2 {
            compare!(u16, 0);
            compare!(u8, size - 1);
        } else if size == 1 {
            compare!(u8, 0);
        }
    }
    0
}

/// The order of two bytes that differ.
unsafe fn decide(a: *const u8, b: *const u8, at: usize) -> i32 {
    // SAFETY: the caller says that both are readable.
    unsafe { if *a.add(at) < *b.add(at) { -1 } else { 1 } }
}

/// [`order`] of 16 bytes and more.
unsafe fn order_blocks(a: *const u8, b: *const u8, size: usize) -> i32 {
    let mut at = 0;
    // SAFETY: as for `order`; the last block ends with the last byte.
    unsafe {
        loop {
            at = at.min(size - 16);
            let equal = _mm_cmpeq_epi8(
                _mm_loadu_si128(a.add(at).cast()),
                _mm_loadu_si128(b.add(at).cast()),
            );
            let different = _mm_movemask_epi8(equal) as u32 ^ 0xffff;
            if different != 0 {
                return decide(a, b, at + different.trailing_zeros() as usize);
            }
            at += 16;
            if at >= size {
                return 0;
            }
        }
    }
}

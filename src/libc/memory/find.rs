// SPDX-License-Identifier: ISC
//! Searching for one byte: `memchr` (C11 7.24.5.1), `strlen` (7.24.6.3), `rawmemchr`.
//!
//! All of them read whole blocks, so bytes that nobody asked for, but never of a page that holds none of those: the
//! first block only if it does not cross into the next page, and aligned ones from there on.

use super::WIDE;
use core::arch::naked_asm;
use core::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_load_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
};

/// C's `memchr`. As C11 has it, what lies behind the first match need not exist.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn memchr(start: *const u8, byte: i32, size: usize) -> *const u8 {
    naked_asm!(
        ".cfi_startproc",
        "cmp byte ptr [rip + {wide}], 0",
        "je {plain}",
        "test rdx, rdx",
        "jz 9f",
        "vmovd xmm0, esi",
        "vpbroadcastb ymm0, xmm0",
        "mov eax, edi",
        "and eax, 4095",
        "cmp eax, 4096 - 32",
        "ja 6f",
        "vpcmpeqb ymm1, ymm0, [rdi]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jz 2f",
        // EAX has the matches in the block at RDI, of which RDX bytes count.
        "1:",
        "tzcnt eax, eax",
        "cmp rax, rdx",
        "jae 9f",
        "add rax, rdi",
        "vzeroupper",
        "ret",
        "2:",
        "cmp rdx, 32",
        "jbe 9f",
        // On to the next aligned block.
        "3:",
        "mov rcx, rdi",
        "or rdi, 31",
        "inc rdi",
        "sub rcx, rdi",
        "add rdx, rcx",
        "jnc 9f",
        "cmp rdx, 128",
        "jbe 4f",
        "vpcmpeqb ymm1, ymm0, [rdi]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 1b",
        "vpcmpeqb ymm1, ymm0, [rdi + 32]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 13f",
        "vpcmpeqb ymm1, ymm0, [rdi + 64]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 12f",
        "vpcmpeqb ymm1, ymm0, [rdi + 96]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 11f",
        "sub rdi, -128",
        "add rdx, -128",
        "mov ecx, edi",
        "and ecx, 127",
        "sub rdi, rcx",
        "add rdx, rcx",
        // Four at a time, in groups that lie in one page each.
        ".p2align 4",
        "5:",
        "vpcmpeqb ymm1, ymm0, [rdi]",
        "vpcmpeqb ymm2, ymm0, [rdi + 32]",
        "vpcmpeqb ymm3, ymm0, [rdi + 64]",
        "vpcmpeqb ymm4, ymm0, [rdi + 96]",
        "vpor ymm5, ymm1, ymm2",
        "vpor ymm6, ymm3, ymm4",
        "vpor ymm5, ymm5, ymm6",
        "vpmovmskb eax, ymm5",
        "test eax, eax",
        "jnz 7f",
        "sub rdi, -128",
        "sub rdx, 128",
        "ja 5b",
        "9:",
        "xor eax, eax",
        "vzeroupper",
        "ret",
        // Not more than 128 bytes are left.
        "4:",
        "test rdx, rdx",
        "jz 9b",
        "vpcmpeqb ymm1, ymm0, [rdi]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 1b",
        "cmp rdx, 32",
        "jbe 9b",
        "vpcmpeqb ymm1, ymm0, [rdi + 32]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 13f",
        "cmp rdx, 64",
        "jbe 9b",
        "vpcmpeqb ymm1, ymm0, [rdi + 64]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 12f",
        "cmp rdx, 96",
        "jbe 9b",
        "vpcmpeqb ymm1, ymm0, [rdi + 96]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 11f",
        "jmp 9b",
        // The block would cross into the next page: the aligned one that holds its beginning instead.
        "6:",
        "mov rcx, rdi",
        "and rcx, -32",
        "vpcmpeqb ymm1, ymm0, [rcx]",
        "vpmovmskb eax, ymm1",
        "shrx eax, eax, edi",
        "test eax, eax",
        "jnz 1b",
        "jmp 3b",
        // One of the group's four.
        "7:",
        "vpmovmskb ecx, ymm1",
        "vpmovmskb r8d, ymm2",
        "shl r8, 32",
        "or rcx, r8",
        "jnz 8f",
        "vpmovmskb ecx, ymm3",
        "shl rax, 32",
        "or rcx, rax",
        "add rdi, 64",
        "sub rdx, 64",
        "jbe 9b",
        "8:",
        "tzcnt rcx, rcx",
        "cmp rcx, rdx",
        "jae 9b",
        "lea rax, [rdi + rcx]",
        "vzeroupper",
        "ret",
        "11:",
        "add rdi, 32",
        "sub rdx, 32",
        "12:",
        "add rdi, 32",
        "sub rdx, 32",
        "13:",
        "add rdi, 32",
        "sub rdx, 32",
        "jmp 1b",
        ".cfi_endproc",
        // Aligns the whole function to half a cache line.
        ".p2align 5",
        wide = sym WIDE,
        plain = sym plain,
    )
}

/// C's `strlen`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn strlen(text: *const u8) -> usize {
    naked_asm!(
        ".cfi_startproc",
        "cmp byte ptr [rip + {wide}], 0",
        "je {plain}",
        "vpxor xmm0, xmm0, xmm0",
        "mov eax, edi",
        "and eax, 4095",
        "cmp eax, 4096 - 32",
        "ja 6f",
        "vpcmpeqb ymm1, ymm0, [rdi]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jz 2f",
        "tzcnt eax, eax",
        "vzeroupper",
        "ret",
        "2:",
        "mov rdx, rdi",
        "or rdi, 31",
        "inc rdi",
        "vpcmpeqb ymm1, ymm0, [rdi]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 14f",
        "vpcmpeqb ymm1, ymm0, [rdi + 32]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 13f",
        "vpcmpeqb ymm1, ymm0, [rdi + 64]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 12f",
        "vpcmpeqb ymm1, ymm0, [rdi + 96]",
        "vpmovmskb eax, ymm1",
        "test eax, eax",
        "jnz 11f",
        "sub rdi, -128",
        "and rdi, -128",
        // Four at a time, in groups that lie in one page each.
        ".p2align 4",
        "3:",
        "vmovdqa ymm1, [rdi]",
        "vmovdqa ymm3, [rdi + 64]",
        "vpminub ymm2, ymm1, [rdi + 32]",
        "vpminub ymm4, ymm3, [rdi + 96]",
        "vpminub ymm5, ymm2, ymm4",
        "vpcmpeqb ymm5, ymm5, ymm0",
        "vpmovmskb eax, ymm5",
        "sub rdi, -128",
        "test eax, eax",
        "jz 3b",
        "add rdi, -128",
        "vpcmpeqb ymm1, ymm1, ymm0",
        "vpcmpeqb ymm2, ymm2, ymm0",
        "vpmovmskb ecx, ymm1",
        "vpmovmskb r8d, ymm2",
        "shl r8, 32",
        "or rcx, r8",
        "jnz 4f",
        "vpcmpeqb ymm3, ymm3, ymm0",
        "vpmovmskb ecx, ymm3",
        "shl rax, 32",
        "or rcx, rax",
        "add rdi, 64",
        "4:",
        "tzcnt rcx, rcx",
        "sub rdi, rdx",
        "lea rax, [rdi + rcx]",
        "vzeroupper",
        "ret",
        "11:",
        "add rdi, 32",
        "12:",
        "add rdi, 32",
        "13:",
        "add rdi, 32",
        "14:",
        "tzcnt eax, eax",
        "sub rdi, rdx",
        "add rax, rdi",
        "vzeroupper",
        "ret",
        "6:",
        "mov rcx, rdi",
        "and rcx, -32",
        "vpcmpeqb ymm1, ymm0, [rcx]",
        "vpmovmskb eax, ymm1",
        "shrx eax, eax, edi",
        "test eax, eax",
        "jz 2b",
        "tzcnt eax, eax",
        "vzeroupper",
        "ret",
        ".cfi_endproc",
        // Aligns the whole function to half a cache line.
        ".p2align 5",
        wide = sym WIDE,
        plain = sym plain_length,
    )
}

/// The first of up to `size` bytes that equals `byte`, if there is one.
#[inline]
pub(super) unsafe fn find_byte(start: *const u8, byte: u8, size: usize) -> Option<usize> {
    // SAFETY: the caller's contract is that of `memchr`.
    let found = unsafe { memchr(start, byte.into(), size) };
    (!found.is_null()).then(|| found.addr() - start.addr())
}

/// The length of a string, at most `most`.
#[inline]
pub unsafe fn length(start: *const u8, most: usize) -> usize {
    // SAFETY: the string ends before the last byte that is looked at, or at `most`.
    unsafe { find_byte(start, 0, most) }.unwrap_or(most)
}

/// [`memchr`] by what every x86-64 has.
unsafe extern "C" fn plain(start: *const u8, byte: i32, size: usize) -> *const u8 {
    if size == 0 {
        return core::ptr::null();
    }
    let byte = byte as u8;
    let skew = start.addr() & 15;
    // SAFETY: an aligned block that holds a byte below `size` lies in a mapped page.
    unsafe {
        let block = start.sub(skew).cast::<__m128i>();
        let pattern = _mm_set1_epi8(byte as i8);
        let mask = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128(block), pattern)) as u32 >> skew;
        let found = if mask != 0 {
            mask.trailing_zeros() as usize
        } else {
            find_blocks(start, byte, 16 - skew, size)
        };
        if found < size {
            start.add(found)
        } else {
            core::ptr::null()
        }
    }
}

/// [`strlen`] by what every x86-64 has.
unsafe extern "C" fn plain_length(text: *const u8) -> usize {
    // SAFETY: C's contract: terminated, so the search ends there.
    unsafe { plain(text, 0, usize::MAX).addr() - text.addr() }
}

/// The search from `done` on, where a block of 16 bytes begins; `size` or more if nothing is found.
unsafe fn find_blocks(start: *const u8, byte: u8, done: usize, size: usize) -> usize {
    let mut at = done;
    // SAFETY: as for `plain`.
    unsafe {
        let pattern = _mm_set1_epi8(byte as i8);
        let equal =
            |at: usize| _mm_cmpeq_epi8(_mm_load_si128(start.wrapping_add(at).cast()), pattern);
        while at < size {
            // Four at a time where they are one aligned group, which lies in one page.
            if start.addr().wrapping_add(at) & 63 == 0 {
                let any = _mm_or_si128(
                    _mm_or_si128(equal(at), equal(at + 16)),
                    _mm_or_si128(equal(at + 32), equal(at + 48)),
                );
                if _mm_movemask_epi8(any) == 0 {
                    at += 64;
                    continue;
                }
            }
            let mask = _mm_movemask_epi8(equal(at)) as u32;
            if mask != 0 {
                return at + mask.trailing_zeros() as usize;
            }
            at += 16;
        }
    }
    size
}

/// GNU's `rawmemchr`: the byte is known to be there.
///
/// # Safety
/// The byte must occur in mapped memory at or after `start`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn rawmemchr(start: *const u8, byte: i32) -> *const u8 {
    // SAFETY: the caller says that it occurs.
    unsafe { memchr(start, byte, usize::MAX) }
}

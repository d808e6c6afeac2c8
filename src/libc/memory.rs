// SPDX-License-Identifier: ISC
//! The `mem*` functions of string.h (C11 7.24) that the compiler itself calls.
//!
//! Copying and filling are assembly, because a Rust loop that does the same may be compiled into a
//! call to the very function it implements. Blocks of 16 bytes by SSE2, which every x86-64 has.

use core::arch::naked_asm;
use core::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_load_si128, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8,
};
use core::cmp::Ordering;

/// C's `memcpy`; as `memmove`, since telling overlap apart costs one comparison on long copies only.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    naked_asm!("jmp {memmove}", memmove = sym memmove)
}

/// C's `memmove`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    naked_asm!(
        "mov rax, rdi",
        "cmp rdx, 16",
        "jb 2f",
        "cmp rdx, 32",
        "ja 5f",
        // 16 to 32: two blocks that may overlap. Everything is loaded before anything is stored.
        "movups xmm0, [rsi]",
        "movups xmm1, [rsi + rdx - 16]",
        "movups [rdi], xmm0",
        "movups [rdi + rdx - 16], xmm1",
        "ret",
        "2:",
        "cmp edx, 8",
        "jb 3f",
        "mov rcx, [rsi]",
        "mov r8, [rsi + rdx - 8]",
        "mov [rdi], rcx",
        "mov [rdi + rdx - 8], r8",
        "ret",
        "3:",
        "cmp edx, 4",
        "jb 4f",
        "mov ecx, [rsi]",
        "mov r8d, [rsi + rdx - 4]",
        "mov [rdi], ecx",
        "mov [rdi + rdx - 4], r8d",
        "ret",
        // 0 to 3: first, middle and last byte.
        "4:",
        "test edx, edx",
        "jz 45f",
        "movzx ecx, byte ptr [rsi]",
        "movzx r8d, byte ptr [rsi + rdx - 1]",
        "mov r10d, edx",
        "shr r10d, 1",
        "movzx r9d, byte ptr [rsi + r10]",
        "mov [rdi], cl",
        "mov [rdi + r10], r9b",
        "mov [rdi + rdx - 1], r8b",
        "45:",
        "ret",
        "5:",
        "cmp rdx, 64",
        "ja 6f",
        "movups xmm0, [rsi]",
        "movups xmm1, [rsi + 16]",
        "movups xmm2, [rsi + rdx - 32]",
        "movups xmm3, [rsi + rdx - 16]",
        "movups [rdi], xmm0",
        "movups [rdi + 16], xmm1",
        "movups [rdi + rdx - 32], xmm2",
        "movups [rdi + rdx - 16], xmm3",
        "ret",
        // Longer: ends in registers, and in between whole aligned blocks, upwards or downwards so
        // that no byte is overwritten before it was read.
        "6:",
        "mov rcx, rdi",
        "sub rcx, rsi",
        "cmp rcx, rdx",
        "jb 8f",
        "movups xmm4, [rsi + rdx - 64]",
        "movups xmm5, [rsi + rdx - 48]",
        "movups xmm6, [rsi + rdx - 32]",
        "movups xmm7, [rsi + rdx - 16]",
        "movups xmm8, [rsi]",
        // r8: end of the destination; rdi: its next aligned block; rsi moves along.
        "lea r8, [rdi + rdx]",
        "sub rsi, rdi",
        "add rdi, 16",
        "and rdi, -16",
        "lea rdx, [r8 - 64]",
        "cmp rdi, rdx",
        "jae 75f",
        "7:",
        "movups xmm0, [rsi + rdi]",
        "movups xmm1, [rsi + rdi + 16]",
        "movups xmm2, [rsi + rdi + 32]",
        "movups xmm3, [rsi + rdi + 48]",
        "movaps [rdi], xmm0",
        "movaps [rdi + 16], xmm1",
        "movaps [rdi + 32], xmm2",
        "movaps [rdi + 48], xmm3",
        "add rdi, 64",
        "cmp rdi, rdx",
        "jb 7b",
        "75:",
        "movups [r8 - 64], xmm4",
        "movups [r8 - 48], xmm5",
        "movups [r8 - 32], xmm6",
        "movups [r8 - 16], xmm7",
        "movups [rax], xmm8",
        "ret",
        "8:",
        "test rcx, rcx",
        "jz 45b",
        "movups xmm4, [rsi]",
        "movups xmm5, [rsi + 16]",
        "movups xmm6, [rsi + 32]",
        "movups xmm7, [rsi + 48]",
        "movups xmm8, [rsi + rdx - 16]",
        "lea r8, [rdi + rdx]",
        "sub rsi, rdi",
        "lea rdi, [r8 - 1]",
        "and rdi, -16",
        "lea rdx, [rax + 64]",
        "cmp rdi, rdx",
        "jbe 95f",
        "9:",
        "movups xmm0, [rsi + rdi - 16]",
        "movups xmm1, [rsi + rdi - 32]",
        "movups xmm2, [rsi + rdi - 48]",
        "movups xmm3, [rsi + rdi - 64]",
        "movaps [rdi - 16], xmm0",
        "movaps [rdi - 32], xmm1",
        "movaps [rdi - 48], xmm2",
        "movaps [rdi - 64], xmm3",
        "sub rdi, 64",
        "cmp rdi, rdx",
        "ja 9b",
        "95:",
        "movups [rax], xmm4",
        "movups [rax + 16], xmm5",
        "movups [rax + 32], xmm6",
        "movups [rax + 48], xmm7",
        "movups [r8 - 16], xmm8",
        "ret",
    )
}

/// C's `memset`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn memset(to: *mut u8, byte: i32, size: usize) -> *mut u8 {
    naked_asm!(
        "mov rax, rdi",
        "movzx ecx, sil",
        "mov r8, 0x0101010101010101",
        "imul rcx, r8",
        "cmp rdx, 16",
        "jb 4f",
        "movq xmm0, rcx",
        "punpcklqdq xmm0, xmm0",
        "lea r8, [rdi + rdx]",
        "movups [rdi], xmm0",
        "movups [r8 - 16], xmm0",
        "cmp rdx, 32",
        "jbe 3f",
        "movups [rdi + 16], xmm0",
        "movups [r8 - 32], xmm0",
        "cmp rdx, 64",
        "jbe 3f",
        "movups [r8 - 48], xmm0",
        "movups [r8 - 64], xmm0",
        "add rdi, 16",
        "and rdi, -16",
        "sub r8, 64",
        "cmp rdi, r8",
        "jae 3f",
        "2:",
        "movaps [rdi], xmm0",
        "movaps [rdi + 16], xmm0",
        "movaps [rdi + 32], xmm0",
        "movaps [rdi + 48], xmm0",
        "add rdi, 64",
        "cmp rdi, r8",
        "jb 2b",
        "3:",
        "ret",
        "4:",
        "cmp edx, 8",
        "jb 5f",
        "mov [rdi], rcx",
        "mov [rdi + rdx - 8], rcx",
        "ret",
        "5:",
        "cmp edx, 4",
        "jb 6f",
        "mov [rdi], ecx",
        "mov [rdi + rdx - 4], ecx",
        "ret",
        "6:",
        "test edx, edx",
        "jz 3b",
        "mov [rdi], cl",
        "mov [rdi + rdx - 1], cl",
        "shr edx, 1",
        "mov [rdi + rdx], cl",
        "ret",
    )
}

/// The index of the first byte where two blocks differ.
unsafe fn first_difference(a: *const u8, b: *const u8, size: usize) -> Option<usize> {
    let mut at = 0;
    // SAFETY: every access lies below `size`, which the caller vouches for in both blocks.
    unsafe {
        while at + 16 <= size {
            let equal = _mm_cmpeq_epi8(
                _mm_loadu_si128(a.add(at).cast()),
                _mm_loadu_si128(b.add(at).cast()),
            );
            let mask = _mm_movemask_epi8(equal) as u32 ^ 0xffff;
            if mask != 0 {
                return Some(at + mask.trailing_zeros() as usize);
            }
            at += 16;
        }
        while at < size {
            if *a.add(at) != *b.add(at) {
                return Some(at);
            }
            at += 1;
        }
    }
    None
}

/// C's `memcmp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    // SAFETY: C's contract, and the index is below `size`.
    unsafe {
        match first_difference(a, b, size) {
            Some(at) if (*a.add(at)).cmp(&*b.add(at)) == Ordering::Less => -1,
            Some(_) => 1,
            None => 0,
        }
    }
}

/// BSD's `bcmp`, to which compilers turn a `memcmp` whose sign is not used.
///
/// # Safety
/// As for [`memcmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    // SAFETY: the same contract.
    i32::from(unsafe { first_difference(a, b, size) }.is_some())
}

/// The first of up to `size` bytes that equals `byte`, if there is one. Reads whole aligned blocks,
/// so never beyond the page of the last byte it must look at.
pub(super) unsafe fn find_byte(start: *const u8, byte: u8, size: usize) -> Option<usize> {
    if size == 0 {
        return None;
    }
    // SAFETY: every x86-64 has SSE2.
    let pattern = unsafe { _mm_set1_epi8(byte as i8) };
    let skew = start.addr() & 15;
    // SAFETY: an aligned block that holds a byte below `size` lies in a mapped page.
    unsafe {
        let mut block = start.sub(skew).cast::<__m128i>();
        let mut mask = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128(block), pattern)) as u32
            >> skew
            << skew;
        let mut base = 0usize.wrapping_sub(skew);
        loop {
            if mask != 0 {
                let index = base.wrapping_add(mask.trailing_zeros() as usize);
                return (index < size).then_some(index);
            }
            base = base.wrapping_add(16);
            if base >= size {
                return None;
            }
            block = block.add(1);
            mask = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128(block), pattern)) as u32;
        }
    }
}

/// The length of a string, at most `most`.
pub(super) unsafe fn length(start: *const u8, most: usize) -> usize {
    // SAFETY: as for `find_byte`; the string ends before the last byte that is read, or at `most`.
    unsafe { find_byte(start, 0, most) }.unwrap_or(most)
}

/// C's `memchr`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memchr(start: *const u8, byte: i32, size: usize) -> *const u8 {
    // SAFETY: C's contract; C11 allows to look only as far as the first match.
    unsafe { find_byte(start, byte as u8, size).map_or(core::ptr::null(), |at| start.add(at)) }
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

/// GNU's `memrchr`.
///
/// # Safety
/// C's contract for `memchr`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memrchr(start: *const u8, byte: i32, size: usize) -> *const u8 {
    // SAFETY: the block is readable.
    let bytes = unsafe { core::slice::from_raw_parts(start, size) };
    match bytes.iter().rposition(|&b| b == byte as u8) {
        // SAFETY: below `size`.
        Some(at) => unsafe { start.add(at) },
        None => core::ptr::null(),
    }
}

/// C's `strlen`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strlen(text: *const u8) -> usize {
    // SAFETY: every x86-64 has SSE2.
    let zero = unsafe { _mm_set1_epi8(0) };
    let skew = text.addr() & 15;
    // SAFETY: aligned blocks up to the one with the NUL, which lie in pages of the string.
    unsafe {
        let mut block = text.sub(skew).cast::<__m128i>();
        let first = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128(block), zero)) as u32 >> skew;
        if first != 0 {
            return first.trailing_zeros() as usize;
        }
        loop {
            block = block.add(1);
            let mask = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128(block), zero)) as u32;
            if mask != 0 {
                return block.addr() - text.addr() + mask.trailing_zeros() as usize;
            }
        }
    }
}

/// POSIX's `memccpy`.
///
/// # Safety
/// POSIX's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memccpy(to: *mut u8, from: *const u8, byte: i32, size: usize) -> *mut u8 {
    // SAFETY: POSIX's contract; up to `size` bytes are readable before the match and writable.
    unsafe {
        match find_byte(from, byte as u8, size) {
            Some(at) => {
                memcpy(to, from, at + 1);
                to.add(at + 1)
            }
            None => {
                memcpy(to, from, size);
                core::ptr::null_mut()
            }
        }
    }
}

/// GNU's `mempcpy`: as `memcpy`, and returns the end.
///
/// # Safety
/// C's contract for `memcpy`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mempcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    // SAFETY: the same contract.
    unsafe { memcpy(to, from, size).add(size) }
}

/// GNU's `memmem`.
///
/// # Safety
/// Both blocks must be readable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memmem(
    haystack: *const u8,
    length: usize,
    needle: *const u8,
    size: usize,
) -> *const u8 {
    // SAFETY: both blocks are readable.
    unsafe {
        let needle = core::slice::from_raw_parts(needle, size);
        let found = libc_core::find::find(core::slice::from_raw_parts(haystack, length), needle);
        found.map_or(core::ptr::null(), |at| haystack.add(at))
    }
}

/// BSD's `bzero`.
///
/// # Safety
/// The block must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bzero(to: *mut u8, size: usize) {
    // SAFETY: the block is writable.
    unsafe { memset(to, 0, size) };
}

/// As [`bzero`]; never optimised away, being a call to another object.
///
/// # Safety
/// The block must be writable.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn explicit_bzero(to: *mut u8, size: usize) {
    // SAFETY: the block is writable.
    unsafe { memset(to, 0, size) };
}

/// BSD's `bcopy`.
///
/// # Safety
/// As for `memmove`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bcopy(from: *const u8, to: *mut u8, size: usize) {
    // SAFETY: the same contract.
    unsafe { memmove(to, from, size) };
}

// SPDX-License-Identifier: ISC
//! The `mem*` functions of string.h (C11 7.24) that the compiler itself calls.
//!
//! Copying and filling are assembly, because a Rust loop that does the same may be compiled into a
//! call to the very function it implements. Blocks of 16 bytes by SSE2, which every x86-64 has, and of
//! 32 by AVX2 where [`choose`] found it.

use super::platform::Cell;
use core::arch::x86_64::{
    __cpuid, __cpuid_count, __m128i, _mm_cmpeq_epi8, _mm_load_si128, _mm_loadu_si128,
    _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8, _mm256_and_si256, _mm256_cmpeq_epi8,
    _mm256_load_si256, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
};
use core::arch::{asm, naked_asm};

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
        "ja 55f",
        "movups xmm0, [rsi]",
        "movups xmm1, [rsi + 16]",
        "movups xmm2, [rsi + rdx - 32]",
        "movups xmm3, [rsi + rdx - 16]",
        "movups [rdi], xmm0",
        "movups [rdi + 16], xmm1",
        "movups [rdi + rdx - 32], xmm2",
        "movups [rdi + rdx - 16], xmm3",
        "ret",
        "55:",
        "cmp byte ptr [rip + {wide}], 0",
        "jne {long}",
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
        wide = sym WIDE,
        long = sym move_wide,
    )
}

/// The rest of [`memmove`] for more than 64 bytes, where the processor has AVX2; RAX is its result.
#[unsafe(naked)]
unsafe extern "C" fn move_wide(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    naked_asm!(
        "cmp rdx, 128",
        "ja 2f",
        "vmovdqu ymm0, [rsi]",
        "vmovdqu ymm1, [rsi + 32]",
        "vmovdqu ymm2, [rsi + rdx - 64]",
        "vmovdqu ymm3, [rsi + rdx - 32]",
        "vmovdqu [rdi], ymm0",
        "vmovdqu [rdi + 32], ymm1",
        "vmovdqu [rdi + rdx - 64], ymm2",
        "vmovdqu [rdi + rdx - 32], ymm3",
        "vzeroupper",
        "ret",
        "2:",
        "mov rcx, rdi",
        "sub rcx, rsi",
        "cmp rcx, rdx",
        "jb 5f",
        "vmovdqu ymm4, [rsi + rdx - 128]",
        "vmovdqu ymm5, [rsi + rdx - 96]",
        "vmovdqu ymm6, [rsi + rdx - 64]",
        "vmovdqu ymm7, [rsi + rdx - 32]",
        "vmovdqu ymm8, [rsi]",
        "lea r8, [rdi + rdx]",
        "sub rsi, rdi",
        "add rdi, 32",
        "and rdi, -32",
        "lea rdx, [r8 - 128]",
        "cmp rdi, rdx",
        "jae 4f",
        ".p2align 4",
        "3:",
        "vmovdqu ymm0, [rsi + rdi]",
        "vmovdqu ymm1, [rsi + rdi + 32]",
        "vmovdqu ymm2, [rsi + rdi + 64]",
        "vmovdqu ymm3, [rsi + rdi + 96]",
        "vmovdqa [rdi], ymm0",
        "vmovdqa [rdi + 32], ymm1",
        "vmovdqa [rdi + 64], ymm2",
        "vmovdqa [rdi + 96], ymm3",
        "add rdi, 128",
        "cmp rdi, rdx",
        "jb 3b",
        "4:",
        "vmovdqu [r8 - 128], ymm4",
        "vmovdqu [r8 - 96], ymm5",
        "vmovdqu [r8 - 64], ymm6",
        "vmovdqu [r8 - 32], ymm7",
        "vmovdqu [rax], ymm8",
        "vzeroupper",
        "ret",
        "5:",
        "test rcx, rcx",
        "jz 8f",
        "vmovdqu ymm4, [rsi]",
        "vmovdqu ymm5, [rsi + 32]",
        "vmovdqu ymm6, [rsi + 64]",
        "vmovdqu ymm7, [rsi + 96]",
        "vmovdqu ymm8, [rsi + rdx - 32]",
        "lea r8, [rdi + rdx]",
        "sub rsi, rdi",
        "lea rdi, [r8 - 1]",
        "and rdi, -32",
        "lea rdx, [rax + 128]",
        "cmp rdi, rdx",
        "jbe 7f",
        ".p2align 4",
        "6:",
        "vmovdqu ymm0, [rsi + rdi - 32]",
        "vmovdqu ymm1, [rsi + rdi - 64]",
        "vmovdqu ymm2, [rsi + rdi - 96]",
        "vmovdqu ymm3, [rsi + rdi - 128]",
        "vmovdqa [rdi - 32], ymm0",
        "vmovdqa [rdi - 64], ymm1",
        "vmovdqa [rdi - 96], ymm2",
        "vmovdqa [rdi - 128], ymm3",
        "sub rdi, 128",
        "cmp rdi, rdx",
        "ja 6b",
        "7:",
        "vmovdqu [rax], ymm4",
        "vmovdqu [rax + 32], ymm5",
        "vmovdqu [rax + 64], ymm6",
        "vmovdqu [rax + 96], ymm7",
        "vmovdqu [r8 - 32], ymm8",
        "8:",
        "vzeroupper",
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
        "cmp byte ptr [rip + {wide}], 0",
        "jne 7f",
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
        // AVX2: the first and last 64 bytes, and whole aligned blocks in between.
        "7:",
        "vinsertf128 ymm0, ymm0, xmm0, 1",
        "vmovdqu [rdi], ymm0",
        "vmovdqu [rdi + 32], ymm0",
        "vmovdqu [r8 - 64], ymm0",
        "vmovdqu [r8 - 32], ymm0",
        "cmp rdx, 128",
        "jbe 9f",
        "vmovdqu [r8 - 128], ymm0",
        "vmovdqu [r8 - 96], ymm0",
        "add rdi, 64",
        "and rdi, -32",
        "add r8, -128",
        "cmp rdi, r8",
        "jae 9f",
        ".p2align 4",
        "8:",
        "vmovdqa [rdi], ymm0",
        "vmovdqa [rdi + 32], ymm0",
        "vmovdqa [rdi + 64], ymm0",
        "vmovdqa [rdi + 96], ymm0",
        "sub rdi, -128",
        "cmp rdi, r8",
        "jb 8b",
        "9:",
        "vzeroupper",
        "ret",
        wide = sym WIDE,
    )
}

/// Does the processor have AVX2, and the registers' state enabled? Read by assembly as a byte.
pub static WIDE: Cell<bool> = Cell::new(false);

/// Looks once at what the processor has (Intel SDM volume 1, 14.3 and 14.7.1).
pub fn choose() {
    let leaf = __cpuid(1);
    let saves = leaf.ecx >> 27 & 1 != 0;
    let avx = leaf.ecx >> 28 & 1 != 0;
    if !saves || !avx || __cpuid(0).eax < 7 {
        return;
    }
    let state: u32;
    // SAFETY: OSXSAVE says that XGETBV is enabled.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") state, out("edx") _, options(nomem, nostack, preserves_flags))
    };
    let avx2 = __cpuid_count(7, 0).ebx >> 5 & 1 != 0;
    WIDE.set(avx2 && state & 6 == 6);
}

/// Reads a big-endian number, by which the order of bytes is the order of numbers.
unsafe fn word<T: Copy>(from: *const u8, at: usize) -> T {
    // SAFETY: the caller says that the bytes are readable.
    unsafe { from.add(at).cast::<T>().read_unaligned() }
}

/// The order of two blocks of `size` bytes: less than, equal to or greater than 0.
#[inline]
unsafe fn order(a: *const u8, b: *const u8, size: usize) -> i32 {
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
            return if size > 64 && WIDE.get() {
                order_wide(a, b, size)
            } else {
                order_blocks(a, b, 0, size)
            };
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

/// [`order`] of 16 bytes and more, from `at` on, which was looked at before.
unsafe fn order_blocks(a: *const u8, b: *const u8, at: usize, size: usize) -> i32 {
    let mut at = at;
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

/// [`order`] of more than 64 bytes.
#[target_feature(enable = "avx2")]
unsafe fn order_wide(a: *const u8, b: *const u8, size: usize) -> i32 {
    let mut at = 0;
    // SAFETY: as for `order`.
    unsafe {
        let equal = |at: usize| {
            _mm256_cmpeq_epi8(
                _mm256_loadu_si256(a.add(at).cast()),
                _mm256_loadu_si256(b.add(at).cast()),
            )
        };
        while at + 128 <= size {
            let first = _mm256_and_si256(equal(at), equal(at + 32));
            let second = _mm256_and_si256(equal(at + 64), equal(at + 96));
            if _mm256_movemask_epi8(_mm256_and_si256(first, second)) != -1 {
                break;
            }
            at += 128;
        }
        while at < size {
            let block = at.min(size - 32);
            let different = !_mm256_movemask_epi8(equal(block)) as u32;
            if different != 0 {
                return decide(a, b, block + different.trailing_zeros() as usize);
            }
            at += 32;
        }
    }
    0
}

/// C's `memcmp`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    // SAFETY: C's contract.
    unsafe { order(a, b, size) }
}

/// BSD's `bcmp`, to which compilers turn a `memcmp` whose sign is not used.
///
/// # Safety
/// As for [`memcmp`].
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(a, b, size) }
}

/// The first of up to `size` bytes that equals `byte`, if there is one. Reads whole aligned blocks,
/// so never beyond the page of the last byte it must look at.
#[inline]
pub(super) unsafe fn find_byte(start: *const u8, byte: u8, size: usize) -> Option<usize> {
    if size == 0 {
        return None;
    }
    let skew = start.addr() & 15;
    // SAFETY: an aligned block that holds a byte below `size` lies in a mapped page.
    unsafe {
        let block = start.sub(skew).cast::<__m128i>();
        let pattern = _mm_set1_epi8(byte as i8);
        let mask = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128(block), pattern)) as u32 >> skew;
        if mask != 0 {
            let index = mask.trailing_zeros() as usize;
            return (index < size).then_some(index);
        }
        let done = 16 - skew;
        if done >= size {
            return None;
        }
        let found = if WIDE.get() {
            find_wide(start, byte, done, size)
        } else {
            find_blocks(start, byte, done, size)
        };
        (found < size).then_some(found)
    }
}

/// [`find_byte`] from `done` on, where a block of 16 bytes begins; `size` or more if there is none.
unsafe fn find_blocks(start: *const u8, byte: u8, done: usize, size: usize) -> usize {
    let mut at = done;
    // SAFETY: as for `find_byte`.
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

/// As [`find_blocks`], with blocks of 32 bytes.
#[target_feature(enable = "avx2")]
unsafe fn find_wide(start: *const u8, byte: u8, done: usize, size: usize) -> usize {
    // SAFETY: as for `find_byte`.
    unsafe {
        let pattern = _mm256_set1_epi8(byte as i8);
        let equal = |at: usize| {
            _mm256_cmpeq_epi8(_mm256_load_si256(start.wrapping_add(at).cast()), pattern)
        };
        // The aligned block that holds `done`; what lies before was looked at.
        let skew = start.addr().wrapping_add(done) & 31;
        let mut at = done.wrapping_sub(skew);
        let mask = (_mm256_movemask_epi8(equal(at)) as u32) >> skew << skew;
        if mask != 0 {
            return at.wrapping_add(mask.trailing_zeros() as usize);
        }
        at = at.wrapping_add(32);
        while at < size {
            if start.addr().wrapping_add(at) & 127 == 0 {
                loop {
                    let any = _mm256_or_si256(
                        _mm256_or_si256(equal(at), equal(at + 32)),
                        _mm256_or_si256(equal(at + 64), equal(at + 96)),
                    );
                    if _mm256_movemask_epi8(any) != 0 {
                        break;
                    }
                    at += 128;
                    if at >= size {
                        return size;
                    }
                }
            }
            let mask = _mm256_movemask_epi8(equal(at)) as u32;
            if mask != 0 {
                return at + mask.trailing_zeros() as usize;
            }
            at += 32;
        }
    }
    size
}

/// The length of a string, at most `most`.
#[inline]
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
    // SAFETY: C's contract: terminated, so the search ends there.
    unsafe { length(text, usize::MAX) }
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

// SPDX-License-Identifier: ISC
//! Variable arguments (System V ABI for x86-64, section 3.5.7): reading a `va_list`, and entry points
//! for C's variadic functions, which stable Rust cannot define.

use libc_core::real::X87;

/// What a `va_list` points at.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct VaList {
    gp_offset: u32,
    fp_offset: u32,
    overflow: *const u64,
    registers: *const u8,
}

impl VaList {
    /// The next argument in memory.
    unsafe fn slot(&mut self) -> u64 {
        // SAFETY: the caller says that there is another argument.
        unsafe {
            let value = *self.overflow;
            self.overflow = self.overflow.add(1);
            value
        }
    }

    /// The next argument of an integer or pointer type.
    ///
    /// # Safety
    /// The caller passed one.
    pub unsafe fn integer(&mut self) -> u64 {
        if self.gp_offset >= 48 {
            // SAFETY: the registers are used up, so it lies in memory.
            return unsafe { self.slot() };
        }
        // SAFETY: the save area holds six registers.
        let value = unsafe { *self.registers.add(self.gp_offset as usize).cast() };
        self.gp_offset += 8;
        value
    }

    /// The next `double`, as its bits.
    ///
    /// # Safety
    /// The caller passed one.
    pub unsafe fn double(&mut self) -> u64 {
        if self.fp_offset >= 176 {
            // SAFETY: the registers are used up, so it lies in memory.
            return unsafe { self.slot() };
        }
        // SAFETY: the save area holds eight vector registers after the six others.
        let value = unsafe { *self.registers.add(self.fp_offset as usize).cast() };
        self.fp_offset += 16;
        value
    }

    /// The next `long double`: always in memory, aligned to 16 bytes.
    ///
    /// # Safety
    /// The caller passed one.
    pub unsafe fn long_double(&mut self) -> X87 {
        // SAFETY: it takes two slots from the next multiple of 16 on.
        unsafe {
            if !self.overflow.addr().is_multiple_of(16) {
                self.slot();
            }
            let mantissa = self.slot();
            X87 {
                mantissa,
                sign_exponent: self.slot() as u16,
            }
        }
    }
}

/// Defines variadic functions: each saves the argument registers, makes a `va_list` of what follows
/// the fixed arguments, and calls its `v` function with it as the last argument.
macro_rules! variadic {
    (@entry $doc:literal, $name:ident, $target:path, $skip:literal, $register:literal, ($($fixed:ident: $type:ty),*)) => {
        #[doc = $doc]
        ///
        /// # Safety
        /// C's contract.
        #[cfg_attr(not(test), unsafe(no_mangle))]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name($($fixed: $type),*) -> i32 {
            core::arch::naked_asm!(
                ".cfi_startproc",
                "sub rsp, 0xd8",
                ".cfi_adjust_cfa_offset 0xd8",
                "mov [rsp + 0x20], rdi",
                "mov [rsp + 0x28], rsi",
                "mov [rsp + 0x30], rdx",
                "mov [rsp + 0x38], rcx",
                "mov [rsp + 0x40], r8",
                "mov [rsp + 0x48], r9",
                // AL says whether vector registers carry arguments.
                "test al, al",
                "jz 2f",
                "movaps [rsp + 0x50], xmm0",
                "movaps [rsp + 0x60], xmm1",
                "movaps [rsp + 0x70], xmm2",
                "movaps [rsp + 0x80], xmm3",
                "movaps [rsp + 0x90], xmm4",
                "movaps [rsp + 0xa0], xmm5",
                "movaps [rsp + 0xb0], xmm6",
                "movaps [rsp + 0xc0], xmm7",
                "2:",
                concat!("mov dword ptr [rsp], ", $skip),
                "mov dword ptr [rsp + 4], 48",
                "lea rax, [rsp + 0xe0]",
                "mov [rsp + 8], rax",
                "lea rax, [rsp + 0x20]",
                "mov [rsp + 16], rax",
                concat!("mov ", $register, ", rsp"),
                "call {target}",
                "add rsp, 0xd8",
                ".cfi_adjust_cfa_offset -0xd8",
                "ret",
                ".cfi_endproc",
                target = sym $target,
            )
        }
    };
    ($($doc:literal $name:ident($a:ident: $ta:ty) = $target:path;)*) => {
        $(variadic!(@entry $doc, $name, $target, "8", "rsi", ($a: $ta));)*
    };
    ($($doc:literal $name:ident($a:ident: $ta:ty, $b:ident: $tb:ty) = $target:path;)*) => {
        $(variadic!(@entry $doc, $name, $target, "16", "rdx", ($a: $ta, $b: $tb));)*
    };
    ($($doc:literal $name:ident($a:ident: $ta:ty, $b:ident: $tb:ty, $c:ident: $tc:ty) = $target:path;)*) => {
        $(variadic!(@entry $doc, $name, $target, "24", "rcx", ($a: $ta, $b: $tb, $c: $tc));)*
    };
    ($($doc:literal $name:ident($a:ident: $ta:ty, $b:ident: $tb:ty, $c:ident: $tc:ty, $d:ident: $td:ty) = $target:path;)*) => {
        $(variadic!(@entry $doc, $name, $target, "32", "r8", ($a: $ta, $b: $tb, $c: $tc, $d: $td));)*
    };
    ($($doc:literal $name:ident($a:ident: $ta:ty, $b:ident: $tb:ty, $c:ident: $tc:ty, $d:ident: $td:ty, $e:ident: $te:ty) = $target:path;)*) => {
        $(variadic!(@entry $doc, $name, $target, "40", "r9", ($a: $ta, $b: $tb, $c: $tc, $d: $td, $e: $te));)*
    };
}
pub(crate) use variadic;

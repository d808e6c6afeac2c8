// SPDX-License-Identifier: ISC
//! I/O port 0xE9: Xen logs what a guest writes there, a line at a time, at guest debug level.
//!
//! Source: `hvm_print_line` in Xen's `xen/arch/x86/hvm/hvm.c`. It works before anything is set up, and after
//! everything is lost.

use crate::arch::cpu;

const PORT: u16 = 0xe9;

/// Xen's line buffer holds 80 characters; a longer line is broken there.
pub fn write(bytes: &[u8]) {
    cpu::out_bytes(PORT, bytes);
}

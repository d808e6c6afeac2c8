// SPDX-License-Identifier: ISC
//! Processor features and the few instructions that Rust has no word for.
//!
//! Interface: Intel SDM vol. 1 chapter 13 (XSAVE), vol. 2 (CPUID, RDRAND, HLT, OUTS). Every CPUID leaves the
//! guest and costs as much as a hypercall, so each leaf is read once.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, _rdrand64_step};
use core::sync::atomic::{AtomicU32, Ordering};
use x86_64::registers::control::{Cr4, Cr4Flags};
use x86_64::registers::xcontrol::{XCr0, XCr0Flags};

/// CPUID leaf 1, ECX, as read at boot.
static FEATURES: AtomicU32 = AtomicU32::new(0);

const XSAVE: u32 = 1 << 26;
const AVX: u32 = 1 << 28;
const RDRAND: u32 = 1 << 30;

/// Reads the features and switches AVX on where the processor has it. SSE is on since `entry.s`.
pub fn init() {
    let features = __cpuid(1).ecx;
    FEATURES.store(features, Ordering::Relaxed);
    if features & (XSAVE | AVX) == XSAVE | AVX {
        // SAFETY: the processor has XSAVE and AVX, so the bits may be set, in this order.
        unsafe {
            Cr4::write_raw(Cr4::read_raw() | Cr4Flags::OSXSAVE.bits());
            XCr0::write(XCr0Flags::X87 | XCr0Flags::SSE | XCr0Flags::AVX);
        }
    }
}

/// Whether AVX is on.
pub fn has_avx() -> bool {
    FEATURES.load(Ordering::Relaxed) & (XSAVE | AVX) == XSAVE | AVX
}

/// A random word from the processor; `None` without RDRAND, or when it stays empty.
pub fn rdrand() -> Option<u64> {
    if FEATURES.load(Ordering::Relaxed) & RDRAND == 0 {
        return None;
    }
    // Intel's software guide: ten attempts; a working generator fails none in practice.
    (0..10).find_map(|_| {
        let mut word = 0;
        // SAFETY: the processor has RDRAND.
        (unsafe { rdrand64(&mut word) } == 1).then_some(word)
    })
}

#[target_feature(enable = "rdrand")]
fn rdrand64(word: &mut u64) -> i32 {
    // The intrinsic is safe in a function with the feature.
    _rdrand64_step(word)
}

/// The time-stamp counter, in its own ticks. Needs no serialisation: a reading a few instructions early or late
/// is as good.
pub fn rdtsc() -> u64 {
    // SAFETY: CR4.TSD is clear, so RDTSC is allowed.
    unsafe { core::arch::x86_64::_rdtsc() }
}

unsafe extern "C" {
    /// Sleeps until an interrupt, with interrupts on for that long only; in `gates.s`. One that is already pending ends it at
    /// once. May end without one.
    pub safe fn wait_for_interrupt();
}

/// Writes bytes to an I/O port with one instruction, which leaves the guest once for many bytes.
pub fn out_bytes(port: u16, bytes: &[u8]) {
    // SAFETY: `outs` reads the slice and writes to the port; port 0xE9, the only one used, is Xen's debug console.
    unsafe {
        asm!("rep outsb", in("dx") port, inout("rsi") bytes.as_ptr() => _, inout("rcx") bytes.len() => _,
             options(nostack, readonly, preserves_flags));
    }
}

/// Stops this processor for good.
pub fn halt_forever() -> ! {
    loop {
        // SAFETY: with interrupts off nothing wakes it but an NMI, after which it halts again.
        unsafe { asm!("cli", "hlt", options(nostack, nomem)) }
    }
}

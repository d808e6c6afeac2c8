// SPDX-License-Identifier: ISC
//! The stack canary: random at each boot, for both ways in which C is compiled to read it.
//!
//! Linux code reads it at `%fs:0x28`, Solo5's own flags (`-mstack-protector-guard=global`) have it in
//! `__stack_chk_guard`. A smashed stack calls `__stack_chk_fail` (`gates.s`) either way.

use crate::arch::cpu;
use core::sync::atomic::{AtomicU64, Ordering};

#[unsafe(export_name = "__stack_chk_guard")]
static GUARD: AtomicU64 = AtomicU64::new(0);

/// Draws the canary. Nothing protected may be running.
pub fn init() {
    // The byte at the lowest address is zero, so that no string function reads or writes across it.
    GUARD.store(random() & !0xff, Ordering::Relaxed);
}

/// The canary.
pub fn canary() -> u64 {
    GUARD.load(Ordering::Relaxed)
}

/// A word an attacker cannot guess: the processor's, and how long things took, which varies with what else the host
/// does.
fn random() -> u64 {
    let mut state = cpu::rdrand().unwrap_or(0);
    for _ in 0..32 {
        // Mixing steps of SplitMix64, a bijection: no entropy put in is lost.
        state = state
            .wrapping_add(cpu::rdtsc())
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 31;
    }
    state
}

// SPDX-License-Identifier: ISC
//! The stack canary: random at each boot, for both ways in which C is compiled to read it.
//!
//! Linux code reads it at `%fs:0x28`, Solo5's own flags (`-mstack-protector-guard=global`) have it in
//! `__stack_chk_guard`. A smashed stack calls `__stack_chk_fail` (`gates.s`) either way.

use super::entropy;
use core::sync::atomic::{AtomicU64, Ordering};

#[unsafe(export_name = "__stack_chk_guard")]
static GUARD: AtomicU64 = AtomicU64::new(0);

/// Draws the canary. Nothing protected may be running.
pub fn init() {
    // The byte at the lowest address is zero, so that no string function reads or writes across it.
    GUARD.store(entropy::canary() & !0xff, Ordering::Relaxed);
}

/// The canary.
pub fn canary() -> u64 {
    GUARD.load(Ordering::Relaxed)
}

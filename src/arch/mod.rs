// SPDX-License-Identifier: ISC
//! The processor: features, descriptor tables, gates, page tables.

pub mod cpu;
pub mod descriptors;
pub mod noise;
pub mod paging;
pub mod per_cpu;
mod traps;

pub use traps::TrapFrame;

core::arch::global_asm!(
    include_str!("gates.s"),
    cpu = sym per_cpu::BOOT,
    waiting = const core::mem::offset_of!(per_cpu::PerCpu, waiting),
    options(att_syntax)
);

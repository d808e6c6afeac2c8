// SPDX-License-Identifier: ISC
//! The processor: features, descriptor tables, gates, page tables.

pub mod cpu;
pub mod descriptors;
pub mod paging;
mod traps;

pub use traps::TrapFrame;

core::arch::global_asm!(include_str!("gates.s"), options(att_syntax));

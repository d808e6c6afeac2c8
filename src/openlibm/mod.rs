// SPDX-License-Identifier: ISC
//! Mathematics: C's names over the libm crate, and the floating-point environment. A part of its own
//! (`libopenlibm.a`), so that libc carries none of its tables; it needs no other part.
//!
//! `../libc/exports.txt` lists its names with those of libc.

pub mod extended;
pub mod fenv;
mod gamma;
mod hyperbolic;
pub mod math;
mod pair;
pub mod x87;

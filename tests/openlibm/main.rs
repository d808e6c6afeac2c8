// SPDX-License-Identifier: ISC
//! The mathematics on the host: how far each function is from the exact value, as MPFR computes it, and how
//! far the host's libm is.

#[allow(
    dead_code,
    non_snake_case,
    non_upper_case_globals,
    reason = "C's names, of which the tests call a part"
)]
#[path = "../../src/openlibm/mod.rs"]
mod ours;

#[path = "../../crates/libc-core/tests/support/mod.rs"]
mod support;

mod accuracy;
mod exact;
mod mpfr;

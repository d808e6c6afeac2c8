// SPDX-License-Identifier: ISC
//! The libc surface on the host, its functions beside the host's own. Ours are always the ones called:
//! the module is compiled into this test under Rust's names, so that the host's stay in place.
#![allow(
    clippy::duplicate_mod,
    reason = "bare.rs needs the memory under the heap a second time"
)]

#[allow(
    dead_code,
    non_snake_case,
    non_upper_case_globals,
    reason = "C's names, of which the tests call a part"
)]
#[path = "../../src/libc/mod.rs"]
mod ours;

#[path = "../../crates/libc-core/tests/support/mod.rs"]
mod support;

mod absent;
mod bare;
mod crashes;
mod environment;
mod footprint;
mod heap;
mod inet;
mod machine;
mod memory;
mod numerals;
mod printf;
mod regions;
mod scanf;
mod sorting;
mod speed;
mod streams;
mod strings;
mod trace;

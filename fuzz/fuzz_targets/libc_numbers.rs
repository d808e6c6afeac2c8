// SPDX-License-Identifier: ISC
//! Runs crates/libc-core/tests/fuzz/numbers.rs, which says what is checked, on libFuzzer's input.
#![no_main]

#[path = "../../crates/libc-core/tests/fuzz/numbers_support.rs"]
mod numbers_support;
#[path = "../../crates/libc-core/tests/fuzz/numbers.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));

// SPDX-License-Identifier: ISC
//! Runs crates/libc-core/tests/fuzz/scan.rs, which says what is checked, on libFuzzer's input.
#![no_main]

#[path = "../../crates/libc-core/tests/fuzz/scan.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));

// SPDX-License-Identifier: ISC
//! Runs crates/xen-proto/tests/fuzz/net.rs, which says what is checked, on libFuzzer's input.
#![no_main]

#[path = "../../crates/xen-proto/tests/fuzz/input.rs"]
mod input;
#[path = "../../crates/xen-proto/tests/fuzz/net.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));

// SPDX-License-Identifier: ISC
//! Xen's public interface as bindgen reads it from the installed headers.
#![expect(
    non_camel_case_types,
    non_upper_case_globals,
    dead_code,
    clippy::undocumented_unsafe_blocks,
    reason = "generated code, with the headers' own names"
)]

include!(concat!(env!("OUT_DIR"), "/xen.rs"));

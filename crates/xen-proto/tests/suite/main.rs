// SPDX-License-Identifier: ISC
//! The crate's tests, one file per module of the crate.

mod common;
mod memory_map;
mod options;
mod start_info;

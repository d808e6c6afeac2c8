// SPDX-License-Identifier: ISC
//! The crate's tests, one file per module of the crate.

mod block;
mod checksum;
mod clock;
mod common;
mod console;
mod entropy;
#[path = "../fuzz/mod.rs"]
mod fuzz;
mod grant;
mod manifest;
mod memory_map;
mod multiboot;
mod net;
mod net_offload;
mod net_queues;
mod options;
mod placement;
mod protection;
mod start_info;
mod symbols;
mod unwind;
mod window;
mod xenbus;
mod xenbus_link;
mod xenstore;
mod xenstored;

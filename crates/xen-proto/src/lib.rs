// SPDX-License-Identifier: ISC
//! What Xen's bytes mean: boot structures, clocks, rings, events, grants, xenstore.
//!
//! Everything here is safe, portable and free of allocation, so that it is tested on the host.
//! Memory that Xen or another domain writes is seen only through atomics: each field is loaded
//! once, checked, and used from the copy. Nothing in this crate formats text with `core::fmt`;
//! errors name themselves through a `text` method that returns a static string.
//!
//! Layouts follow Xen's public headers, each module naming its own; offsets and sizes are public
//! constants so that a build that has the headers can check them.
#![no_std]
#![forbid(unsafe_code)]

pub mod block;
pub mod checksum;

pub mod clock;
pub mod console;
pub mod entropy;
pub mod evtchn;
pub mod grant;
pub mod manifest;
pub mod memory_map;
pub mod multiboot;
pub mod net;
pub mod options;
pub mod placement;
pub mod protection;
pub mod ring;
pub mod start_info;
pub mod symbols;
pub mod text;
pub mod unwind;
pub mod window;
pub mod xenbus;
pub mod xenstore;

/// Whether the code is to be wrong in the named way; only in tests of the races, see `model`.
#[cfg(test)]
macro_rules! mutated {
    ($mutant:ident) => {
        crate::model::mutated(crate::model::Mutant::$mutant)
    };
}
#[cfg(not(test))]
macro_rules! mutated {
    ($mutant:ident) => {
        false
    };
}
use mutated;

mod byte_ring;
mod bytes;
#[cfg(test)]
mod model;
mod sync;

// SPDX-License-Identifier: ISC
//! The guest core: three parts that link separately and talk only through C names, by cargo feature.
//!
//! - `solo5`: boot, memory, events, time, console and the Solo5 API (`solo5_xen.o`);
//! - `libc` and `openlibm`: the freestanding libc surface and mathematics (`libnolibc.a`, `libopenlibm.a`);
//! - `bindings`: the `mirage_xen_*` C stubs (`libmirage-xen_bindings.a`).
#![no_std]

mod panic;

#[cfg(feature = "solo5")]
mod arch;
#[cfg(feature = "solo5")]
mod boot;
#[cfg(feature = "solo5")]
mod mem;
#[cfg(feature = "solo5")]
mod mm;
#[cfg(feature = "solo5")]
mod solo5;
#[cfg(any(feature = "solo5", feature = "bindings"))]
mod xen;

#[cfg(feature = "bindings")]
mod checksum;
#[cfg(feature = "bindings")]
mod ffi;

#[cfg(feature = "libc")]
mod libc;
#[cfg(feature = "openlibm")]
mod openlibm;

// SPDX-License-Identifier: ISC
//! What libc computes: formatting, scanning, number parsing, time, sorting, error texts.
//!
//! Everything here is safe, portable and free of allocation, so that it is tested on the host. The
//! C names that call it live in the root package. Size matters: the engines are not generic, and
//! nothing uses `core::fmt` or `core`'s own number conversion.
#![no_std]
#![forbid(unsafe_code)]

mod decimal;
mod length;
mod power;

pub mod address;
pub mod ctype;
pub mod errno;
pub mod find;
pub mod format;
pub mod fused;
pub mod intervals;
pub mod number;
pub mod pages;
pub mod quick;
pub mod real;
pub mod scan;
pub mod schedule;
pub mod sort;
pub mod time;

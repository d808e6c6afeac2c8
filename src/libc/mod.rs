// SPDX-License-Identifier: ISC
//! The libc surface: C's names over [`libc_core`] and Solo5's API, binary compatible with glibc on
//! x86-64 as far as a program without files, processes and users can tell.
//!
//! One file for each C header or group of names. `exports.txt` lists every name with what it does
//! here: `real`, `constant` (an answer that is always true in a unikernel) or `refused` (fails with
//! the errno that a program expects).
//!
//! The tests compile this module once more for the host, under Rust's names instead of C's, so that
//! the host's own libc stays in place beside it: hence `cfg_attr(not(test), unsafe(no_mangle))`.

pub mod crash;
mod platform;

pub mod assert;
pub mod ctype;
pub mod descriptors;
pub mod dlfcn;
pub mod errno;
pub mod files;
pub mod fortify;
pub mod heap;
pub mod inet;
pub mod init;
mod lent;
pub mod locale;
pub mod malloc;
pub mod memory;
pub mod mman;
pub mod netdb;
pub mod obstack;
mod pages;
pub mod poll;
pub mod prctl;
pub mod pthread;
pub mod random;
pub mod setjmp;
pub mod signal;
pub mod socket;
mod space;
pub mod spawn;
pub mod stdio;
pub mod stdlib;
pub mod string;
pub mod strtold;
pub mod terminal;
mod threads;
pub mod time;
mod tls;
pub mod unistd;
pub mod users;
pub mod wchar;
pub mod weak;
pub mod wide_numerals;

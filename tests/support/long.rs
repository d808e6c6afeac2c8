// SPDX-License-Identifier: ISC
//! Whether the large counts are wanted: `make test-long` sets MIRAGE_XEN_LONG. The one place that looks; tests of the
//! workspace's members include it, too.
#![allow(dead_code, reason = "every test uses another part of it")]

extern crate std; // a member without it includes this

use std::ffi::OsStr;

/// Whether the large counts are wanted.
pub fn long() -> bool {
    wanted(std::env::var_os("MIRAGE_XEN_LONG").as_deref())
}

/// A variable that is set to nothing counts as unset.
pub fn wanted(variable: Option<&OsStr>) -> bool {
    variable.is_some_and(|value| !value.is_empty())
}

/// A count that is run in full in the long run, a hundredth of it otherwise.
pub fn scaled(full: u64) -> u64 {
    if long() { full } else { full / 100 }
}

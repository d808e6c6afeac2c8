// SPDX-License-Identifier: ISC
//! The memory of a device's buffers, by the options that say how much it is.

use super::text;
use crate::mm::device_memory;
use crate::solo5::options::{self, Settings};
use crate::xen::grants::Error;
use core::ops::RangeInclusive;
use xen_proto::manifest::Kind;

/// There is not enough of it.
pub const NO_MEMORY: &str =
    "too little memory for its buffers: raise memory= in the domain's configuration";

/// Why a backend cannot be given the pages.
pub fn not_granted(error: Error) -> &'static str {
    match error {
        Error::StillMapped => {
            "its pages cannot be used: the backend that it had before still maps them"
        }
        _ => "its pages cannot be granted: the grant table is full",
    }
}

/// How many pages a device of that kind has, of those that it can do with: the most of them, or what the option says.
pub fn pages(settings: &Settings, kind: Kind, possible: RangeInclusive<usize>) -> usize {
    // What is wrong with the option is said when the device is acquired.
    let given = settings
        .device_memory(text(kind).as_bytes())
        .unwrap_or(None);
    let given = given.map(|bytes| (bytes / 4096) as usize);
    given.map_or(*possible.end(), |pages| {
        pages.clamp(*possible.start(), *possible.end())
    })
}

/// Takes them, for ever: their address, and how many they are.
pub fn take(kind: Kind, possible: RangeInclusive<usize>) -> Result<(usize, usize), &'static str> {
    let settings = options::settings().ok_or(NO_MEMORY)?;
    let pages = pages(settings, kind, possible);
    Ok((device_memory::take(pages).ok_or(NO_MEMORY)?, pages))
}

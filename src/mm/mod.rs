// SPDX-License-Identifier: ISC
//! Memory: what the image takes, what RAM there is, who gets it.

pub mod device_memory;
pub mod frames;
pub mod heap_range;
pub mod layout;
pub mod memory;

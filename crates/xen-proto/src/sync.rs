// SPDX-License-Identifier: ISC
//! The atomics that all shared memory is made of: `core`'s, or the model's in the unit tests.

#[cfg(not(test))]
pub use core::sync::atomic::{
    AtomicI8, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence,
};

#[cfg(test)]
pub use crate::model::{AtomicI8, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};

/// Works on memory that nobody else sees yet, which the model need not interleave with anything.
#[cfg(not(test))]
#[inline(always)]
pub fn unshared<T>(f: impl FnOnce() -> T) -> T {
    f()
}

#[cfg(test)]
pub use crate::model::alone as unshared;

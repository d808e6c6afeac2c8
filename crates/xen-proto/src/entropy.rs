// SPDX-License-Identifier: ISC
//! Entropy: the hash that mixes what the sources give, the tests that a source keeps passing, and the
//! generator that is seeded from both.
//!
//! The sources themselves are instructions, and so not here.

pub mod blake2s;
pub mod generator;
pub mod health;

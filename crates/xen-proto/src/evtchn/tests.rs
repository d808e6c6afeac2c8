// SPDX-License-Identifier: ISC
//! Both interfaces against every interleaving with Xen's side, written out step by step, and each
//! race's mutant.
//!
//! A message is a number that the peer writes before it sends; an event is lost when nothing is
//! due any more and the guest has not seen the last number, invented when a mark has no event.

extern crate std;

use core::cell::Cell;
use std::vec::Vec;

use super::Marks;
use crate::sync::AtomicU64;

mod block;
mod fifo;
#[path = "../../../../tests/support/long.rs"]
mod long;
mod switch;
mod two_level;
mod wait;

/// Ports in two words, two of them in the same one.
const PORTS: [u32; 3] = [5, 7, 64];

/// What peers sent and what the guest saw of it.
#[derive(Default)]
struct Messages {
    sent: [Cell<u32>; 3],
    seen: [Cell<u32>; 3],
}

impl Messages {
    fn collect(&self, marks: Marks<'_>) -> Result<(), &'static str> {
        for (i, &port) in PORTS.iter().enumerate() {
            if marks.test_and_clear(port) {
                if self.sent[i].get() == 0 {
                    return Err("an event was invented");
                }
                self.seen[i].set(self.sent[i].get());
            }
        }
        Ok(())
    }

    fn all_seen(&self) -> Result<(), &'static str> {
        match self.sent == self.seen {
            true => Ok(()),
            false => Err("an event was lost"),
        }
    }
}

fn marks() -> Vec<AtomicU64> {
    (0..2).map(|_| AtomicU64::new(0)).collect()
}

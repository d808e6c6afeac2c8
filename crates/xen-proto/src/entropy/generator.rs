// SPDX-License-Identifier: ISC
//! Random bytes for whoever asks: ChaCha20 with its key replaced at each turn.
//!
//! The first bytes of each stretch of key stream become the next key and are never given out, and what is given out is
//! forgotten, so that whoever sees the state later cannot tell what came before it.

use super::blake2s::{Blake2s, DIGEST};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Bytes made at once for small requests; with the key, two runs of the vectorised ChaCha20.
const AHEAD: usize = 512 - DIGEST;
/// Bytes after which fresh entropy is due.
pub const RESEED_BYTES: u64 = 1 << 20;

/// The state of the generator.
pub struct Generator {
    key: [u8; DIGEST],
    ahead: [u8; AHEAD],
    /// How much of `ahead`, at its end, is still to be given out.
    left: usize,
    given: u64,
    seeded: bool,
}

impl Generator {
    /// A generator that has to be seeded before it is used.
    pub const fn new() -> Self {
        Generator {
            key: [0; DIGEST],
            ahead: [0; AHEAD],
            left: 0,
            given: 0,
            seeded: false,
        }
    }

    /// Whether fresh entropy is due.
    pub const fn is_due(&self) -> bool {
        !self.seeded || self.given >= RESEED_BYTES
    }

    /// Mixes entropy into the key. What it was before is neither lost nor trusted.
    pub fn seed(&mut self, entropy: &[u8; DIGEST]) {
        let mut hash = Blake2s::new();
        hash.update(&self.key);
        hash.update(entropy);
        self.key = hash.finish();
        self.ahead.fill(0);
        self.left = 0;
        self.given = 0;
        self.seeded = true;
    }

    /// Fills a buffer.
    pub fn fill(&mut self, to: &mut [u8]) {
        self.given = self.given.saturating_add(to.len() as u64);
        if to.len() > AHEAD {
            self.turn().fill_bytes(to);
            return;
        }
        let (first, rest) = to.split_at_mut(to.len().min(self.left));
        self.take(first);
        if !rest.is_empty() {
            self.turn().fill_bytes(&mut self.ahead);
            self.left = AHEAD;
            self.take(rest);
        }
    }

    /// The key stream of this key, from after the next key on.
    fn turn(&mut self) -> ChaCha20Rng {
        let mut stream = ChaCha20Rng::from_seed(self.key);
        stream.fill_bytes(&mut self.key);
        stream
    }

    /// Gives out bytes made ahead, no more than are left.
    fn take(&mut self, to: &mut [u8]) {
        let start = AHEAD - self.left;
        let Some(from) = self.ahead.get_mut(start..start + to.len()) else {
            return;
        };
        to.copy_from_slice(from);
        from.fill(0);
        self.left -= to.len();
    }
}

impl Default for Generator {
    fn default() -> Self {
        Generator::new()
    }
}

// SPDX-License-Identifier: ISC
//! BLAKE2s with a digest of 32 bytes and no key: RFC 7693.
//!
//! Small rather than fast (the usual unrolled one takes 6 KiB of text): it hashes some hundred bytes a boot.

/// Bytes of a digest.
pub const DIGEST: usize = 32;
const BLOCK: usize = 64;

/// RFC 7693, 2.6: the fractional parts of the square roots of the first eight primes.
const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// RFC 7693, 2.7: the words of the block that the steps of a round take, a hexadecimal digit each, lowest first.
const SIGMA: [u64; 10] = [
    0xfedc_ba98_7654_3210,
    0x357b_20c1_6df9_84ae,
    0x4917_63ea_df25_0c8b,
    0x8f04_a562_ebcd_1397,
    0xd386_cb1e_fa42_7509,
    0x91ef_57d4_38b0_a6c2,
    0xb829_3670_a4de_f15c,
    0xa268_4f05_931c_e7bd,
    0x5a41_7d2c_803b_9ef6,
    0x0dc3_e9bf_5167_482a,
];

/// A hash that is being fed.
pub struct Blake2s {
    state: [u32; 8],
    block: [u8; BLOCK],
    used: usize,
    count: u64,
}

impl Blake2s {
    /// Nothing hashed yet.
    pub const fn new() -> Self {
        let mut state = IV;
        // One byte each: digest length, key length, fan-out, depth.
        state[0] ^= 0x0101_0000 | DIGEST as u32;
        Blake2s {
            state,
            block: [0; BLOCK],
            used: 0,
            count: 0,
        }
    }

    /// Hashes more bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.used == BLOCK {
                self.compress(false);
                self.used = 0;
            }
            let room = self.block.get_mut(self.used..).unwrap_or_default();
            let (now, later) = bytes.split_at(room.len().min(bytes.len()));
            if let Some(room) = room.get_mut(..now.len()) {
                room.copy_from_slice(now);
            }
            self.used += now.len();
            self.count += now.len() as u64;
            bytes = later;
        }
    }

    /// The digest of all that was hashed.
    pub fn finish(mut self) -> [u8; DIGEST] {
        for byte in self.block.iter_mut().skip(self.used) {
            *byte = 0;
        }
        self.compress(true);
        let mut digest = [0; DIGEST];
        for (to, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *to = word.to_le_bytes();
        }
        digest
    }

    fn compress(&mut self, last: bool) {
        let mut m = [0; 16];
        for (word, bytes) in m.iter_mut().zip(self.block.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let mut v = [0; 16];
        v[..8].copy_from_slice(&self.state);
        v[8..].copy_from_slice(&IV);
        v[12] ^= self.count as u32;
        v[13] ^= (self.count >> 32) as u32;
        if last {
            v[14] = !v[14];
        }
        // RFC 7693, 3.1, written out: the indices are constants then.
        macro_rules! mix {
            ($words:ident, $step:literal, $a:literal, $b:literal, $c:literal, $d:literal) => {
                let word = |half: u32| m[($words >> (8 * $step + 4 * half)) as usize & 15];
                v[$a] = v[$a].wrapping_add(v[$b]).wrapping_add(word(0));
                v[$d] = (v[$d] ^ v[$a]).rotate_right(16);
                v[$c] = v[$c].wrapping_add(v[$d]);
                v[$b] = (v[$b] ^ v[$c]).rotate_right(12);
                v[$a] = v[$a].wrapping_add(v[$b]).wrapping_add(word(1));
                v[$d] = (v[$d] ^ v[$a]).rotate_right(8);
                v[$c] = v[$c].wrapping_add(v[$d]);
                v[$b] = (v[$b] ^ v[$c]).rotate_right(7);
            };
        }
        for words in SIGMA {
            mix!(words, 0, 0, 4, 8, 12);
            mix!(words, 1, 1, 5, 9, 13);
            mix!(words, 2, 2, 6, 10, 14);
            mix!(words, 3, 3, 7, 11, 15);
            mix!(words, 4, 0, 5, 10, 15);
            mix!(words, 5, 1, 6, 11, 12);
            mix!(words, 6, 2, 7, 8, 13);
            mix!(words, 7, 3, 4, 9, 14);
        }
        for (i, word) in self.state.iter_mut().enumerate() {
            *word ^= v[i] ^ v[i + 8];
        }
    }
}

impl Default for Blake2s {
    fn default() -> Self {
        Blake2s::new()
    }
}

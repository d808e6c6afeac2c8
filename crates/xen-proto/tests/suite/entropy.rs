// SPDX-License-Identifier: ISC
//! The hash against the RFC and another implementation, the generator against the plain stream, and the health tests
//! against sources that are as they should be and sources that are not.

use crate::common::{Random, cases};
use blake2::Digest;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::HashSet;
use xen_proto::entropy::blake2s::*;
use xen_proto::entropy::generator::*;
use xen_proto::entropy::health::*;

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hash = Blake2s::new();
    hash.update(bytes);
    hash.finish()
}

#[test]
fn the_hash_is_the_rfcs() {
    // RFC 7693, appendix B.
    assert_eq!(
        hash(b"abc").map(|byte| format!("{byte:02x}")).concat(),
        "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"
    );
    let mut random = Random::new(50);
    let bytes: Vec<u8> = (0..1000).map(|_| random.next() as u8).collect();
    for len in (0..300).chain([511, 512, 513, 1000]) {
        let expected: [u8; 32] = blake2::Blake2s256::digest(&bytes[..len]).into();
        assert_eq!(hash(&bytes[..len]), expected, "{len} bytes");
        let mut pieces = Blake2s::new();
        for piece in bytes[..len].chunks(1 + len % 97) {
            pieces.update(piece);
        }
        assert_eq!(pieces.finish(), expected, "{len} bytes in pieces");
    }
}

#[test]
fn the_generator_gives_the_key_stream_and_forgets_it() {
    let mut generator = Generator::new();
    assert!(generator.is_due());
    generator.seed(&[7; 32]);
    assert!(!generator.is_due());
    let mut key = hash(&[[0; 32], [7; 32]].concat());
    for len in [16, 480, 32, 5000, 1, 0, 481] {
        let mut got = vec![0; len];
        generator.fill(&mut got);
        if matches!(len, 16 | 480 | 5000 | 481) {
            let mut stream = rand_chacha::ChaCha20Rng::from_seed(key);
            stream.fill_bytes(&mut key);
            let mut expected = vec![0; len.max(480)];
            stream.fill_bytes(&mut expected);
            // 480 bytes after 16 end with the first 16 of the next stretch.
            if len == 480 {
                assert_eq!(got[464..], expected[..16]);
            } else {
                assert_eq!(got, expected[..len], "{len}");
            }
        }
    }
    // Another seed, and the same one again, change what follows.
    let (mut one, mut other) = ([0; 32], [0; 32]);
    generator.seed(&[7; 32]);
    generator.fill(&mut one);
    generator.seed(&[7; 32]);
    generator.fill(&mut other);
    assert_ne!(one, other);
}

#[test]
fn entropy_is_due_again_after_a_mebibyte() {
    let mut generator = Generator::new();
    generator.seed(&[1; 32]);
    let mut bytes = vec![0; RESEED_BYTES as usize - 1];
    generator.fill(&mut bytes);
    assert!(!generator.is_due());
    generator.fill(&mut bytes[..1]);
    assert!(generator.is_due());
    // Bits as often set as not: of a mebibyte within six standard deviations.
    let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
    assert!(ones.abs_diff(4 << 20) < 6 * 1449, "{ones}");
    let words: HashSet<&[u8]> = bytes.chunks(16).collect();
    assert_eq!(words.len(), bytes.len().div_ceil(16));
}

/// The least cut-off for which a source of `bits` a sample fails a window once in 2^20: SP 800-90B, 4.4.2.
fn cut_off(bits: f64) -> u32 {
    let (n, p) = (f64::from(WINDOW), (-bits).exp2());
    let ln_choose = |k: u32| -> f64 {
        (1..=k)
            .map(|i| ((n - f64::from(k) + f64::from(i)) / f64::from(i)).ln())
            .sum()
    };
    let mut tail = 0.0;
    for k in (0..=WINDOW).rev() {
        tail += (ln_choose(k) + f64::from(k) * p.ln() + (n - f64::from(k)) * (-p).ln_1p()).exp();
        if tail > (-20f64).exp2() {
            return k + 1;
        }
    }
    1
}

#[test]
fn the_limits_are_the_standards() {
    assert_eq!(JITTER.repeats, 1 + 20 * 4);
    assert_eq!(JITTER.equal, cut_off(0.25));
    assert_eq!(PROCESSOR.repeats, 1 + 1);
    // A window's first sample counts as equal to itself.
    assert_eq!(PROCESSOR.equal, cut_off(32.0) + 1);
}

#[test]
fn good_sources_pass_and_bad_ones_fail() {
    let mut random = Random::new(51);
    let mut processor = Health::new(PROCESSOR);
    let mut jitter = Health::new(JITTER);
    for _ in 0..cases(1_000_000) {
        assert!(processor.take(random.next()));
        // A sample of more than half a bit.
        assert!(jitter.take(u64::from(random.one_in(4))));
    }
    let failing = |limits, mut source: Box<dyn FnMut() -> u64>| {
        let mut health = Health::new(limits);
        let count = (1..100_000).find(|_| !health.take(source()));
        assert!(
            health.failed() && !health.take(0) && !health.take(1),
            "failed for good"
        );
        count.expect("it fails")
    };
    assert_eq!(failing(PROCESSOR, Box::new(|| !0)), 2);
    assert_eq!(failing(JITTER, Box::new(|| 17)), 81);
    // Never stuck for long, but nearly always the same.
    let mut count = 0u64;
    let mostly = move || {
        count += 1;
        u64::from(count.is_multiple_of(50))
    };
    assert!(failing(JITTER, Box::new(mostly)) <= 2 * u64::from(WINDOW) as usize);
    // A word that comes back now and then.
    let mut count = 0u64;
    let again = move || {
        count += 1;
        if count % 7 == 1 { 5 } else { count << 20 }
    };
    assert!(failing(PROCESSOR, Box::new(again)) <= 8);
}

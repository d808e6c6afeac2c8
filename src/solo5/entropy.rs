// SPDX-License-Identifier: ISC
//! The secrets of a boot, and random bytes for the application.
//!
//! The secrets of a boot are words of the processor's generator, which tell nothing of one another; without one that works
//! they are parts of a hash of the times of small work. The generator behind `getrandom` is seeded when it is first asked,
//! with a hash of more of both, and again after each mebibyte and each minute or so.

use super::options;
use crate::arch::cpu;
use crate::arch::noise::{self, Jitter};
use crate::xen::line::Line;
use spin::{Mutex, Once};
use xen_proto::entropy::blake2s::{Blake2s, DIGEST};
use xen_proto::entropy::generator::Generator;
use xen_proto::entropy::health::{self, Health};
use xen_proto::options::Level;
use xen_proto::placement::Chance;

/// How much noise is drawn: words of the processor, of which 32 bits each are assumed, and times that are hashed beside
/// them or, a quarter of a bit each, instead of them.
struct Amount {
    words: usize,
    seed: bool,
    beside: usize,
    instead: usize,
}

/// 128 bits for the secrets of a boot, or 64 without the processor's generator: what is secret is a word.
const BOOT: Amount = Amount {
    words: 4,
    seed: false,
    beside: 0,
    instead: 256,
};
/// 256 bits for the generator.
const SEED: Amount = Amount {
    words: 8,
    seed: true,
    beside: 64,
    instead: 1024,
};

const MOST_WORDS: usize = 8;

/// Ticks of the time-stamp counter after which fresh entropy is due: a minute at 2.3 GHz.
const RESEED_TICKS: u64 = 1 << 37;

/// What sources there are and how they fare, as `solo5__xen_entropy` tells it.
pub mod status {
    /// The processor's generator was used.
    pub const PROCESSOR: u32 = 1;
    /// Times were used.
    pub const JITTER: u32 = 2;
    /// The processor's generator failed its health tests and is not used.
    pub const PROCESSOR_FAILED: u32 = 4;
    /// Times failed theirs and are not used.
    pub const JITTER_FAILED: u32 = 8;
}

struct Sources {
    processor: Health,
    jitter: Health,
    used: u32,
}

static SOURCES: Mutex<Sources> = Mutex::new(Sources {
    processor: Health::new(health::PROCESSOR),
    jitter: Health::new(health::JITTER),
    used: 0,
});

/// The secrets of this boot, a word each.
struct Secrets {
    canary: u64,
    heap: u64,
    placement: u64,
    windows: u64,
}

static SECRETS: Once<Secrets> = Once::new();

struct Pool {
    generator: Generator,
    /// The time-stamp counter when it was last seeded.
    seeded: u64,
}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    generator: Generator::new(),
    seeded: 0,
});

impl Sources {
    /// Words of the processor's generator, over the time, and how many there are: fewer than asked for when it fails.
    fn words(&mut self, amount: &Amount) -> ([u64; MOST_WORDS], usize) {
        let mut words = [cpu::rdtsc(); MOST_WORDS];
        let mut drawn = 0;
        for slot in words.iter_mut().take(amount.words) {
            let Some(word) = noise::processor(amount.seed) else {
                break;
            };
            if !self.processor.take(word) {
                break;
            }
            *slot ^= word;
            drawn += 1;
        }
        if drawn == amount.words {
            self.used |= status::PROCESSOR;
        }
        (words, drawn)
    }

    /// Hashes noise; false when no source of it is to be believed.
    fn draw(&mut self, hash: &mut Blake2s, amount: &Amount) -> bool {
        let (words, drawn) = self.words(amount);
        self.hash(hash, amount, words, drawn == amount.words)
    }

    /// Hashes words, and times beside them or instead of them; false when no source is to be believed.
    fn hash(
        &mut self,
        hash: &mut Blake2s,
        amount: &Amount,
        words: [u64; MOST_WORDS],
        mut good: bool,
    ) -> bool {
        hash.update(words.map(u64::to_le_bytes).as_flattened());
        let times = if good { amount.beside } else { amount.instead };
        if times != 0 {
            let mut jitter = Jitter::new();
            let mut healthy = true;
            for _ in 0..times {
                let ticks = jitter.sample();
                healthy &= self.jitter.take(ticks);
                hash.update(&(ticks as u32).to_le_bytes());
            }
            if healthy {
                self.used |= status::JITTER;
                good = true;
            }
        }
        good
    }

    fn status(&self) -> u32 {
        let failed = |health: &Health, bit| if health.failed() { bit } else { 0 };
        self.used
            | failed(&self.processor, status::PROCESSOR_FAILED)
            | failed(&self.jitter, status::JITTER_FAILED)
    }
}

/// Draws the secrets of this boot.
pub fn init() {
    let mut sources = SOURCES.lock();
    let (mut words, drawn) = sources.words(&BOOT);
    if drawn != BOOT.words {
        let mut hash = Blake2s::new();
        sources.hash(&mut hash, &BOOT, words, false);
        let digest = hash.finish();
        for (word, bytes) in words.iter_mut().zip(digest.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
    }
    let [canary, heap, placement, windows, ..] = words;
    SECRETS.call_once(|| Secrets {
        canary,
        heap,
        placement,
        windows,
    });
}

/// The stack canary's word.
pub fn canary() -> u64 {
    SECRETS.get().map_or(0, |secrets| secrets.canary)
}

/// The chance by which heap and stack are placed; `None` when the command line wants none.
pub fn placement() -> Option<Chance> {
    chance(|secrets| secrets.placement)
}

/// The same for the windows.
pub fn windows() -> Option<Chance> {
    chance(|secrets| secrets.windows)
}

fn chance(word: fn(&Secrets) -> u64) -> Option<Chance> {
    let random = options::settings().is_none_or(|settings| settings.random);
    let secrets = SECRETS.get().filter(|_| random)?;
    Some(Chance(word(secrets)))
}

/// Logs which sources the secrets of this boot come from; a failed one is a warning.
pub fn log() {
    let status = SOURCES.lock().status();
    let healthy = status & (status::PROCESSOR | status::JITTER) != 0;
    if status & (status::PROCESSOR_FAILED | status::JITTER_FAILED) != 0 || !healthy {
        warn(status);
    } else if options::logs(Level::Debug) {
        Line::new()
            .text("Solo5: entropy: ")
            .text(if status & status::PROCESSOR != 0 {
                "the processor's generator"
            } else {
                "times, for want of RDRAND"
            })
            .log();
    }
}

fn warn(status: u32) {
    if !options::logs(Level::Warn) {
        return;
    }
    for (bit, source) in [
        (
            status::PROCESSOR_FAILED,
            "the processor's generator repeats itself",
        ),
        (status::JITTER_FAILED, "times hardly differ"),
    ] {
        if status & bit != 0 {
            Line::new()
                .text("Solo5: warning: entropy: ")
                .text(source)
                .text("; not used")
                .log();
        }
    }
    if status & (status::PROCESSOR | status::JITTER) == 0 {
        Line::new()
            .text("Solo5: warning: entropy: no source works; this boot's secrets can be guessed")
            .log();
    }
}

/// A secret word for the heap, the same whenever asked for in one boot.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_heap_secret() -> u64 {
    SECRETS.get().map_or(0, |secrets| secrets.heap)
}

/// Which sources of entropy were used and which failed their health tests: the bits of [`status`]. One that failed is
/// never used again.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_entropy() -> u32 {
    SOURCES.lock().status()
}

/// Fills `size` bytes at `buffer` with random ones, good enough for keys. Returns 0, or -1 when no source of entropy
/// works; then nothing is written.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_random(buffer: *mut u8, size: usize) -> i32 {
    let mut pool = POOL.lock();
    let now = cpu::rdtsc();
    if pool.generator.is_due() || now.wrapping_sub(pool.seeded) >= RESEED_TICKS {
        let mut hash = Blake2s::new();
        let mut sources = SOURCES.lock();
        let before = sources.status();
        let good = sources.draw(&mut hash, &SEED);
        let after = sources.status();
        drop(sources);
        if before != after
            && after & (status::PROCESSOR_FAILED | status::JITTER_FAILED) & !before != 0
        {
            warn(after);
        }
        if !good {
            return -1;
        }
        let entropy: [u8; DIGEST] = hash.finish();
        pool.generator.seed(&entropy);
        pool.seeded = now;
    }
    if size != 0 {
        // SAFETY: the caller's buffer of that size.
        pool.generator
            .fill(unsafe { core::slice::from_raw_parts_mut(buffer, size) });
    }
    0
}

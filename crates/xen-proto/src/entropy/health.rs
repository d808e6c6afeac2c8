// SPDX-License-Identifier: ISC
//! The tests that a source of noise has to keep passing: NIST SP 800-90B, 4.4.
//!
//! The repetition count test (4.4.1) sees a source that is stuck, the adaptive proportion test (4.4.2) one that prefers
//! a value. Each finds fault with a source as good as assumed once in 2^20 samples or windows. A source that failed once
//! is not believed again.

/// Samples in a window of the adaptive proportion test, for sources of more than two values.
pub const WINDOW: u32 = 512;

/// How often a value may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// So many equal samples in a row are a failure.
    pub repeats: u32,
    /// So many samples of a window that equal its first are a failure.
    pub equal: u32,
}

/// For words of the processor's generator, of which 32 bits of entropy each are assumed: two equal ones are a failure.
/// (Some processors were sold whose generator, after a sleep of the machine, only ever said all ones.)
pub const PROCESSOR: Limits = Limits {
    repeats: 2,
    equal: 2,
};

/// For times between two looks at the time-stamp counter, of which a quarter of a bit each is assumed.
pub const JITTER: Limits = Limits {
    repeats: 81,
    equal: 468,
};

/// The state of a source's tests.
pub struct Health {
    limits: Limits,
    last: u64,
    repeats: u32,
    first: u64,
    equal: u32,
    seen: u32,
    failed: bool,
}

impl Health {
    /// A source that has given nothing yet.
    pub const fn new(limits: Limits) -> Self {
        Health {
            limits,
            last: 0,
            repeats: 0,
            first: 0,
            equal: 0,
            seen: 0,
            failed: false,
        }
    }

    /// Looks at the source's next sample; false once the source has failed.
    pub fn take(&mut self, sample: u64) -> bool {
        self.repeats = if self.repeats != 0 && sample == self.last {
            self.repeats + 1
        } else {
            1
        };
        self.last = sample;
        if self.seen == 0 {
            (self.first, self.equal) = (sample, 0);
        }
        self.equal += u32::from(sample == self.first);
        self.seen = (self.seen + 1) % WINDOW;
        self.failed |= self.repeats >= self.limits.repeats || self.equal >= self.limits.equal;
        !self.failed
    }

    /// Whether it ever failed.
    pub const fn failed(&self) -> bool {
        self.failed
    }
}

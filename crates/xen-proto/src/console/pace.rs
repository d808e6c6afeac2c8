// SPDX-License-Identifier: ISC
//! When to tell the console daemon that there is output.
//!
//! An event costs a domain some 6 000 instructions, and xenconsoled serves no more than 30 of one domain in 200 ms: who
//! sends one a line is slowed down to 150 lines a second. So a few go out at once, and after them only those of a full
//! ring, of a domain that is about to sleep or end, and of output that has waited for long.

/// Events that may follow one another at once.
pub const BURST: u32 = 12;
/// One more for each so many ns: a tenth of what xenconsoled serves, so that most of that is left to full rings.
pub const REFILL: u64 = 80_000_000;
/// Output that no event has told of for this long, in ns, is told of at the next opportunity.
pub const LONGEST: u64 = 20_000_000;

/// The account of events for output.
pub struct Pace {
    left: u32,
    /// When the account last grew.
    grown: u64,
    /// When the oldest output was written that no event has told of.
    since: Option<u64>,
}

impl Pace {
    /// Nothing written, and a whole burst to spend.
    pub const fn new() -> Self {
        Pace {
            left: BURST,
            grown: 0,
            since: None,
        }
    }

    /// Output was written at `now`, in ns of a clock that never goes back: whether to send an event for it.
    pub fn wrote(&mut self, now: u64) -> bool {
        let more = now.saturating_sub(self.grown) / REFILL;
        if more != 0 {
            self.left = u64::from(self.left)
                .saturating_add(more)
                .min(u64::from(BURST)) as u32;
            self.grown = now;
        }
        if self.left != 0 {
            self.left -= 1;
            return true;
        }
        self.wrote_more(now);
        self.is_late(now)
    }

    /// Output was written for which an event can wait.
    pub fn wrote_more(&mut self, now: u64) {
        self.since.get_or_insert(now);
    }

    /// Whether there is output that no event has told of.
    pub const fn is_pending(&self) -> bool {
        self.since.is_some()
    }

    /// Whether some of it has waited too long at `now`.
    pub fn is_late(&self, now: u64) -> bool {
        self.since
            .is_some_and(|since| now.saturating_sub(since) >= LONGEST)
    }

    /// An event was sent: it tells of all output so far.
    pub const fn told(&mut self) {
        self.since = None;
    }
}

impl Default for Pace {
    fn default() -> Self {
        Pace::new()
    }
}

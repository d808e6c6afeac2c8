// SPDX-License-Identifier: ISC
//! What was written and may not be on the disk yet.
//!
//! A backend keeps answered writes back until a flush, if it says that it has something to flush. When its domain goes, another
//! domain's answer to a flush says nothing of them: they may be lost, and the program has to hear of it once. A backend that comes
//! back in the same domain still has them.

use super::Status;

/// The writes and flushes of a disk, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unflushed {
    /// Answered writes that a backend may keep back, and losses.
    now: u64,
    /// So many of them a flush has covered.
    flushed: u64,
    /// The last loss is that one of them.
    lost: u64,
    /// The program has not heard of it.
    untold: bool,
    /// The domain of the last connection's backend.
    domain: Option<u16>,
    /// It has something to flush.
    keeps: bool,
}

impl Unflushed {
    /// There is none.
    pub const NONE: Unflushed = Unflushed {
        now: 0,
        flushed: 0,
        lost: 0,
        untold: false,
        domain: None,
        keeps: false,
    };

    /// A backend in `domain` is connected, which keeps writes back until a flush, or does not.
    pub fn connected(&mut self, domain: u16, keeps: bool) {
        let other = self.domain.is_some_and(|last| last != domain);
        if other && self.now != self.flushed {
            self.now += 1;
            self.flushed = self.now;
            self.lost = self.now;
            self.untold = true;
        }
        self.domain = Some(domain);
        self.keeps = keeps;
    }

    /// A write was answered.
    pub fn wrote(&mut self) {
        self.now += u64::from(self.keeps);
    }

    /// A flush is asked for: what it covers, for [`answered`](Self::answered).
    pub const fn covers(&self) -> u64 {
        self.now
    }

    /// What became of a flush that was answered with `status`. One that was asked for before a loss, or is the first after it, has
    /// [`Status::Lost`].
    pub fn answered(&mut self, covers: u64, status: Status) -> Status {
        if status == Status::Failed {
            return status;
        }
        if covers < self.lost || self.untold {
            self.untold = false;
            return Status::Lost;
        }
        self.flushed = self.flushed.max(covers);
        status
    }

    /// Whether there was a loss that the program has not heard of; it has now. For a flush that this backend is not asked for.
    pub fn take_loss(&mut self) -> bool {
        core::mem::take(&mut self.untold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Done, Failed, Lost, Unsupported};

    /// A disk of domain 5's, with so many answered writes.
    fn written(writes: usize) -> Unflushed {
        let mut disk = Unflushed::NONE;
        disk.connected(5, true);
        (0..writes).for_each(|_| disk.wrote());
        disk
    }

    fn flush(disk: &mut Unflushed) -> Status {
        let covers = disk.covers();
        disk.answered(covers, Done)
    }

    #[test]
    fn the_first_flush_after_another_domain_has_come_tells_of_the_loss() {
        let mut disk = written(2);
        disk.connected(7, true);
        assert_eq!(flush(&mut disk), Lost);
        assert_eq!(flush(&mut disk), Done);
        disk.wrote();
        assert_eq!(flush(&mut disk), Done);
        // There and back again: nothing was written between.
        disk.connected(5, true);
        assert_eq!(flush(&mut disk), Done);
    }

    #[test]
    fn the_same_domain_still_has_what_was_written() {
        let mut disk = written(2);
        disk.connected(5, true);
        assert_eq!(flush(&mut disk), Done);
    }

    #[test]
    fn nothing_is_lost_that_was_flushed_or_not_kept_back() {
        let mut disk = written(2);
        assert_eq!(flush(&mut disk), Done);
        disk.connected(7, false);
        disk.wrote();
        disk.connected(8, true);
        assert_eq!(flush(&mut disk), Done);
        assert!(!disk.take_loss());
    }

    #[test]
    fn a_flush_covers_only_what_was_answered_before_it() {
        let mut disk = written(1);
        let covers = disk.covers();
        disk.wrote();
        assert_eq!(disk.answered(covers, Done), Done);
        disk.connected(7, true);
        assert_eq!(flush(&mut disk), Lost);
    }

    #[test]
    fn flushes_under_way_when_it_happens_all_tell_of_it_and_the_next_does_not() {
        let mut disk = written(1);
        let first = disk.covers();
        disk.wrote();
        let second = disk.covers();
        disk.connected(7, true);
        assert_eq!(disk.answered(second, Done), Lost);
        assert_eq!(disk.answered(first, Unsupported), Lost);
        assert_eq!(flush(&mut disk), Done);
    }

    #[test]
    fn one_that_fails_or_cannot_be_asked_for_keeps_it_or_tells_it() {
        let mut disk = written(1);
        let covers = disk.covers();
        assert_eq!(disk.answered(covers, Failed), Failed);
        disk.connected(7, true);
        assert_eq!(disk.answered(covers, Failed), Failed);
        assert!(disk.take_loss());
        assert_eq!(flush(&mut disk), Done);
        assert!(!disk.take_loss());
    }

    #[test]
    fn losses_add_up_until_they_are_told() {
        let mut disk = written(1);
        disk.connected(7, false);
        disk.connected(8, true);
        disk.wrote();
        disk.connected(9, true);
        assert_eq!(flush(&mut disk), Lost);
        assert_eq!(flush(&mut disk), Done);
    }
}

// SPDX-License-Identifier: ISC
//! Xen's clocks: system time from the time-stamp counter, and the wall clock.
//!
//! Layout and arithmetic: `struct vcpu_time_info` and the wall clock fields of
//! `struct shared_info`, xen/include/public/xen.h. Xen makes `version` odd, changes the fields and
//! makes it even again, each time by adding one. A reader that finds the same even version before
//! and after has seen fields that belong together:
//!
//! 1. The reader sees version 2 and reads the old `tsc_timestamp`.
//! 2. Xen writes version 3, new `tsc_timestamp`, `system_time`, scale, version 4.
//! 3. The reader reads the new `system_time`, and version 4: not 2, so it starts again.
//!
//! The counter is read between the two looks at the version too, so that it is that of the
//! processor which the fields describe.

use crate::mutated;
use crate::sync::{AtomicI8, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};

/// Bytes of `struct vcpu_time_info`.
pub const TIME_INFO_SIZE: usize = 32;
/// Byte offset of `time` in `struct vcpu_info`.
pub const OFFSET_TIME_IN_VCPU_INFO: usize = 32;
/// Byte offset of `wc_version`, the first of the wall clock's fields, in `struct shared_info`
/// on x86-64.
pub const OFFSET_WALL_CLOCK_IN_SHARED_INFO: usize = 3072;
/// `XEN_PVCLOCK_TSC_STABLE_BIT`: the counters of all processors agree.
pub const FLAG_TSC_STABLE: u8 = 1;
/// The furthest ahead that [`Monotonic::deadline`] sets a timer, in ns: about six days.
pub const FURTHEST_TIMER: u64 = 1 << 49;

const NS_PER_S: u64 = 1_000_000_000;

/// `struct vcpu_time_info`, as Xen keeps it up to date for one virtual processor.
#[repr(C)]
pub struct VcpuTimeInfo {
    /// Odd while Xen writes.
    pub version: AtomicU32,
    /// Nothing.
    pub pad0: AtomicU32,
    /// Counter at the last update; may be "negative", which is to say near 2^64.
    pub tsc_timestamp: AtomicU64,
    /// Nanoseconds since Xen's start at the last update.
    pub system_time: AtomicU64,
    /// Nanoseconds per 2^32 shifted ticks.
    pub tsc_to_system_mul: AtomicU32,
    /// How far ticks are shifted to the left; to the right when negative.
    pub tsc_shift: AtomicI8,
    /// See [`FLAG_TSC_STABLE`].
    pub flags: AtomicU8,
    /// Nothing.
    pub pad1: [AtomicU8; 2],
}

impl VcpuTimeInfo {
    /// Zeros: time stands still at 0.
    pub const fn new() -> Self {
        VcpuTimeInfo {
            version: AtomicU32::new(0),
            pad0: AtomicU32::new(0),
            tsc_timestamp: AtomicU64::new(0),
            system_time: AtomicU64::new(0),
            tsc_to_system_mul: AtomicU32::new(0),
            tsc_shift: AtomicI8::new(0),
            flags: AtomicU8::new(0),
            pad1: [const { AtomicU8::new(0) }; 2],
        }
    }

    /// System time now, in ns: Xen's clock, before any guard against going back.
    ///
    /// `read_tsc` reads this processor's time-stamp counter, not earlier than the loads before it
    /// in program order and not later than those after it.
    pub fn system_time(&self, read_tsc: impl Fn() -> u64) -> u64 {
        loop {
            if let Some((scale, tsc)) = self.try_read(&read_tsc) {
                return scale.at(tsc);
            }
            core::hint::spin_loop();
        }
    }

    /// The scale, and the counter that goes with it; `None` when Xen changed it meanwhile.
    pub fn try_read(&self, read_tsc: impl Fn() -> u64) -> Option<(Scale, u64)> {
        let before = self.version.load(Ordering::Acquire);
        let scale = Scale {
            tsc_timestamp: self.tsc_timestamp.load(Ordering::Relaxed),
            system_time: self.system_time.load(Ordering::Relaxed),
            mul: self.tsc_to_system_mul.load(Ordering::Relaxed),
            shift: self.tsc_shift.load(Ordering::Relaxed),
        };
        let tsc = read_tsc();
        consistent(&self.version, before).then_some((scale, tsc))
    }
}

impl Default for VcpuTimeInfo {
    fn default() -> Self {
        VcpuTimeInfo::new()
    }
}

/// Whether what was read since `before` was loaded from `version` belongs together.
fn consistent(version: &AtomicU32, before: u32) -> bool {
    // Orders the loads of the fields before the second look.
    fence(Ordering::Acquire);
    let after = version.load(Ordering::Relaxed);
    let stable = before & 1 == 0 || mutated!(ClockOddIsStable);
    stable && (before == after || mutated!(ClockNoSecondLook))
}

/// How system time follows from the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Counter at the last update.
    pub tsc_timestamp: u64,
    /// System time then, in ns.
    pub system_time: u64,
    /// Nanoseconds per 2^32 shifted ticks.
    pub mul: u32,
    /// How far ticks are shifted to the left; to the right when negative.
    pub shift: i8,
}

impl Scale {
    /// System time in ns when the counter is at `tsc`.
    ///
    /// Ticks are a difference modulo 2^64, because the counter's origin is arbitrary. A counter
    /// that seems to lie before the timestamp counts as at it: processors may disagree a little.
    pub const fn at(&self, tsc: u64) -> u64 {
        let ticks = tsc.wrapping_sub(self.tsc_timestamp);
        if ticks >> 63 != 0 {
            return self.system_time;
        }
        let by = self.shift.unsigned_abs();
        let shifted = if by >= u64::BITS as u8 {
            0
        } else if self.shift < 0 {
            ticks >> by
        } else {
            ticks << by
        };
        let ns = (shifted as u128 * self.mul as u128) >> 32;
        self.system_time.wrapping_add(ns as u64)
    }
}

/// The wall clock fields of `struct shared_info`.
#[repr(C)]
pub struct WallClock {
    /// Odd while Xen writes.
    pub version: AtomicU32,
    /// Low half of the UTC second, since 1970, at which system time was 0.
    pub sec: AtomicU32,
    /// The rest of it, in ns.
    pub nsec: AtomicU32,
    /// High half of the second.
    pub sec_hi: AtomicU32,
}

impl WallClock {
    /// Zeros: system time began in 1970.
    pub const fn new() -> Self {
        WallClock {
            version: AtomicU32::new(0),
            sec: AtomicU32::new(0),
            nsec: AtomicU32::new(0),
            sec_hi: AtomicU32::new(0),
        }
    }

    /// UTC in ns since 1970 at which system time was 0; add the system time of now. Xen changes it
    /// when the host's clock is set. Saturates in the year 2554.
    pub fn base(&self) -> u64 {
        loop {
            if let Some(base) = self.try_base() {
                return base;
            }
            core::hint::spin_loop();
        }
    }

    /// [`base`](Self::base), or `None` when Xen changed it meanwhile.
    pub fn try_base(&self) -> Option<u64> {
        let before = self.version.load(Ordering::Acquire);
        let low = self.sec.load(Ordering::Relaxed);
        let nsec = self.nsec.load(Ordering::Relaxed);
        let high = self.sec_hi.load(Ordering::Relaxed);
        if !consistent(&self.version, before) {
            return None;
        }
        let sec = u64::from(high) << 32 | u64::from(low);
        Some(sec.saturating_mul(NS_PER_S).saturating_add(u64::from(nsec)))
    }
}

impl Default for WallClock {
    fn default() -> Self {
        WallClock::new()
    }
}

/// System time made never to go back, on any processor and across a restore on another host.
pub struct Monotonic {
    last: AtomicU64,
    offset: AtomicU64,
}

impl Monotonic {
    /// A clock that starts with Xen's system time.
    pub const fn new() -> Self {
        Monotonic {
            last: AtomicU64::new(0),
            offset: AtomicU64::new(0),
        }
    }

    /// Monotonic time in ns when Xen's clock says `system_time`.
    pub fn now(&self, system_time: u64) -> u64 {
        let now = system_time.wrapping_add(self.offset.load(Ordering::Relaxed));
        self.last.fetch_max(now, Ordering::Relaxed).max(now)
    }

    /// After a restore, when Xen's clock starts anew at `system_time`: time goes on from the last
    /// that [`now`](Self::now) told. Call it before other processors run.
    pub fn resume(&self, system_time: u64) {
        let last = self.last.load(Ordering::Relaxed);
        self.offset
            .store(last.wrapping_sub(system_time), Ordering::Relaxed);
    }

    /// The system time to set a timer to so that it fires at monotonic time `deadline`, in ns, if
    /// Xen's clock says `system_time` now; `None` when the deadline has come.
    ///
    /// It is at most [`FURTHEST_TIMER`] ahead, because Xen's times are signed and it takes far
    /// ones for past ones. So, and because any event ends a sleep, look again after waking.
    pub fn deadline(&self, deadline: u64, system_time: u64) -> Option<u64> {
        let ahead = deadline.checked_sub(self.now(system_time))?;
        match ahead.min(FURTHEST_TIMER) {
            0 => None,
            ahead => Some(system_time.saturating_add(ahead)),
        }
    }
}

impl Default for Monotonic {
    fn default() -> Self {
        Monotonic::new()
    }
}

#[cfg(test)]
mod tests;

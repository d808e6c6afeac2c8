// SPDX-License-Identifier: ISC
//! Xen's watchdog: a domain that has not waited for events for so many seconds is ended with the reason "watchdog".
//!
//! Interface: `xen/include/public/sched.h`, SCHEDOP_watchdog. Its time goes on while the domain sleeps, so a long sleep is
//! cut into shorter ones, at whose ends the watchdog is set anew.

use super::{crash, hypercall, time};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Seconds; 0 when there is no watchdog.
static SECONDS: AtomicU32 = AtomicU32::new(0);
/// Xen's number for it.
static ID: AtomicU32 = AtomicU32::new(0);
/// When it was last set, in ns of monotonic time.
static SET: AtomicU64 = AtomicU64::new(0);

const NS_PER_S: u64 = 1_000_000_000;

/// Starts it.
pub fn start(seconds: u32) {
    SECONDS.store(seconds, Ordering::Relaxed);
    set(seconds, time::monotonic());
}

/// The domain waits, so it is well. Sets the watchdog anew where a quarter of its time is over, and says when to wake up
/// for it, in ns of monotonic time, at the latest at `deadline`: after half of its time.
pub fn before_sleep(deadline: u64) -> u64 {
    let seconds = SECONDS.load(Ordering::Relaxed);
    if seconds == 0 {
        return deadline;
    }
    let now = time::monotonic();
    let whole = u64::from(seconds) * NS_PER_S;
    if now.saturating_sub(SET.load(Ordering::Relaxed)) >= whole / 4 {
        set(seconds, now);
    }
    deadline.min(SET.load(Ordering::Relaxed).saturating_add(whole / 2))
}

fn set(seconds: u32, now: u64) {
    match hypercall::watchdog(ID.load(Ordering::Relaxed), seconds) {
        // A new one has its number as the result, a known one 0.
        Ok(0) => {}
        Ok(id) => ID.store(id, Ordering::Relaxed),
        Err(error) => crash::hypercall("SCHEDOP_watchdog", error),
    }
    SET.store(now, Ordering::Relaxed);
}

// SPDX-License-Identifier: ISC
//! Sleeping until the application has an event, while a core of the same domain waits for its own now and then.
//!
//! An event is the application's but for those of the core's timer, which only end a sleep. It is found by [`collect`],
//! which moves it into its mark, and told by [`Untold::demux`], after which the application looks at its marks. The sleep
//! between two looks is [`sleep`](super::sleep), or the core's, which asks for `evtchn_upcall_pending` in the same way.
//!
//! **Marked in the core's wait** (`BlockForgetsTheCores`).
//! 1. The core waits for room on the console, finds an event of the application's and marks it: it has to take it, or the
//!    next one would raise no upcall. 2. The application collects: nothing new. 3. It sleeps on its event. So that there are
//!    marks of which nobody was told is remembered.
//!
//! **Timer among others** (`BlockTimerHidesOthers`).
//! 1. The timer's event is forgotten, to be found by nobody. 2. The timer goes off. 3. Events are collected: the timer's and
//!    one of the application's. Were the timer a reason to say that there is nothing, the application would sleep on its own.
//!    So its mark is taken away, and what is left decides.
//!
//! **Timer alone** (`BlockTimerIsTold`).
//! 1. The timer's event is forgotten. 2. The timer goes off. 3. It is collected, alone, and the application is told of an
//!    event that is not there. So nothing is told when nothing is left.
//!
//! **Told once** (`BlockKeepsItToItself`).
//! 1. The application blocks; before it sleeps it collects an event. 2. It is back, and asks whether there is one: nothing
//!    new. So what was collected before a sleep is as untold as the core's.

use super::{Marks, TwoLevel};
use crate::mutated;
use crate::sync::{AtomicU8, Ordering};

/// How events arrive.
pub trait Interface {
    /// Forgets the event of a port, if there is one.
    fn forget(&mut self, port: u32);

    /// Clears `evtchn_upcall_pending` and then moves events into `marks`; whether there was any.
    fn demux(&mut self, marks: Marks<'_>) -> bool;
}

impl Interface for TwoLevel<'_> {
    fn forget(&mut self, port: u32) {
        self.test_and_clear(port);
    }

    fn demux(&mut self, marks: Marks<'_>) -> bool {
        TwoLevel::demux(self, marks)
    }
}

/// Moves events into `marks`, that of the core's `timer` aside; whether there was any of the application's.
pub fn collect(interface: &mut impl Interface, timer: u32, marks: Marks<'_>) -> bool {
    interface.forget(timer);
    let found = interface.demux(marks);
    // The timer may have gone off just now, and then nothing tells whether its mark is the only new one.
    if !found || !marks.test_and_clear(timer) || mutated!(BlockTimerIsTold) {
        return found;
    }
    marks.any() && !mutated!(BlockTimerHidesOthers)
}

/// Whether there are marks of which the application was not told.
pub struct Untold(AtomicU8);

impl Untold {
    /// There are none.
    pub const fn new() -> Self {
        Untold(AtomicU8::new(0))
    }

    /// There are: somebody has made some.
    pub fn set(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    /// Whether the application has marks to look at that are new since this was asked last. `collect` is [`collect`].
    pub fn demux(&self, collect: impl FnOnce() -> bool) -> bool {
        let found = collect();
        self.0.swap(0, Ordering::Relaxed) != 0 || found
    }

    /// Collects in a wait of the core's.
    pub fn demux_for_core(&self, collect: impl FnOnce() -> bool) {
        if collect() && !mutated!(BlockForgetsTheCores) {
            self.set();
        }
    }

    /// Sleeps until [`demux`](Self::demux) has something to tell, or until `sleep` says by false that it is time. `sleep`
    /// halts once at most, and not when `evtchn_upcall_pending` is set; it may return early.
    pub fn block(&self, mut collect: impl FnMut() -> bool, mut sleep: impl FnMut() -> bool) {
        loop {
            let found = collect();
            if found && !mutated!(BlockKeepsItToItself) {
                self.set();
            }
            if found || self.0.load(Ordering::Relaxed) != 0 || !sleep() {
                return;
            }
        }
    }
}

impl Default for Untold {
    fn default() -> Self {
        Untold::new()
    }
}

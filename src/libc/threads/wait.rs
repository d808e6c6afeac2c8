// SPDX-License-Identifier: ISC
//! How libc waits: for a key that another thread wakes, for a time, for input. With one thread a wait without an end is a
//! crash that names the function, because nothing could end it.

use super::super::platform::{self, Cell, Part, crash, input_ready};
pub use libc_core::schedule::NEVER;

/// The key of those who wait for something typed at the console. No object lies at such an address.
pub(super) const INPUT: usize = 1;
/// The key of those who wait for a signal.
pub const SIGNAL: usize = 2;

/// What the scheduler does for whoever waits.
pub(super) struct Others {
    /// Waits for a key (0 for none) until a time: false if the time came.
    pub(super) wait: fn(usize, u64, &'static str) -> bool,
    /// Wakes some of those who wait for a key.
    pub(super) wake: fn(usize, usize),
    /// Lets those run that can.
    pub(super) pass: fn(),
    /// The same, if the thread has run for long enough. True: now and then; false: look at the clock.
    pub(super) tick: fn(bool),
}

/// None as long as there is one thread.
static OTHERS: Cell<Option<&'static Others>> = Cell::new(None);

/// `pthread_self` of the thread that runs. The first one's is 1.
static SELF: Cell<u64> = Cell::new(1);

/// Tells of the scheduler. The compiler is not to see that there is but one, or it would call that by name from here, and
/// every program would have it.
pub(super) fn set_others(others: &'static Others) {
    OTHERS.set(Some(core::hint::black_box(others)));
}

/// Tells which thread runs.
pub(super) fn set_self(id: u64) {
    SELF.set(id);
}

/// The thread that runs: its number from 1 on in the lower half, in the upper one how many had that number before.
pub fn this() -> u64 {
    SELF.get()
}

/// Its number alone, for the word of a lock that names the owner.
pub fn number() -> i32 {
    SELF.get() as i32
}

/// Has there only ever been one thread?
pub fn is_alone() -> bool {
    OTHERS.get().is_none()
}

/// Ends the domain: what the thread would wait for, only another one could bring about.
pub fn deadlock(function: &str) -> ! {
    crash(&[
        Part::Text(function),
        Part::Text(": the only thread would wait for ever"),
    ])
}

/// Waits until somebody wakes `key` (0: nobody does), or for the monotonic clock to reach `deadline` ([`NEVER`] for a wait
/// without an end), in ns: false if that came first. `function` is what the program called.
pub fn wait(key: usize, deadline: u64, function: &'static str) -> bool {
    match OTHERS.get() {
        Some(others) => (others.wait)(key, deadline, function),
        None if deadline == NEVER => deadlock(function),
        None => {
            platform::sleep_until(deadline);
            false
        }
    }
}

/// Wakes up to `most` of those who wait for `key`, the first to come first.
pub fn wake(key: usize, most: usize) {
    if let Some(others) = OTHERS.get() {
        (others.wake)(key, most);
    }
}

/// Lets other threads run that can.
pub fn pass() {
    if let Some(others) = OTHERS.get() {
        (others.pass)();
    }
}

/// In functions that a program may call in a loop without ever waiting: lets others run once the time slice is over.
pub fn tick() {
    if let Some(others) = OTHERS.get() {
        (others.tick)(true);
    }
}

/// Waits for the monotonic clock to reach `deadline`, in ns.
pub fn sleep_until(deadline: u64) {
    // The clock may be set as far as its last nanosecond, which is not "never".
    wait(0, deadline.min(NEVER - 1), "sleep");
}

/// Waits until a read of the console would return at once, or for a time: whether it would.
pub fn wait_for_input(deadline: u64, function: &'static str) -> bool {
    if is_alone() {
        return platform::wait_for_input(deadline);
    }
    while !input_ready() {
        if !wait(INPUT, deadline, function) {
            return input_ready();
        }
    }
    true
}

/// Reads from the console (`platform::console_read`) while others run.
pub fn console_read(to: &mut [u8], function: &'static str) -> usize {
    if !is_alone() {
        wait_for_input(NEVER, function);
    }
    platform::console_read(to)
}

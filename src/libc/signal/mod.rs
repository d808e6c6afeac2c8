// SPDX-License-Identifier: ISC
//! signal.h (C11 7.14, POSIX). No signal arrives from outside; a program's own `raise` and `kill`
//! are one source, and for SIGSEGV a page fault or general protection fault, where Solo5's part can
//! tell of it (`solo5__xen_set_fault_handler`): OCaml's Stack_overflow comes from there.

mod fault;
mod mask;
mod sets;
mod stack;

pub(super) use fault::on_fault;
#[cfg_attr(not(test), expect(unused_imports, reason = "for C alone"))]
pub use mask::*;
#[expect(unused_imports, reason = "for C alone")]
pub use sets::*;
pub use stack::*;

use super::errno::{EINVAL, EOPNOTSUPP, ESRCH, fail, signal_text};
use super::platform::{Cell, Part, crash};
use super::threads::wait;
use core::ffi::c_void;
use core::ptr::null_mut;
use fault::{Info, listen_for_faults};
use stack::STACK;

const SIGNALS: usize = 65;
/// SIGABRT.
pub const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;
const SIGKILL: i32 = 9;
const SIGSTOP: i32 = 19;

/// The default action and ignoring, as C has them for handlers.
const DEFAULT: usize = 0;
const IGNORE: usize = 1;
const FAILED: usize = usize::MAX;

const SA_SIGINFO: i32 = 4;
const SA_ONSTACK: i32 = 0x0800_0000;
const SA_RESETHAND: u32 = 0x8000_0000;
const SA_NODEFER: i32 = 0x4000_0000;

/// glibc's `struct sigaction`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Action {
    handler: usize,
    mask: [u64; 16],
    flags: i32,
    restorer: usize,
}

/// What is kept of it.
#[derive(Clone, Copy)]
struct Kept {
    handler: usize,
    mask: u64,
    flags: i32,
}

static ACTIONS: Cell<[Kept; SIGNALS]> = Cell::new(
    [Kept {
        handler: DEFAULT,
        mask: 0,
        flags: 0,
    }; SIGNALS],
);
/// Signals that wait until they are let through, and signals that waited: bit n-1 for signal n. The first is the running
/// thread's, the second the program's.
static BLOCKED: Cell<u64> = Cell::new(0);
static PENDING: Cell<u64> = Cell::new(0);
/// Signals that wait for the running thread.
static MINE: Cell<u64> = Cell::new(0);

/// What each thread has of its own.
#[derive(Clone, Copy)]
pub(super) struct Own {
    blocked: u64,
    pending: u64,
    stack: Stack,
}

impl Own {
    pub(super) const NONE: Own = Own {
        blocked: 0,
        pending: 0,
        stack: Stack::NONE,
    };

    /// A new thread blocks what its maker does.
    pub(super) fn for_new_thread(self) -> Own {
        Own {
            blocked: self.blocked,
            ..Own::NONE
        }
    }

    /// Sends the thread a signal: false if there is no such signal.
    pub(super) fn add(&mut self, signal: i32) -> bool {
        let known = action(signal).is_some();
        if known {
            self.pending |= bit(signal);
        }
        known
    }
}

/// What the running thread has.
pub(super) fn own() -> Own {
    Own {
        blocked: BLOCKED.get(),
        pending: MINE.get(),
        stack: STACK.get(),
    }
}

/// Another thread runs.
pub(super) fn set_own(own: Own) {
    BLOCKED.set(own.blocked);
    MINE.set(own.pending);
    STACK.set(own.stack);
}

fn action(signal: i32) -> Option<&'static mut Kept> {
    // SAFETY: the cell is valid, and borrows end within one function.
    let actions = unsafe { &mut *ACTIONS.as_ptr() };
    usize::try_from(signal)
        .ok()
        .filter(|&s| s != 0)
        .and_then(|s| actions.get_mut(s))
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// Runs a handler for a signal that the program raised; false if there is none.
pub(super) fn call_handler(signal: i32) -> bool {
    let Some(&mut Kept {
        handler,
        mask,
        flags,
    }) = action(signal)
    else {
        return false;
    };
    if handler == DEFAULT || handler == IGNORE {
        return false;
    }
    if flags as u32 & SA_RESETHAND != 0
        && let Some(kept) = action(signal)
    {
        kept.handler = DEFAULT;
    }
    let before = BLOCKED.get();
    BLOCKED.set(
        before
            | mask
            | if flags & SA_NODEFER == 0 {
                bit(signal)
            } else {
                0
            },
    );
    // SAFETY: the program installed a function of the kind that the flags say.
    unsafe {
        if flags & SA_SIGINFO != 0 {
            let handler: extern "C" fn(i32, *mut Info, *mut c_void) = core::mem::transmute(handler);
            let mut info = Info::new(signal, SI_TKILL, super::unistd::PID as u64);
            handler(signal, &raw mut info, null_mut());
        } else {
            let handler: extern "C" fn(i32) = core::mem::transmute(handler);
            handler(signal);
        }
    }
    BLOCKED.set(before);
    deliver_pending();
    true
}

/// Delivers signals that waited and are let through now: was there any?
pub(super) fn deliver_pending() -> bool {
    let mut any = false;
    while let Some(signal) = take_pending(!BLOCKED.get()) {
        any = true;
        deliver(signal);
    }
    any
}

/// Takes a pending signal out of a set.
fn take_pending(set: u64) -> Option<i32> {
    let ready = (PENDING.get() | MINE.get()) & set;
    if ready == 0 {
        return None;
    }
    let signal = ready.trailing_zeros() as i32 + 1;
    PENDING.set(PENDING.get() & !bit(signal));
    MINE.set(MINE.get() & !bit(signal));
    Some(signal)
}

fn deliver(signal: i32) {
    if call_handler(signal) {
        return;
    }
    let ignored = action(signal).is_some_and(|a| a.handler == IGNORE);
    // SIGCHLD, SIGCONT, SIGURG, SIGWINCH do nothing by default; neither do those that stop a process,
    // since nobody could continue it.
    if ignored || matches!(signal, 17..=23 | 28) {
        return;
    }
    let text = signal_text(signal).unwrap_or("real-time signal\0");
    crash(&[
        Part::Text("terminated by signal "),
        Part::Decimal(signal as u64),
        Part::Text(": "),
        Part::Text(text.trim_end_matches('\0')),
    ])
}

/// C's `raise`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn raise(signal: i32) -> i32 {
    if action(signal).is_none() {
        return fail(EINVAL);
    }
    if BLOCKED.get() & bit(signal) != 0 {
        PENDING.set(PENDING.get() | bit(signal));
        wait::wake(wait::SIGNAL, usize::MAX);
    } else {
        deliver(signal);
    }
    0
}

/// POSIX's `kill`: this program is the only process.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn kill(process: i32, signal: i32) -> i32 {
    match process {
        0 | super::unistd::PID if signal == 0 => 0,
        0 | super::unistd::PID => raise(signal),
        _ => fail(ESRCH),
    }
}

/// POSIX's `sigaction`. A handler of SIGSEGV needs a Solo5 part that tells of faults: ENOTSUP else.
///
/// # Safety
/// Both pointers must be NULL or valid.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigaction(signal: i32, new: *const Action, old: *mut Action) -> i32 {
    let Some(kept) = action(signal) else {
        return fail(EINVAL);
    };
    let before = *kept;
    if !new.is_null() {
        if signal == SIGKILL || signal == SIGSTOP {
            return fail(EINVAL);
        }
        // SAFETY: readable, as the caller vouches.
        let new = unsafe { &*new };
        if signal == SIGSEGV && new.handler > IGNORE && !listen_for_faults() {
            return fail(EOPNOTSUPP);
        }
        *kept = Kept {
            handler: new.handler,
            mask: new.mask[0],
            flags: new.flags,
        };
    }
    if !old.is_null() {
        // SAFETY: writable, as the caller vouches.
        unsafe {
            *old = Action {
                handler: before.handler,
                mask: sets::of(before.mask),
                flags: before.flags,
                restorer: 0,
            }
        };
    }
    0
}

/// C's `signal`, with BSD's semantics as in glibc: the handler stays.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn signal(signal: i32, handler: usize) -> usize {
    let new = Action {
        handler,
        mask: [0; 16],
        flags: 0,
        restorer: 0,
    };
    let mut old = Action {
        handler: 0,
        mask: [0; 16],
        flags: 0,
        restorer: 0,
    };
    // SAFETY: both are local.
    if unsafe { sigaction(signal, &raw const new, &raw mut old) } == 0 {
        old.handler
    } else {
        FAILED
    }
}

const SI_TKILL: i32 = -6;

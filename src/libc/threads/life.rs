// SPDX-License-Identifier: ISC
//! A thread's life: made, detached or joined, ended.

use super::super::errno::{EAGAIN, EDEADLK, EINVAL, ESRCH};
use super::super::malloc::{calloc, free};
use super::super::pthread::keys::{self, Values};
use super::super::{signal, tls};
use super::scheduler::{self, clear_up, this};
use super::stack::Stack;
use super::switch;
use super::table::{self, Thread, find};
use super::wait::{self, NEVER, wake};
use core::ffi::c_void;
use core::ops::Range;
use core::ptr::null_mut;

/// What a thread runs.
pub type Function = extern "C" fn(*mut c_void) -> *mut c_void;

/// Where a new thread's stack lies.
pub enum Place {
    /// So many bytes of the heap.
    New(usize),
    /// In memory of the program's own.
    Given(Range<usize>),
}

/// Makes a thread, which runs when its turn comes: its id, or EAGAIN where memory ends.
pub fn create(
    function: Function,
    argument: *mut c_void,
    place: Place,
    detached: bool,
) -> Result<u64, i32> {
    if !table::begin() {
        return Err(EAGAIN);
    }
    scheduler::begin();
    let stack = match place {
        Place::New(size) => Stack::new(size).ok_or(EAGAIN)?,
        Place::Given(range) => Stack::foreign(range),
    };
    let thread = make(function, argument, stack, detached);
    let Some(thread) = thread else {
        stack.free();
        return Err(EAGAIN);
    };
    scheduler::ready(thread);
    Ok(thread.id)
}

fn make(
    function: Function,
    argument: *mut c_void,
    stack: Stack,
    detached: bool,
) -> Option<&'static mut Thread> {
    let values = calloc(1, size_of::<Values>()).cast::<Values>();
    if values.is_null() {
        return None;
    }
    let tls = tls::Block::new();
    let made = tls.and_then(|tls| {
        table::add(Thread {
            // SAFETY: a stack has at least 16 KiB.
            pointer: unsafe { switch::first(stack.top, main) },
            stack,
            tls,
            function: Some(function),
            value: argument,
            id: 0,
            ended: false,
            detached,
            joiner: 0,
            waits_in: "",
            errno: 0,
            signals: signal::own().for_new_thread(),
            values,
            name: this().name,
        })
    });
    if made.is_none() {
        if let Some(tls) = tls {
            tls.free();
        }
        // SAFETY: the block from above.
        unsafe { free(values.cast()) };
    }
    made
}

extern "C" fn main() -> ! {
    clear_up();
    let thread = this();
    let function = thread.function.expect("a thread's function");
    end(function(thread.value))
}

/// Ends the running thread; the last one ends the program.
pub fn end(value: *mut c_void) -> ! {
    keys::destroy();
    let living = |place: usize| table::at(place).is_some_and(|thread| !thread.ended);
    if wait::is_alone() || (0..table::places().len()).filter(|&p| living(p)).count() == 1 {
        super::super::stdlib::exit(0)
    }
    let thread = this();
    (thread.ended, thread.value) = (true, value);
    if thread.function.is_some() {
        keys::set_this(null_mut());
        // SAFETY: `make`'s block; its destructors have run.
        unsafe { free(thread.values.cast()) };
        thread.values = null_mut();
    }
    wake(key(thread), usize::MAX);
    scheduler::leave("pthread_exit")
}

/// What those wait for who join a thread.
fn key(thread: &Thread) -> usize {
    (&raw const *thread).addr()
}

/// Waits for a thread's end and takes what it returned.
///
/// EDEADLK for the running thread, or one that joins the running one; EINVAL for one that is detached or that another
/// thread joins; ESRCH for none.
pub fn join(id: u64) -> Result<*mut c_void, i32> {
    let me = wait::this();
    if id == me {
        return Err(EDEADLK);
    }
    let thread = find(id).ok_or(ESRCH)?;
    if thread.detached || thread.joiner != 0 {
        return Err(EINVAL);
    }
    if this().joiner == id {
        return Err(EDEADLK);
    }
    thread.joiner = me;
    let key = key(thread);
    // Looked for anew: others have run.
    loop {
        let thread = find(id).ok_or(ESRCH)?;
        if thread.ended {
            let value = thread.value;
            table::remove(thread);
            return Ok(value);
        }
        wait::wait(key, NEVER, "pthread_join");
    }
}

/// Nobody will join the thread.
pub fn detach(id: u64) -> i32 {
    let Some(thread) = find(id) else {
        return ESRCH;
    };
    if thread.detached || thread.joiner != 0 {
        return EINVAL;
    }
    thread.detached = true;
    if thread.ended {
        table::remove(thread);
    }
    0
}

/// Sends another thread a signal, which it takes when it runs next.
pub fn kill(id: u64, signal: i32) -> i32 {
    let Some(thread) = find(id).filter(|thread| !thread.ended) else {
        return ESRCH;
    };
    if signal != 0 {
        if !thread.signals.add(signal) {
            return EINVAL;
        }
        scheduler::interrupt(thread);
    }
    0
}

// SPDX-License-Identifier: ISC
//! Faults that the program may want to handle itself: a stack overflow, which OCaml turns into an exception.

use crate::arch::TrapFrame;
use core::sync::atomic::{AtomicBool, Ordering};
use spin::Mutex;

/// `int handler(struct solo5__xen_fault *context, uintptr_t address)`: 1 to continue `context`, 0 to crash.
pub type Handler = unsafe extern "C" fn(*mut TrapFrame, usize) -> i32;

static HANDLER: Mutex<Option<Handler>> = Mutex::new(None);

/// A fault inside the handler is not handed to it again.
static BUSY: AtomicBool = AtomicBool::new(false);

/// Sets or removes the handler.
pub fn set(handler: Option<Handler>) {
    *HANDLER.lock() = handler;
}

/// Asks the handler; true when the context in `frame` is to be continued.
pub fn hand_over(frame: &mut TrapFrame, address: u64) -> bool {
    let handler = HANDLER.try_lock().and_then(|handler| *handler);
    let Some(handler) = handler.filter(|_| !BUSY.swap(true, Ordering::Relaxed)) else {
        return false;
    };
    // SAFETY: the program registered the function for this; the frame is the fault's own.
    let handled = unsafe { handler(frame, address as usize) } != 0;
    BUSY.store(false, Ordering::Relaxed);
    handled
}

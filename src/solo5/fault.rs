// SPDX-License-Identifier: ISC
//! Faults that the program may want to handle itself: a stack overflow, which OCaml turns into an exception.

use crate::arch::TrapFrame;
use crate::mm::layout;
use spin::Mutex;

/// `int handler(struct solo5__xen_fault *context, uintptr_t address)`: 1 to continue `context`, 0 to crash.
pub type Handler = unsafe extern "C" fn(*mut TrapFrame, usize) -> i32;

static HANDLER: Mutex<Option<Handler>> = Mutex::new(None);

/// Sets or removes the handler.
pub fn set(handler: Option<Handler>) {
    *HANDLER.lock() = handler;
}

/// Asks the handler; true when the context in `frame` is to be continued.
pub fn hand_over(frame: &mut TrapFrame, address: u64) -> bool {
    // A fault on the stack of faults itself: the handler's own mistake. No mark is kept that one is running, since it
    // may leave by longjmp.
    if layout::boot_stack().contains(&frame.rsp)
        || layout::double_fault_stack().contains(&frame.rsp)
    {
        return false;
    }
    let Some(handler) = HANDLER.try_lock().and_then(|handler| *handler) else {
        return false;
    };
    // SAFETY: the program registered the function for this; the frame is the fault's own.
    unsafe { handler(frame, address as usize) != 0 }
}

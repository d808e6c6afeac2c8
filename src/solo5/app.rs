// SPDX-License-Identifier: ISC
//! The application's turn.

use super::{device_hooks, options};
use crate::mm::heap_range;
use crate::xen::shutdown::{self, Reason};
use crate::xen::{console, crash, watchdog};
use core::ffi::{c_char, c_int};

/// `struct solo5_start_info` of `solo5.h`.
#[repr(C)]
struct StartInfo {
    cmdline: *const c_char,
    heap_start: usize,
    heap_size: usize,
}

unsafe extern "C" {
    fn solo5_app_main(info: *const StartInfo) -> c_int;
}

/// Runs the application on the main stack and ends the domain with what it returns.
pub extern "C" fn run() -> ! {
    let (Some(given), Some(settings)) = (heap_range::given(), options::settings()) else {
        crash::early("boot", "the application starts before its memory is known");
    };
    if let Some(seconds) = settings.watchdog {
        watchdog::start(seconds);
    }
    console::flush();
    let info = StartInfo {
        // The line lies in boot memory and is the front-cut rest of a string that ends with a zero.
        cmdline: settings.application.as_ptr().cast(),
        heap_start: given.heap.start as usize,
        heap_size: (given.heap.end - given.heap.start) as usize,
    };
    // SAFETY: the application's entry by Solo5's contract; `info` lives as long as the call.
    let status = unsafe { solo5_app_main(&info) };
    exit(status)
}

/// Ends the domain with an exit status, 255 of which means a crash.
pub fn exit(status: c_int) -> ! {
    if let Some(hooks) = device_hooks::get() {
        (hooks.finish)();
    }
    let reason = if status == 255 {
        Reason::Crash
    } else {
        Reason::Poweroff
    };
    shutdown::exit(reason, status)
}

// SPDX-License-Identifier: ISC
//! Ends of the program (C11 7.22.4), the C++ ABI's included.

use super::super::errno::{ENOMEM, ENOSYS, fail, set_errno};
use super::super::platform::{self, Cell, Part, crash};
use super::super::stdio::standard::flush_all;
use core::ffi::c_void;

/// A function to call at exit.
#[derive(Clone, Copy)]
enum Handler {
    None,
    Plain(unsafe extern "C" fn()),
    WithArgument(unsafe extern "C" fn(*mut c_void), *mut c_void),
    WithStatus(unsafe extern "C" fn(i32, *mut c_void), *mut c_void),
}

/// How many handlers there can be; C asks for 32.
const HANDLERS: usize = 64;

struct Handlers {
    list: [Handler; HANDLERS],
    count: usize,
}

static AT_EXIT: Cell<Handlers> = Cell::new(Handlers {
    list: [Handler::None; HANDLERS],
    count: 0,
});
static AT_QUICK_EXIT: Cell<Handlers> = Cell::new(Handlers {
    list: [Handler::None; HANDLERS],
    count: 0,
});

fn register(handlers: &Cell<Handlers>, handler: Handler) -> i32 {
    // SAFETY: the cell is valid, and the borrow ends here.
    let handlers = unsafe { &mut *handlers.as_ptr() };
    let Some(free) = handlers.list.get_mut(handlers.count) else {
        set_errno(ENOMEM);
        return -1;
    };
    *free = handler;
    handlers.count += 1;
    0
}

/// Calls the handlers, the last one registered first; they may register more.
fn run(handlers: &Cell<Handlers>, status: i32) {
    loop {
        // SAFETY: the cell is valid, and the borrow ends before the handler runs.
        let handler = unsafe {
            let handlers = &mut *handlers.as_ptr();
            let Some(last) = handlers.count.checked_sub(1) else {
                return;
            };
            handlers.count = last;
            handlers.list[last]
        };
        // SAFETY: C's contract: functions that can be called until the program ends.
        unsafe {
            match handler {
                Handler::None => {}
                Handler::Plain(function) => function(),
                Handler::WithArgument(function, argument) => function(argument),
                Handler::WithStatus(function, argument) => function(status, argument),
            }
        }
    }
}

/// C's `atexit`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn atexit(function: unsafe extern "C" fn()) -> i32 {
    register(&AT_EXIT, Handler::Plain(function))
}

/// The C++ ABI's `__cxa_atexit`, which compilers use for `atexit` too.
///
/// # Safety
/// The function must be callable until the program ends.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __cxa_atexit(
    function: unsafe extern "C" fn(*mut c_void),
    argument: *mut c_void,
    _object: *mut c_void,
) -> i32 {
    register(&AT_EXIT, Handler::WithArgument(function, argument))
}

/// The C++ ABI's `__cxa_finalize`: no object is ever unloaded.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __cxa_finalize(_object: *mut c_void) {}

/// The C++ ABI's handle of the program itself.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub static __dso_handle: usize = 0;

/// GNU's `on_exit`.
///
/// # Safety
/// The function must be callable until the program ends.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn on_exit(
    function: unsafe extern "C" fn(i32, *mut c_void),
    argument: *mut c_void,
) -> i32 {
    register(&AT_EXIT, Handler::WithStatus(function, argument))
}

/// C's `at_quick_exit`.
///
/// # Safety
/// C's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn at_quick_exit(function: unsafe extern "C" fn()) -> i32 {
    register(&AT_QUICK_EXIT, Handler::Plain(function))
}

/// C's `exit`. Of the status the low eight bits count, as for a process.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn exit(status: i32) -> ! {
    run(&AT_EXIT, status);
    flush_all();
    platform::exit(status & 0xff)
}

/// C's `quick_exit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn quick_exit(status: i32) -> ! {
    run(&AT_QUICK_EXIT, status);
    platform::exit(status & 0xff)
}

/// C's `_Exit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn _Exit(status: i32) -> ! {
    platform::exit(status & 0xff)
}

/// POSIX's `_exit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn _exit(status: i32) -> ! {
    platform::exit(status & 0xff)
}

/// C's `abort`: a handler of SIGABRT runs first, then the domain crashes.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn abort() -> ! {
    super::super::signal::call_handler(super::super::signal::SIGABRT);
    flush_all();
    crash(&[Part::Text("abort() called")])
}

/// C's `system`: there is no command processor.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn system(command: *const u8) -> i32 {
    if command.is_null() { 0 } else { fail(ENOSYS) }
}

// SPDX-License-Identifier: ISC
//! The functions of `solo5.h`, but for `solo5_abort`, which is in `gates.s`.
//!
//! Source: Solo5's public header, whose texts say what each may be given. Pointers are the caller's to get right, as
//! in any C interface.

use super::{app, device_hooks, tls};
use crate::xen::{console, events, time};
use core::ffi::c_int;

/// `solo5_result_t`.
#[repr(C)]
pub enum Solo5Result {
    /// Done.
    Ok = 0,
    /// Nothing there yet.
    Again,
    /// A parameter is invalid.
    Invalid,
    /// There is no such thing here.
    Unspecified,
}

#[unsafe(no_mangle)]
extern "C" fn solo5_exit(status: c_int) -> ! {
    app::exit(status)
}

#[unsafe(no_mangle)]
extern "C" fn solo5_clock_monotonic() -> u64 {
    let now = time::monotonic();
    console::flush_late(now);
    now
}

#[unsafe(no_mangle)]
extern "C" fn solo5_clock_wall() -> u64 {
    time::wall()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_yield(deadline: u64, ready: *mut u64) {
    let handles = match device_hooks::get() {
        Some(hooks) => (hooks.wait)(deadline),
        None => {
            events::wait(deadline, || false);
            0
        }
    };
    if !ready.is_null() {
        // SAFETY: the caller's handle set.
        unsafe { ready.write(handles) }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_console_write(buffer: *const u8, size: usize) {
    if size != 0 {
        // SAFETY: the caller's buffer of that size.
        console::write(unsafe { core::slice::from_raw_parts(buffer, size) });
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_set_tls_base(base: usize) -> Solo5Result {
    // SAFETY: the caller's block.
    unsafe { tls::set_base(base) }
    Solo5Result::Ok
}

#[unsafe(no_mangle)]
extern "C" fn solo5_tls_size() -> usize {
    tls::size()
}

#[unsafe(no_mangle)]
extern "C" fn solo5_tls_tp_offset(block: usize) -> usize {
    tls::thread_pointer(block)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_tls_init(block: usize) -> Solo5Result {
    if block == 0 {
        return Solo5Result::Invalid;
    }
    // SAFETY: the caller's block of `solo5_tls_size` bytes.
    unsafe { tls::fill(block) }
    Solo5Result::Ok
}

// SPDX-License-Identifier: ISC
//! What our own bindings and libc ask of this core beyond upstream's private symbols, to sleep, to take over events, and for
//! processor time. They refer to these weakly, and do without over another core.

use super::options;
use crate::xen::events::{self, Ops};
use crate::xen::{crash, hypercall};

/// Sleeps until some event is pending or `deadline`, in ns of the monotonic clock, has come; `UINT64_MAX` for none. May
/// return early. Interrupts are off before and after.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_sleep(deadline: u64) {
    events::sleep(deadline);
}

/// The processor time that the domain has used, in ns.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_run_time() -> u64 {
    hypercall::run_time()
        .unwrap_or_else(|error| crash::hypercall("VCPUOP_get_runstate_info", error))
}

/// The port of the core's timer, whose events only end a sleep. Returns 1 when the command line forces the 2-level ABI,
/// else 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_event_options(timer_port: *mut u32) -> i32 {
    // SAFETY: the caller's variable.
    unsafe { timer_port.write(events::timer_port()) }
    i32::from(options::settings().is_some_and(|settings| settings.evtchn_2l))
}

/// Tells the core that events no longer arrive in the 2-level bits, and what to call instead; for good.
#[unsafe(no_mangle)]
extern "C" fn solo5__xen_set_event_ops(ops: &'static Ops) {
    events::set_ops(ops);
}

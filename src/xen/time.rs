// SPDX-License-Identifier: ISC
//! Monotonic and wall clock, from the time information that Xen keeps in the shared page.

use super::shared_info::{page, vcpu};
use core::arch::x86_64::{_mm_lfence, _rdtsc};
use xen_proto::clock::Monotonic;

static MONOTONIC: Monotonic = Monotonic::new();

/// Xen's own clock, in ns: what its timers go by.
pub fn system_time() -> u64 {
    vcpu().time.system_time(|| {
        // SAFETY: RDTSC is allowed (CR4.TSD is clear); the fence keeps it after the loads that go with it.
        unsafe {
            _mm_lfence();
            _rdtsc()
        }
    })
}

/// Nanoseconds since Xen started; never goes back.
pub fn monotonic() -> u64 {
    MONOTONIC.now(system_time())
}

/// Nanoseconds since 1970, UTC, following the host's clock.
pub fn wall() -> u64 {
    page().wall_clock.base().wrapping_add(system_time())
}

/// What to set the timer to for `deadline` (monotonic ns); `None` when it has come.
pub fn timer_for(deadline: u64) -> Option<u64> {
    MONOTONIC.deadline(deadline, system_time())
}

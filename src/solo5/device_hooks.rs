// SPDX-License-Identifier: ISC
//! Where the core calls its devices, if the program has acquired any: nothing here refers to device code, which is then not
//! part of a program without devices.

use core::hint::black_box;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// What devices do for the core.
pub struct Hooks {
    /// Sleeps until a deadline, in ns of monotonic time, or until a device can be read: their handles, a bit each.
    pub wait: fn(u64) -> u64,
    /// Before the domain ends: sees what was sent out.
    pub finish: fn(),
}

static HOOKS: AtomicPtr<Hooks> = AtomicPtr::new(null_mut());

/// Registers the devices.
pub fn set(hooks: &'static Hooks) {
    HOOKS.store(core::ptr::from_ref(hooks).cast_mut(), Ordering::Release);
}

/// The devices, if there are any. That only one value is ever stored is hidden from the compiler: knowing it, it would call the
/// devices' functions by name, and a program without devices would have them.
pub fn get() -> Option<&'static Hooks> {
    // SAFETY: null, or a reference that `set` was given.
    unsafe { black_box(HOOKS.load(Ordering::Acquire)).as_ref() }
}

// SPDX-License-Identifier: ISC
//! What each processor has for itself, in one place. There is one processor so far; a second one gets a second of these.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, AtomicU64};
use spin::Once;
use x86_64::structures::gdt::GlobalDescriptorTable;
use x86_64::structures::tss::TaskStateSegment;

/// A processor's own state. Its thread-local block is at its FS base.
pub struct PerCpu {
    /// The stacks of its exception gates.
    pub tss: Once<TaskState>,
    /// Its segments, which name its task state.
    pub gdt: Once<GlobalDescriptorTable<5>>,
    /// The port of its timer.
    pub timer: AtomicU32,
    /// What its timer was last set to, in ns of Xen's system time.
    pub armed: AtomicU64,
    /// While it waits for an upcall, the stack pointer with which the wait goes on, else 0.
    pub waiting: AtomicU64,
}

/// A task state segment, which the processor reads at each exception, and in which stacks change places.
pub struct TaskState(pub UnsafeCell<TaskStateSegment>);

// SAFETY: one processor writes to it, at the start of an exception's gate, where nothing else runs.
unsafe impl Sync for TaskState {}
// SAFETY: as above.
unsafe impl Send for TaskState {}

/// The first processor's; `gates.s` names it.
pub static BOOT: PerCpu = PerCpu {
    tss: Once::new(),
    gdt: Once::new(),
    timer: AtomicU32::new(0),
    armed: AtomicU64::new(0),
    waiting: AtomicU64::new(0),
};

/// The state of the processor that asks.
pub fn current() -> &'static PerCpu {
    &BOOT
}

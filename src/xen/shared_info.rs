// SPDX-License-Identifier: ISC
//! The page that Xen shares with the domain: event bits, the vCPU's time, the wall clock.
//!
//! Interface: `struct shared_info` in `xen/include/public/xen.h`. Everything in it changes under our feet, so it is
//! seen as atomics only; the layout is checked against the header's.

use super::abi;
use core::mem::offset_of;
use core::sync::atomic::{AtomicU8, AtomicU64};
use xen_proto::clock::{VcpuTimeInfo, WallClock};

/// Words of event bits.
pub const EVENT_WORDS: usize = 64;

/// `struct vcpu_info`, 64 bytes.
#[repr(C)]
pub struct VcpuInfo {
    /// Not zero: some event is pending; raises the upcall.
    pub upcall_pending: AtomicU8,
    upcall_mask: AtomicU8,
    /// Which words of the pending bits to look at.
    pub pending_sel: AtomicU64,
    arch: [u64; 2],
    /// The clock of this vCPU.
    pub time: VcpuTimeInfo,
}

/// `struct shared_info`.
#[repr(C)]
pub struct SharedInfo {
    /// Each vCPU's part; this domain looks at the first.
    pub vcpu: [VcpuInfo; 32],
    /// A bit a port: an event came.
    pub pending: [AtomicU64; EVENT_WORDS],
    /// A bit a port: do not raise the upcall for it.
    pub mask: [AtomicU64; EVENT_WORDS],
    /// The wall clock.
    pub wall_clock: WallClock,
}

const _: () = {
    assert!(size_of::<VcpuInfo>() == size_of::<abi::vcpu_info>());
    assert!(offset_of!(VcpuInfo, pending_sel) == offset_of!(abi::vcpu_info, evtchn_pending_sel));
    assert!(offset_of!(VcpuInfo, time) == offset_of!(abi::vcpu_info, time));
    assert!(offset_of!(SharedInfo, pending) == offset_of!(abi::shared_info, evtchn_pending));
    assert!(offset_of!(SharedInfo, mask) == offset_of!(abi::shared_info, evtchn_mask));
    assert!(offset_of!(SharedInfo, wall_clock) == offset_of!(abi::shared_info, wc_version));
};

#[cfg(feature = "solo5")]
mod place;
#[cfg(feature = "solo5")]
pub use place::init;

unsafe extern "C" {
    static solo5__xen_HYPERVISOR_SHARED_INFO: SharedInfo;
}

/// The page.
pub fn page() -> &'static SharedInfo {
    // SAFETY: the symbol names a page that is mapped for ever, at first to a zeroed frame of the image, then to
    // Xen's; all of its fields that are used are atomics.
    unsafe { &solo5__xen_HYPERVISOR_SHARED_INFO }
}

/// The boot CPU's part of it.
pub fn vcpu() -> &'static VcpuInfo {
    &page().vcpu[0]
}

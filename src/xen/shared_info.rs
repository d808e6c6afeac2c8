// SPDX-License-Identifier: ISC
//! The page that Xen shares with the domain: event bits, the vCPU's time, the wall clock.
//!
//! Interface: `struct shared_info` in `xen/include/public/xen.h`. Everything in it changes under our feet, so it is
//! seen as atomics only; the layout is checked against the header's.

use super::{abi, crash, hypercall};
use crate::arch::paging;
use crate::mm::layout::{self, PAGE};
use core::mem::offset_of;
use core::sync::atomic::{AtomicU8, AtomicU64};
use xen_proto::clock::{VcpuTimeInfo, WallClock};

/// Where shared_info is put: right below the toolstack's special pages, where no toolstack puts RAM. Over RAM it would
/// hide a page of it for good.
const GFN: u64 = layout::SPECIAL_PAGES.start / PAGE - 1;

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

/// Has Xen put the page into guest-physical space, and maps it at its symbol.
pub fn init() {
    if let Err(error) = hypercall::add_to_physmap(abi::XENMAPSPACE_shared_info, 0, GFN) {
        crash::hypercall("XENMEM_add_to_physmap(shared_info)", error);
    }
    if paging::current().remap(layout::shared_info(), GFN * PAGE, paging::WRITE).is_err() {
        crash::early("page tables", "no frame left to map shared_info");
    }
}

/// The page.
pub fn page() -> &'static SharedInfo {
    // SAFETY: the symbol names a page that is mapped for ever, at first to a zeroed frame of the image, then to
    // Xen's; all of its fields that are used are atomics.
    unsafe { &*(layout::shared_info() as *const SharedInfo) }
}

/// The boot CPU's part of it.
pub fn vcpu() -> &'static VcpuInfo {
    &page().vcpu[0]
}

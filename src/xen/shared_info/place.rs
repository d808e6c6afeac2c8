// SPDX-License-Identifier: ISC
//! Where the shared page is in guest-physical space, and how it gets to its symbol's address. The core's work.

use crate::arch::paging;
use crate::mm::layout::{self, PAGE};
use crate::xen::{abi, crash, hypercall};

/// Right below the toolstack's special pages, where no toolstack puts RAM. Over RAM it would hide a page of it for good.
const GFN: u64 = layout::SPECIAL_PAGES.start / PAGE - 1;

/// Has Xen put the page into guest-physical space, and maps it at its symbol.
pub fn init() {
    if let Err(error) = hypercall::add_to_physmap(abi::XENMAPSPACE_shared_info, 0, GFN) {
        crash::hypercall("XENMEM_add_to_physmap(shared_info)", error);
    }
    if paging::current()
        .remap(layout::shared_info(), GFN * PAGE, paging::WRITE)
        .is_err()
    {
        crash::early("page tables", "no frame left to map shared_info");
    }
}

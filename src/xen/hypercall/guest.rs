// SPDX-License-Identifier: ISC
//! What only the bindings ask of Xen: foreign ports and pages, and the FIFO interface.
//!
//! Interface: `xen/include/public/event_channel.h`, `grant_table.h`, `sched.h`.

use super::device::{event_op, grant_op};
use super::{XenError, call2};
use crate::xen::abi;

/// EVTCHNOP_bind_interdomain: a new port connected to `remote_port` of domain `remote`.
pub fn bind_interdomain(remote: u16, remote_port: u32) -> Result<u32, XenError> {
    let mut arg = abi::evtchn_bind_interdomain {
        remote_dom: remote,
        remote_port,
        local_port: 0,
    };
    event_op(abi::EVTCHNOP_bind_interdomain, &mut arg)?;
    Ok(arg.local_port)
}

/// EVTCHNOP_unmask: clears the port's mask and raises what is pending.
pub fn unmask(port: u32) -> Result<(), XenError> {
    event_op(abi::EVTCHNOP_unmask, &mut abi::evtchn_unmask { port })
}

/// EVTCHNOP_init_control on vCPU 0: switches the domain to the FIFO interface, its control block `offset` bytes into
/// guest frame `gfn`.
pub fn init_control(gfn: u64, offset: u32) -> Result<(), XenError> {
    let mut arg = abi::evtchn_init_control {
        control_gfn: gfn,
        offset,
        vcpu: 0,
        link_bits: 0,
        _pad: [0; 7],
    };
    event_op(abi::EVTCHNOP_init_control, &mut arg)
}

/// EVTCHNOP_expand_array: appends guest frame `gfn` to the event array.
pub fn expand_array(gfn: u64) -> Result<(), XenError> {
    event_op(
        abi::EVTCHNOP_expand_array,
        &mut abi::evtchn_expand_array { array_gfn: gfn },
    )
}

/// GNTTABOP_map_grant_ref.
///
/// # Safety
/// `host_addr` of each must be guest-physical space that holds no RAM and that nobody else uses.
pub unsafe fn grant_map(args: &mut [abi::gnttab_map_grant_ref]) -> Result<(), XenError> {
    // SAFETY: the operation's structure.
    unsafe { grant_op(abi::GNTTABOP_map_grant_ref, args) }
}

/// GNTTABOP_unmap_grant_ref.
///
/// # Safety
/// Nobody may go on using what was mapped.
pub unsafe fn grant_unmap(args: &mut [abi::gnttab_unmap_grant_ref]) -> Result<(), XenError> {
    // SAFETY: the operation's structure.
    unsafe { grant_op(abi::GNTTABOP_unmap_grant_ref, args) }
}

/// GNTTABOP_copy.
///
/// # Safety
/// A destination that is local memory must be the caller's to write.
pub unsafe fn grant_copy(args: &mut [abi::gnttab_copy]) -> Result<(), XenError> {
    // SAFETY: the operation's structure.
    unsafe { grant_op(abi::GNTTABOP_copy, args) }
}

/// SCHEDOP_yield: lets others run.
pub fn yield_now() {
    // SAFETY: the operation takes no argument. Its result says nothing.
    let _ = unsafe { call2(abi::__HYPERVISOR_sched_op, u64::from(abi::SCHEDOP_yield), 0) };
}

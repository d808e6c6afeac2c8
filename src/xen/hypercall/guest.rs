// SPDX-License-Identifier: ISC
//! What only the bindings ask of Xen: event channels and grants.
//!
//! Interface: `xen/include/public/event_channel.h`, `grant_table.h`, `sched.h`.

use super::{SELF, XenError, call2, call3, pointer};
use crate::xen::abi;

/// An event channel operation on a structure of its own.
fn event_op<T>(operation: u32, arg: &mut T) -> Result<(), XenError> {
    // SAFETY: each caller below passes the structure that its operation asks for.
    unsafe {
        call2(
            abi::__HYPERVISOR_event_channel_op,
            u64::from(operation),
            pointer(arg),
        )?;
    }
    Ok(())
}

/// EVTCHNOP_alloc_unbound: a new port that domain `remote` may bind.
pub fn alloc_unbound(remote: u16) -> Result<u32, XenError> {
    let mut arg = abi::evtchn_alloc_unbound {
        dom: SELF,
        remote_dom: remote,
        port: 0,
    };
    event_op(abi::EVTCHNOP_alloc_unbound, &mut arg)?;
    Ok(arg.port)
}

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

/// EVTCHNOP_close: the port may be given out again.
pub fn close(port: u32) -> Result<(), XenError> {
    event_op(abi::EVTCHNOP_close, &mut abi::evtchn_close { port })
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

/// A grant table operation on a vector of structures, one hypercall for all of them. The result of each is in its
/// `status`; an error is that of the call itself.
///
/// # Safety
/// The structures must be those of `operation`, and name only memory that the caller means to be changed.
unsafe fn grant_op<T>(operation: u32, args: &mut [T]) -> Result<(), XenError> {
    // SAFETY: the caller's promise; the count is that of the slice.
    unsafe {
        call3(
            abi::__HYPERVISOR_grant_table_op,
            u64::from(operation),
            args.as_mut_ptr() as u64,
            args.len() as u64,
        )?;
    }
    Ok(())
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

/// GNTTABOP_query_size: how many frames the grant table may have.
pub fn grant_table_limit() -> Result<u32, XenError> {
    let mut args = [abi::gnttab_query_size {
        dom: SELF,
        ..Default::default()
    }];
    // SAFETY: the operation's structure; it only reads.
    unsafe { grant_op(abi::GNTTABOP_query_size, &mut args)? };
    let [answer] = args;
    match answer.status {
        0 => Ok(answer.max_nr_frames),
        _ => Err(XenError(abi::XEN_EINVAL)),
    }
}

/// SCHEDOP_yield: lets others run.
pub fn yield_now() {
    // SAFETY: the operation takes no argument. Its result says nothing.
    let _ = unsafe { call2(abi::__HYPERVISOR_sched_op, u64::from(abi::SCHEDOP_yield), 0) };
}

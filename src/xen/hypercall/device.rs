// SPDX-License-Identifier: ISC
//! What a device takes: event channels and the grant table's size. For the core's own devices and for the bindings.
//!
//! Interface: `xen/include/public/event_channel.h`, `grant_table.h`.

use super::{SELF, XenError, call2, call3, pointer};
use crate::xen::abi;

/// An event channel operation on a structure of its own.
pub(super) fn event_op<T>(operation: u32, arg: &mut T) -> Result<(), XenError> {
    // SAFETY: each caller passes the structure that its operation asks for.
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

/// EVTCHNOP_close: the port may be given out again.
pub fn close(port: u32) -> Result<(), XenError> {
    event_op(abi::EVTCHNOP_close, &mut abi::evtchn_close { port })
}

/// A grant table operation on a vector of structures, one hypercall for all of them. The result of each is in its
/// `status`; an error is that of the call itself.
///
/// # Safety
/// The structures must be those of `operation`, and name only memory that the caller means to be changed.
pub(super) unsafe fn grant_op<T>(operation: u32, args: &mut [T]) -> Result<(), XenError> {
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

// SPDX-License-Identifier: ISC
//! Hypercalls: raw by arity, then one short typed wrapper per operation.
//!
//! Interface: `xen/include/public/arch-x86/xen-x86_64.h` (number by offset in the call page, arguments in rdi, rsi, rdx,
//! r10, r8, result in rax). Here are the convention and what every part calls; what only the core does is in `boot`,
//! what devices take in `device`, what
//! only the bindings do in `guest`.

use super::abi;
use core::arch::asm;
use core::ffi::c_void;

#[cfg(feature = "solo5")]
mod boot;
mod device;
#[cfg(feature = "bindings")]
mod guest;

#[cfg(feature = "solo5")]
pub use boot::{init, memory_map, set_param, shutdown, sleep_until, watchdog};
pub use device::{alloc_unbound, close, grant_table_limit};
#[cfg(feature = "bindings")]
pub use guest::*;

/// A negative errno of Xen's (`xen/include/public/errno.h`), made positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XenError(pub u32);

/// The domain itself, in calls that take a domain id.
const SELF: u16 = abi::XEN_DOMID_SELF as u16;

unsafe extern "C" {
    static solo5__xen_HYPERCALL_PAGE: u8;
}

fn result(value: i64) -> Result<u64, XenError> {
    if value < 0 {
        Err(XenError(value.unsigned_abs() as u32))
    } else {
        Ok(value as u64)
    }
}

/// # Safety
/// The arguments must be what the hypercall's interface asks for; memory they point to is read and written by Xen.
unsafe fn call2(number: u32, a: u64, b: u64) -> Result<u64, XenError> {
    // SAFETY: as above.
    unsafe { call3(number, a, b, 0) }
}

/// # Safety
/// As for `call2`.
unsafe fn call3(number: u32, a: u64, b: u64, c: u64) -> Result<u64, XenError> {
    let value: i64;
    let entry = &raw const solo5__xen_HYPERCALL_PAGE as u64 + u64::from(number) * 32;
    // SAFETY: the page holds a callable stub for each number. Xen may clobber the argument registers in debug builds.
    unsafe {
        asm!("call {entry}", entry = in(reg) entry, lateout("rax") value,
             inlateout("rdi") a => _, inlateout("rsi") b => _, inlateout("rdx") c => _,
             lateout("rcx") _, lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _);
    }
    result(value)
}

fn pointer<T>(value: &mut T) -> u64 {
    core::ptr::from_mut(value).cast::<c_void>() as u64
}

/// XENMEM_add_to_physmap: puts page `index` of `space` at guest frame `gfn`.
pub fn add_to_physmap(space: u32, index: u64, gfn: u64) -> Result<(), XenError> {
    let mut arg = abi::xen_add_to_physmap {
        domid: SELF,
        size: 0,
        space,
        idx: index,
        gpfn: gfn,
    };
    // SAFETY: the callers name frames that hold no RAM in use.
    unsafe {
        call2(
            abi::__HYPERVISOR_memory_op,
            u64::from(abi::XENMEM_add_to_physmap),
            pointer(&mut arg),
        )?
    };
    Ok(())
}

/// HVMOP_get_param.
pub fn get_param(index: u32) -> Result<u64, XenError> {
    let mut arg = abi::xen_hvm_param {
        domid: SELF,
        pad: 0,
        index,
        value: 0,
    };
    // SAFETY: the structure is what the operation asks for.
    unsafe {
        call2(
            abi::__HYPERVISOR_hvm_op,
            u64::from(abi::HVMOP_get_param),
            pointer(&mut arg),
        )?
    };
    Ok(arg.value)
}

/// EVTCHNOP_bind_virq on vCPU 0: the port of a virtual interrupt.
pub fn bind_virq(virq: u32) -> Result<u32, XenError> {
    let mut arg = abi::evtchn_bind_virq {
        virq,
        vcpu: 0,
        port: 0,
    };
    // SAFETY: the structure is what the operation asks for.
    unsafe {
        call2(
            abi::__HYPERVISOR_event_channel_op,
            u64::from(abi::EVTCHNOP_bind_virq),
            pointer(&mut arg),
        )?;
    }
    Ok(arg.port)
}

/// EVTCHNOP_status: whether another domain has bound a port that was offered to it; so, too, when Xen does not say.
pub fn is_bound(port: u32) -> bool {
    let mut arg = abi::evtchn_status {
        dom: SELF,
        port,
        ..Default::default()
    };
    // SAFETY: the structure is what the operation asks for and fills in.
    let asked = unsafe {
        call2(
            abi::__HYPERVISOR_event_channel_op,
            u64::from(abi::EVTCHNOP_status),
            pointer(&mut arg),
        )
    };
    asked.is_err() || arg.status != abi::EVTCHNSTAT_unbound
}

/// EVTCHNOP_send: notifies the other end of a port.
pub fn send(port: u32) -> Result<(), XenError> {
    let mut arg = abi::evtchn_send { port };
    // SAFETY: the structure is what the operation asks for.
    unsafe {
        call2(
            abi::__HYPERVISOR_event_channel_op,
            u64::from(abi::EVTCHNOP_send),
            pointer(&mut arg),
        )?
    };
    Ok(())
}

/// Sets the vCPU's one timer to `deadline`, in nanoseconds of Xen's system time; it raises VIRQ_TIMER.
/// A deadline in the past raises it at once.
pub fn set_timer(deadline: u64) -> Result<(), XenError> {
    let mut arg = abi::vcpu_set_singleshot_timer {
        timeout_abs_ns: deadline,
        flags: 0,
    };
    // SAFETY: the structure is what the operation asks for.
    unsafe {
        call3(
            abi::__HYPERVISOR_vcpu_op,
            u64::from(abi::VCPUOP_set_singleshot_timer),
            0,
            pointer(&mut arg),
        )?;
    }
    Ok(())
}

/// VCPUOP_get_runstate_info: for how many ns the vCPU has run since the domain was made; neither what it slept counts nor what
/// it was kept waiting for a processor.
#[cfg(feature = "solo5")]
pub fn run_time() -> Result<u64, XenError> {
    let mut arg = abi::vcpu_runstate_info::default();
    // SAFETY: the structure is what the operation fills in.
    unsafe {
        call3(
            abi::__HYPERVISOR_vcpu_op,
            u64::from(abi::VCPUOP_get_runstate_info),
            0,
            pointer(&mut arg),
        )?;
    }
    Ok(arg
        .time
        .get(abi::RUNSTATE_running as usize)
        .copied()
        .unwrap_or(0))
}

// SPDX-License-Identifier: ISC
//! What only the core asks of Xen: the call page itself, the memory map, parameters, the domain's end.
//!
//! Interface: `xen/include/public/arch-x86/cpuid.h` (finding Xen, and the MSR that fills the call page), `memory.h`,
//! `hvm/hvm_op.h`, `sched.h`.

use super::{SELF, XenError, call2, pointer, solo5__xen_HYPERCALL_PAGE};
use crate::xen::{abi, crash};
use core::arch::x86_64::__cpuid;
use x86_64::registers::model_specific::Msr;

/// Xen has looked for its CPUID leaves at these intervals since it learned to offer others' before its own.
const LEAF_STEP: u32 = 0x100;
const FIRST_LEAF: u32 = 0x4000_0000;
const LAST_LEAF: u32 = FIRST_LEAF + 0x1_0000;

/// Finds Xen and has it fill the hypercall page.
pub fn init() {
    let mut leaf = FIRST_LEAF;
    loop {
        let id = __cpuid(leaf);
        // "XenVMMXenVMM"
        if (id.ebx, id.ecx, id.edx) == (0x566e_6558, 0x6558_4d4d, 0x4d4d_566e) {
            break;
        }
        leaf += LEAF_STEP;
        if leaf > LAST_LEAF {
            crash::early(
                "processor",
                "not running on Xen: no CPUID leaf carries its signature",
            );
        }
    }
    let msr = __cpuid(leaf + 2).ebx;
    // SAFETY: the page belongs to the call stubs alone; Xen writes code that keeps its convention there.
    unsafe { Msr::new(msr).write(&raw const solo5__xen_HYPERCALL_PAGE as u64) }
}

/// XENMEM_memory_map: fills `buffer` with 20-byte E820 entries, returns how many.
pub fn memory_map(buffer: &mut [u8]) -> Result<usize, XenError> {
    let mut arg = abi::xen_memory_map {
        nr_entries: (buffer.len() / 20) as u32,
        buffer: abi::__guest_handle_void {
            p: buffer.as_mut_ptr().cast(),
        },
    };
    // SAFETY: the buffer has room for that many entries.
    unsafe {
        call2(
            abi::__HYPERVISOR_memory_op,
            u64::from(abi::XENMEM_memory_map),
            pointer(&mut arg),
        )?
    };
    Ok(arg.nr_entries as usize)
}

/// HVMOP_set_param.
pub fn set_param(index: u32, value: u64) -> Result<(), XenError> {
    let mut arg = abi::xen_hvm_param {
        domid: SELF,
        pad: 0,
        index,
        value,
    };
    // SAFETY: the structure is what the operation asks for.
    unsafe {
        call2(
            abi::__HYPERVISOR_hvm_op,
            u64::from(abi::HVMOP_set_param),
            pointer(&mut arg),
        )?
    };
    Ok(())
}

/// SCHEDOP_shutdown: ends or suspends the domain; returns only for a suspend, or refused.
pub fn shutdown(reason: u32) -> Result<u64, XenError> {
    let mut arg = abi::sched_shutdown { reason };
    // SAFETY: the structure is what the operation asks for.
    unsafe {
        call2(
            abi::__HYPERVISOR_sched_op,
            u64::from(abi::SCHEDOP_shutdown),
            pointer(&mut arg),
        )
    }
}

/// SCHEDOP_poll on no port: sleeps until `deadline`, in ns of Xen's system time, or until some event. Works with
/// interrupts off and leaves every event as it is.
pub fn sleep_until(deadline: u64) {
    let mut arg = abi::sched_poll {
        timeout: deadline,
        ..Default::default()
    };
    // SAFETY: the structure is what the operation asks for. Where it is refused, the caller looks again at once.
    let _ = unsafe {
        call2(
            abi::__HYPERVISOR_sched_op,
            u64::from(abi::SCHEDOP_poll),
            pointer(&mut arg),
        )
    };
}

/// SCHEDOP_watchdog: sets watchdog `id`, or a new one where that is 0, to go off in `seconds`. The number of a new one.
pub fn watchdog(id: u32, seconds: u32) -> Result<u32, XenError> {
    let mut arg = abi::sched_watchdog {
        id,
        timeout: seconds,
    };
    // SAFETY: the structure is what the operation asks for.
    let result = unsafe {
        call2(
            abi::__HYPERVISOR_sched_op,
            u64::from(abi::SCHEDOP_watchdog),
            pointer(&mut arg),
        )?
    };
    Ok(result as u32)
}

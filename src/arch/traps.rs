// SPDX-License-Identifier: ISC
//! Processor exceptions: named, with registers, as the domain's last words.
//!
//! Interface: Intel SDM vol. 3, chapter 6.

use super::descriptors;
use crate::mm::{heap_range, layout};
use crate::solo5::fault;
use crate::xen::crash;
use crate::xen::line::Line;
use x86_64::registers::control::Cr2;

/// What `gates.s` saves, in its order, then what the processor pushes.
#[repr(C)]
pub struct TrapFrame {
    /// General registers in the order rax, rbx, rcx, rdx, rsi, rdi, rbp, r8 to r15.
    pub registers: [u64; 15],
    /// Which exception.
    pub vector: u64,
    /// The processor's error code, 0 for exceptions that have none.
    pub error_code: u64,
    /// Where it happened.
    pub rip: u64,
    /// Code segment.
    pub cs: u64,
    /// Flags.
    pub rflags: u64,
    /// Stack pointer.
    pub rsp: u64,
    /// Stack segment.
    pub ss: u64,
}

const GENERAL_PROTECTION: u64 = 13;
const PAGE_FAULT: u64 = 14;

const NAMES: [&str; 22] = [
    "divide error",
    "debug",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "no FPU",
    "double fault",
    "coprocessor overrun",
    "invalid TSS",
    "segment not present",
    "stack fault",
    "general protection fault",
    "page fault",
    "reserved exception",
    "x87 FPU error",
    "alignment check",
    "machine check",
    "SIMD FPU error",
    "virtualisation exception",
    "control protection exception",
];

#[unsafe(no_mangle)]
extern "C" fn trap(frame: &mut TrapFrame) {
    let address = Cr2::read_raw();
    descriptors::keep_stack_of(core::ptr::from_ref(frame) as u64);
    if matches!(frame.vector, GENERAL_PROTECTION | PAGE_FAULT) && fault::hand_over(frame, address) {
        descriptors::give_stack_back();
        return;
    }
    report(frame, address)
}

fn report(frame: &TrapFrame, address: u64) -> ! {
    let name = NAMES
        .get(frame.vector as usize)
        .copied()
        .unwrap_or("exception");
    let mut line = Line::new();
    line.text("Solo5: trap: ")
        .text(name)
        .text(" at rip=")
        .hex(frame.rip);
    if frame.vector == PAGE_FAULT {
        line.text(access(frame.error_code))
            .hex(address)
            .text(", ")
            .text(place(address));
    } else {
        line.text(" error=").hex(frame.error_code);
    }
    crash::report(frame, &line)
}

fn access(error_code: u64) -> &'static str {
    // SDM vol. 3, figure 4-12: bit 1 write, bit 4 instruction fetch.
    match (error_code & 0x10 != 0, error_code & 2 != 0) {
        (true, _) => " executing ",
        (_, true) => " writing ",
        _ => " reading ",
    }
}

/// What lies at a faulting address.
fn place(address: u64) -> &'static str {
    let page = address & !(layout::PAGE - 1);
    let [boot, double_fault, nmi, upcall] = layout::guards();
    let stack_guard = heap_range::given().map(|given| given.stack.start - layout::PAGE);
    match page {
        0 => "page zero",
        _ if Some(page) == stack_guard => "guard page of the main stack: stack overflow",
        _ if page == boot => "guard page of the fault stack",
        _ if page == double_fault => "guard page of the double-fault stack",
        _ if page == nmi => "guard page of the NMI stack",
        _ if page == upcall => "guard page of the upcall stack",
        _ if layout::text().contains(&address) => "text",
        _ if layout::rodata().contains(&address) => "read-only data",
        _ if layout::data().contains(&address) => "data",
        _ if layout::names().contains(&address) => "names of functions",
        _ if heap_range::given().is_some_and(|given| given.heap.contains(&address)) => "heap",
        _ if heap_range::given().is_some_and(|given| given.stack.contains(&address)) => {
            "main stack"
        }
        _ if address < layout::image().start => "low memory",
        _ => "unmapped",
    }
}

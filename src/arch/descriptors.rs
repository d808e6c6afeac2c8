// SPDX-License-Identifier: ISC
//! Segments, the task state segment and the interrupt gates.
//!
//! Interface: Intel SDM vol. 3, chapters 3, 6 and 8. Every gate has a stack of its own through the IST: compiled code (Rust's
//! precompiled `core`, OCaml, C) keeps data below the stack pointer, which a handler on the same stack would overwrite, and a
//! fault on a guard page would have no stack to report on.

use super::per_cpu::{self, TaskState};
use crate::mm::layout;
use core::cell::UnsafeCell;
use core::ops::Range;
use spin::Once;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::{lidt, load_tss};
use x86_64::structures::DescriptorTablePointer;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::idt::{Entry, HandlerFunc};
use x86_64::structures::tss::TaskStateSegment;

/// The vector of the event-channel upcall, the first one past the processor's exceptions.
pub const UPCALL_VECTOR: u8 = 32;

/// Exceptions and the upcall; there is no other source of interrupts.
const GATES: usize = UPCALL_VECTOR as usize + 1;

const IST_FAULT: u16 = 0;
const IST_DOUBLE_FAULT: u16 = 1;
const IST_NMI: u16 = 2;
const IST_UPCALL: u16 = 3;

/// Bytes between the stubs in `gates.s`.
const STUB_SIZE: u64 = 16;

/// All processors use the same gates.
static IDT: Once<[Entry<HandlerFunc>; GATES]> = Once::new();

unsafe extern "C" {
    fn trap_stubs();
    fn upcall_gate();
}

/// Makes and loads the tables of this processor.
pub fn init() {
    let cpu = per_cpu::current();
    let tss = cpu.tss.call_once(|| {
        let mut tss = TaskStateSegment::new();
        tss.interrupt_stack_table[usize::from(IST_FAULT)] = VirtAddr::new(layout::boot_stack().end);
        tss.interrupt_stack_table[usize::from(IST_DOUBLE_FAULT)] =
            VirtAddr::new(layout::double_fault_stack().end);
        tss.interrupt_stack_table[usize::from(IST_NMI)] = VirtAddr::new(layout::nmi_stack().end);
        tss.interrupt_stack_table[usize::from(IST_UPCALL)] =
            VirtAddr::new(layout::upcall_stack().end);
        TaskState(UnsafeCell::new(tss))
    });
    // SAFETY: nothing changes it before the first exception.
    let tss = unsafe { &*tss.0.get() };
    let mut selectors = [SegmentSelector::NULL; 3];
    let gdt = cpu.gdt.call_once(|| {
        let mut gdt = GlobalDescriptorTable::empty();
        selectors = [
            gdt.append(Descriptor::kernel_code_segment()),
            gdt.append(Descriptor::kernel_data_segment()),
            gdt.append(Descriptor::tss_segment(tss)),
        ];
        gdt
    });
    gdt.load();
    let [code, data, task] = selectors;
    // SAFETY: the selectors name the flat segments and the TSS just built, which live for ever.
    unsafe {
        CS::set_reg(code);
        SS::set_reg(data);
        DS::set_reg(data);
        ES::set_reg(data);
        load_tss(task);
    }
    let idt = IDT.call_once(|| core::array::from_fn(gate));
    let pointer = DescriptorTablePointer {
        limit: (size_of_val(idt) - 1) as u16,
        base: VirtAddr::from_ptr(idt),
    };
    // SAFETY: the table is complete and lives for ever.
    unsafe { lidt(&pointer) }
}

/// At the start of an exception whose frame is at `frame`: lets the next one, a fault in its handler, run on another stack,
/// so that the frames of this one can still be read. A handler that leaves by longjmp does no harm: the next exception
/// then runs on the smaller of the two.
pub fn keep_stack_of(frame: u64) {
    set_fault_stack(if layout::double_fault_stack().contains(&frame) {
        layout::boot_stack()
    } else {
        layout::double_fault_stack()
    });
}

/// At the end of an exception whose context is continued.
pub fn give_stack_back() {
    set_fault_stack(layout::boot_stack());
}

fn set_fault_stack(next: Range<u64>) {
    if let Some(tss) = per_cpu::current().tss.get() {
        // SAFETY: an aligned field of this processor's own segment, which it reads at the next exception.
        unsafe {
            let stacks = &raw mut (*tss.0.get()).interrupt_stack_table;
            stacks
                .cast::<VirtAddr>()
                .add(usize::from(IST_FAULT))
                .write_unaligned(VirtAddr::new(next.end));
        }
    }
}

fn gate(vector: usize) -> Entry<HandlerFunc> {
    let (handler, stack) = match vector as u8 {
        UPCALL_VECTOR => (upcall_gate as *const () as u64, IST_UPCALL),
        2 | 18 => (stub(vector), IST_NMI),
        8 => (stub(vector), IST_DOUBLE_FAULT),
        _ => (stub(vector), IST_FAULT),
    };
    let mut entry = Entry::missing();
    // SAFETY: the handler is a gate of `gates.s` and its stack is one of the four in the TSS.
    unsafe {
        entry
            .set_handler_addr(VirtAddr::new(handler))
            .set_stack_index(stack);
    }
    entry
}

fn stub(vector: usize) -> u64 {
    trap_stubs as *const () as u64 + STUB_SIZE * vector as u64
}

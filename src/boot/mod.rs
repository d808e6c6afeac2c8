// SPDX-License-Identifier: ISC
//! The boot, from Xen's PVH entry, or a boot loader's multiboot one, to the application, as a list of named steps.
//!
//! Interface: `xen/include/public/arch-x86/hvm/start_info.h`. The assembly in `entry.s` has set up long mode,
//! an identity mapping of the first 4 GiB and the boot stack, and interrupts are off.

mod notes;
mod start;
mod steps;

pub use start::{BOOT_MAPPED, Start};

use crate::arch::{cpu, descriptors, paging};
use crate::mm::{heap_range, memory};
use crate::solo5::{app, entropy, options, tls};
use crate::xen::{console, events, hypercall, shared_info};
use steps::Steps;
use xen_proto::multiboot;

core::arch::global_asm!(
    include_str!("entry.s"),
    header_magic = const multiboot::HEADER_MAGIC,
    header_flags = const multiboot::HEADER_FLAGS,
    header_checksum = const multiboot::HEADER_CHECKSUM,
    options(att_syntax)
);

/// The Rust entry, on the boot stack. `start_info` is the physical address that was passed in `ebx`, by Xen or by a boot
/// loader, which leaves its magic number in `eax`.
#[unsafe(no_mangle)]
extern "C" fn boot_main(start_info: u64, loader: u32) -> ! {
    let mut steps = Steps::begin();
    steps.done("entry");
    descriptors::init();
    cpu::init();
    steps.done("processor");
    hypercall::init();
    steps.done("hypercall page");
    let mut start = start::read(start_info, loader);
    let mut memory = memory::init(&start);
    start.leave_low_memory(&mut memory);
    steps.done("memory map");
    paging::init(&memory);
    steps.done("page tables");
    entropy::init();
    steps.done("entropy");
    tls::init();
    steps.done("thread-local block");
    shared_info::init();
    steps.done("shared info");
    events::init();
    steps.done("events");
    console::init();
    steps.done("console");
    let settings = options::init(&start);
    let stack_top = heap_range::init(&mut memory, settings);
    entropy::log();
    steps.done("options, banner, heap");
    paging::verify();
    steps.done("protection");
    steps.log();
    // SAFETY: the stack was mapped by heap_range::init and is used by nobody else; the boot stack is left
    // for good, to the fault gates.
    unsafe { switch_stack(stack_top, app::run) }
}

unsafe extern "C" {
    /// Continues on another stack, forever.
    fn switch_stack(top: u64, entry: extern "C" fn() -> !) -> !;
}

// SPDX-License-Identifier: ISC
//! The linker script's and the entry assembly's symbols as address ranges; nothing else names them.

use crate::solo5::options::Settings;
use core::ops::Range;

/// Bytes of a page.
pub const PAGE: u64 = 4096;

/// The special pages that Xen's toolstack puts below 4 GiB: console, xenstore, and others it may use
/// (`xen/include/public/arch-x86/xen.h` leaves their place to the toolstack; `libxenguest` has used these eight
/// frames for every version that builds PVH domains).
pub const SPECIAL_PAGES: Range<u64> = 0xfeff_8000..0xff00_0000;

macro_rules! ranges {
    ($($(#[$doc:meta])* $name:ident = $start:ident .. $end:ident;)*) => {
        unsafe extern "C" { $(static $start: u8; static $end: u8;)* }
        $($(#[$doc])* pub fn $name() -> Range<u64> {
            &raw const $start as u64..&raw const $end as u64
        })*
    };
}

mod symbols {
    use super::Range;

    ranges! {
        /// Executable and read-only, the hypercall page included.
        text = _stext .. _etext;
        /// The thread-local data's initial image.
        boot_tls = _sboot_tls .. _eboot_tls;
        /// The boot stack, used by the fault gates after boot, and the page below it.
        boot_stack = boot_stack_guard .. boot_stack_top;
        /// The stack of the double-fault gate and the page below it.
        double_fault_stack = double_fault_stack_guard .. double_fault_stack_top;
        /// The stack of the NMI and machine-check gates and the page below it.
        nmi_stack = nmi_stack_guard .. nmi_stack_top;
        /// The stack of the upcall's gate and the page below it.
        upcall_stack = upcall_stack_guard .. upcall_stack_top;
        /// Call frame information of all code.
        frame_tables = _seh_frame .. _eeh_frame;
    }
}

pub use symbols::{
    boot_stack, boot_tls, double_fault_stack, frame_tables, nmi_stack, text, upcall_stack,
};

unsafe extern "C" {
    static _erodata: u8;
    static _end: u8;
    static _stdata: u8;
    static _ltdata: u8;
    static _etbss: u8;
    static _tls_align: u8;
    static solo5__xen_HYPERVISOR_SHARED_INFO: u8;
}

/// Read-only data.
pub fn rodata() -> Range<u64> {
    text().end..&raw const _erodata as u64
}

/// Everything writable in the image.
pub fn data() -> Range<u64> {
    rodata().end..&raw const _end as u64
}

/// Where `tools/xen-symbols` put the names of functions: it patches this into the linked image, whose last segment they
/// then are. The magic is there for whoever reads a dump.
#[repr(C)]
struct NamesAt {
    magic: [u8; 8],
    address: u64,
    size: u64,
}

#[used]
#[unsafe(export_name = "solo5__xen_names")]
static NAMES_AT: NamesAt = NamesAt {
    magic: *b"XENNAMES",
    address: 0,
    size: 0,
};

/// The names of functions, behind everything else in the image; empty where the image was linked without them.
pub fn names() -> Range<u64> {
    // SAFETY: a static. The compiler must not think that it knows what is in it.
    let at = unsafe { core::ptr::read_volatile(&raw const NAMES_AT) };
    let end = data().end;
    if at.address == end && at.size != 0 {
        end..(end + at.size).next_multiple_of(PAGE)
    } else {
        end..end
    }
}

/// The whole image.
pub fn image() -> Range<u64> {
    text().start..names().end
}

/// The page at which shared_info is mapped. Its frame in the image stays unused.
pub fn shared_info() -> u64 {
    &raw const solo5__xen_HYPERVISOR_SHARED_INFO as u64
}

/// The pages that are left unmapped below each gate's stack.
pub fn guards() -> [u64; 4] {
    [
        boot_stack().start,
        double_fault_stack().start,
        nmi_stack().start,
        upcall_stack().start,
    ]
}

/// The initial image of thread-local data, in bytes.
pub fn tls_image() -> &'static [u8] {
    // SAFETY: the linker script defines both: the bytes lie in read-only data.
    unsafe { core::slice::from_raw_parts(&raw const _stdata, &raw const _ltdata as usize) }
}

/// Bytes of a thread's data below its thread pointer, and their alignment (x86-64 ELF TLS, variant II).
pub fn tls_size_and_align() -> (usize, usize) {
    let align = &raw const _tls_align as usize;
    (
        (&raw const _etbss as usize - &raw const _stdata as usize).next_multiple_of(align),
        align,
    )
}

/// What device code, where it is linked, does before the heap is given out: takes what it needs off its start.
pub type DeviceHook = fn(Range<u64>, &Settings) -> Range<u64>;

unsafe extern "C" {
    static _sdevice_hooks: u8;
    static _edevice_hooks: u8;
    static _smanifest: u8;
    static _emanifest: u8;
}

/// The hooks of the device code that is linked: none or one.
pub fn device_hooks() -> &'static [DeviceHook] {
    let (start, end) = (&raw const _sdevice_hooks, &raw const _edevice_hooks);
    let count = (end as usize - start as usize) / size_of::<DeviceHook>();
    // SAFETY: the linker script puts `DeviceHook` values there, in read-only data, and nothing else.
    unsafe { core::slice::from_raw_parts(start.cast(), count) }
}

/// The program's manifest; nothing when it has none.
pub fn manifest() -> &'static [u8] {
    let (start, end) = (&raw const _smanifest, &raw const _emanifest);
    // SAFETY: the linker script defines both. Nobody writes there.
    unsafe { core::slice::from_raw_parts(start, end as usize - start as usize) }
}

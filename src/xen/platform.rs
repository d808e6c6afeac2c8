// SPDX-License-Identifier: ISC
//! What the bindings stand on: Solo5's clock, libc's memory, and those private functions of the core
//! that another Solo5 does not have.
//!
//! The latter are referred to weakly and are absent where the core is not ours.

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use xen_proto::evtchn::EventPage;

/// Bytes of a page.
pub const PAGE: usize = 4096;

/// What the core calls instead of the 2-level bits once the bindings have switched to FIFO events.
#[repr(C)]
pub struct EventOps {
    /// Moves all events into the bindings' marks, so that the next one raises the upcall again.
    pub demux: extern "C" fn(),
    /// Keeps a port from raising the upcall.
    pub mask: extern "C" fn(u32),
    /// Lets a port raise the upcall.
    pub unmask: extern "C" fn(u32),
}

/// The core's private functions, each null where the core is not ours.
#[repr(C)]
struct CoreFunctions {
    sleep: Option<extern "C" fn(u64)>,
    event_options: Option<extern "C" fn(*mut u32) -> i32>,
    set_event_ops: Option<extern "C" fn(&'static EventOps)>,
    reboot: Option<extern "C" fn() -> !>,
    protect_window: Option<extern "C" fn(u64, usize, i32) -> i32>,
}

core::arch::global_asm!(
    ".weak solo5__xen_sleep, solo5__xen_event_options, solo5__xen_set_event_ops, solo5__xen_reboot",
    ".weak solo5__xen_protect_gntmap",
    ".section .rodata.mxen_core, \"a\", @progbits",
    ".balign 8",
    "mxen_core:",
    ".quad solo5__xen_sleep, solo5__xen_event_options, solo5__xen_set_event_ops, solo5__xen_reboot",
    ".quad solo5__xen_protect_gntmap",
    ".text",
);

unsafe extern "C" {
    static mxen_core: CoreFunctions;
    fn solo5_clock_monotonic() -> u64;
    fn solo5_console_write(text: *const u8, size: usize);
    fn solo5__xen_get_gntmap_area(address: *mut u64, size: *mut usize);
    fn posix_memalign(block: *mut *mut c_void, align: usize, size: usize) -> i32;
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// One of the core's private functions; `None` where the core is not ours.
macro_rules! core_function {
    ($name:ident) => {
        // SAFETY: the table is constant, in read-only data.
        unsafe { mxen_core.$name }
    };
}

/// Nanoseconds since an arbitrary start; never goes back.
pub fn now() -> u64 {
    // SAFETY: no precondition.
    unsafe { solo5_clock_monotonic() }
}

/// Writes text to the console, as it is.
pub fn print(text: &[u8]) {
    // SAFETY: a readable buffer of the size given.
    unsafe { solo5_console_write(text.as_ptr(), text.len()) }
}

/// Sleeps until some event is pending or `deadline`, in ns, has come; `u64::MAX` for no deadline. May return early.
pub fn sleep(deadline: u64) {
    match core_function!(sleep) {
        Some(sleep) => sleep(deadline),
        None => sleep_on_another_solo5(deadline),
    }
}

/// Over upstream's core, whose interrupts are on while the application runs and whose monotonic clock is Xen's system
/// time. The flag is looked at with interrupts off, and `sti` holds them off until `hlt` has begun: an event in between
/// ends the halt.
fn sleep_on_another_solo5(deadline: u64) {
    // SAFETY: its gates preserve all registers.
    unsafe { core::arch::asm!("cli", options(nostack)) }
    let pending = super::shared_info::vcpu()
        .upcall_pending
        .load(Ordering::SeqCst)
        != 0;
    let timer = deadline == u64::MAX || super::hypercall::set_timer(deadline).is_ok();
    // SAFETY: as above.
    unsafe {
        if pending || !timer {
            core::arch::asm!("sti", options(nostack));
        } else {
            core::arch::asm!("sti", "hlt", options(nostack));
        }
    }
}

/// The port of the core's timer, and whether the command line forces 2-level events; the port is `None` where the core
/// does not say.
pub fn event_options() -> (Option<u32>, bool) {
    let mut port = 0;
    match core_function!(event_options) {
        Some(options) => {
            let two_level = options(&mut port) != 0;
            (Some(port), two_level)
        }
        None => (None, true),
    }
}

/// Has the core call `ops` where it looked at the 2-level bits.
pub fn set_event_ops(ops: &'static EventOps) {
    if let Some(set) = core_function!(set_event_ops) {
        set(ops);
    }
}

/// Ends the domain as "reboot" where the core can.
pub fn reboot() {
    if let Some(reboot) = core_function!(reboot) {
        reboot();
    }
}

/// The guest-physical window for foreign pages: its address and its size in bytes, 0 when there is none.
pub fn window() -> (u64, usize) {
    let (mut address, mut size) = (0, 0);
    // SAFETY: writes the two variables.
    unsafe { solo5__xen_get_gntmap_area(&mut address, &mut size) }
    (address, size)
}

/// Makes pages in the window read-only, or writable again; false when the core cannot. Another core is not asked: there,
/// Xen drops what is written.
pub fn protect_window(address: u64, pages: usize, writable: bool) -> bool {
    core_function!(protect_window)
        .is_none_or(|protect| protect(address, pages * PAGE, i32::from(writable)) == 0)
}

/// Types that any bytes are a value of, zeros too, and that are changed only through shared references.
///
/// # Safety
/// Promises just that.
pub unsafe trait Plain {}

// SAFETY: atomic integers throughout.
unsafe impl Plain for EventPage {}
// SAFETY: as above.
unsafe impl<const N: usize> Plain for [AtomicU64; N] {}

/// A zeroed value in page-aligned memory from libc's heap, never given back; `None` when there is none.
pub fn for_ever<T: Plain>() -> Option<&'static T> {
    const { assert!(align_of::<T>() <= PAGE) };
    let mut block = null_mut();
    // SAFETY: `block` takes the result.
    let failed = unsafe { posix_memalign(&mut block, PAGE, size_of::<T>()) } != 0;
    if failed || block.is_null() {
        return None;
    }
    let value = block.cast::<T>();
    // SAFETY: the block is ours alone, large enough and aligned; zeros are a value of the type.
    unsafe {
        value.write_bytes(0, 1);
        Some(&*value)
    }
}

/// So many zeroed pages, one after the other, from libc's heap, never given back: their address. `None` when there are none.
pub fn pages(count: usize) -> Option<usize> {
    let mut block = null_mut();
    let bytes = count.checked_mul(PAGE)?;
    // SAFETY: `block` takes the result.
    let failed = unsafe { posix_memalign(&mut block, PAGE, bytes) } != 0;
    if failed || block.is_null() {
        return None;
    }
    // SAFETY: the block is ours alone and has that many bytes.
    unsafe { block.cast::<u8>().write_bytes(0, bytes) }
    Some(block as usize)
}

/// A page of this domain's memory, freed when dropped.
pub struct PageBlock(&'static [AtomicU8; PAGE]);

// SAFETY: as for the other atomics.
unsafe impl Plain for [AtomicU8; PAGE] {}

impl PageBlock {
    /// A zeroed page; `None` when there is no memory.
    pub fn zeroed() -> Option<Self> {
        for_ever().map(PageBlock)
    }

    /// Where it is.
    pub fn address(&self) -> usize {
        self.0.as_ptr() as usize
    }

    /// Its bytes, which a peer may change.
    pub fn bytes(&self) -> &[AtomicU8] {
        self.0
    }
}

impl Drop for PageBlock {
    fn drop(&mut self) {
        // SAFETY: `for_ever` had the block from libc, and nobody else knows of it.
        unsafe { free(self.0.as_ptr().cast_mut().cast()) }
    }
}

/// `size` bytes of libc's heap, aligned to 16; null when there are none.
pub fn allocate(size: usize) -> *mut c_void {
    // SAFETY: no precondition.
    unsafe { malloc(size) }
}

/// Gives a block of [`allocate`] back.
///
/// # Safety
/// Nobody uses it any more.
pub unsafe fn release(block: *mut c_void) {
    // SAFETY: as above.
    unsafe { free(block) }
}

/// How many elements a [`Scratch`] has room for without asking libc.
pub const FEW: usize = 16;

/// An array for the time of a call, of `T::default()` at first.
pub struct Scratch<T> {
    few: [MaybeUninit<T>; FEW],
    many: *mut T,
    len: usize,
}

impl<T: Copy + Default> Scratch<T> {
    /// An array of `len` elements; `None` when there is no memory for it.
    pub fn new(len: usize) -> Option<Self> {
        let mut many = null_mut();
        if len > FEW {
            let size = len.checked_mul(size_of::<T>())?;
            const { assert!(align_of::<T>() <= 16) };
            // SAFETY: no precondition. libc aligns to 16 bytes.
            many = unsafe { malloc(size) }.cast::<T>();
            if many.is_null() {
                return None;
            }
        }
        let mut scratch = Scratch {
            few: [const { MaybeUninit::uninit() }; FEW],
            many,
            len,
        };
        let start = scratch.start();
        for index in 0..len {
            // SAFETY: within the array.
            unsafe { start.add(index).write(T::default()) }
        }
        Some(scratch)
    }
}

impl<T> Scratch<T> {
    fn start(&mut self) -> *mut T {
        if self.many.is_null() {
            self.few.as_mut_ptr().cast()
        } else {
            self.many
        }
    }
}

impl<T> Deref for Scratch<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let start = if self.many.is_null() {
            self.few.as_ptr().cast()
        } else {
            self.many.cast_const()
        };
        // SAFETY: `new` initialised `len` elements.
        unsafe { core::slice::from_raw_parts(start, self.len) }
    }
}

impl<T> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let (start, len) = (self.start(), self.len);
        // SAFETY: as above, and borrowed mutably.
        unsafe { core::slice::from_raw_parts_mut(start, len) }
    }
}

impl<T> Drop for Scratch<T> {
    fn drop(&mut self) {
        // SAFETY: libc's block or null.
        unsafe { free(self.many.cast()) }
    }
}

// SPDX-License-Identifier: ISC
//! What happens before C runs: `_nolibc_init`, called by mirage-xen's start with the heap. Over our own
//! Solo5 part it finds the RAM outside of that as well (`solo5__xen_get_memory`, looked for weakly).

use super::weak::weak;
use super::{heap, malloc};
use core::arch::asm;

/// Reserved for the stack when it lies at the end of the heap that is handed over, as in upstream.
const STACK: usize = 1 << 20;

/// Gives libc its heap. If the current stack lies inside of it, the heap ends 1 MiB below its end,
/// or an eighth below where that is less.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn _nolibc_init(heap_start: usize, heap_size: usize) {
    super::memory::choose();
    let ours = memory_getter().is_some();
    let (canary, stack) = (canary(ours), stack_pointer());
    malloc::set_secret(core_secret().unwrap_or((canary as u64).rotate_left(24)));
    let mut size = heap_size;
    if (heap_start..heap_start.saturating_add(heap_size)).contains(&stack) {
        size -= STACK.min(heap_size / 8);
    }
    heap::add(heap_start, size);
    if !ours {
        // SAFETY: the callers, mirage-xen's start and Solo5's, read no canary at %fs:0x28: it was not there.
        unsafe { super::tls::init(canary) }
    }
    super::unistd::set_stack(heap_start + size, stack.next_multiple_of(4096));
    add_extra();
    super::crash::register();
}

/// The stack protector's canary: our own Solo5 part has put it into the thread-local block, too.
fn canary(ours: bool) -> usize {
    let canary: usize;
    // SAFETY: reads the block that our own start has filled in, or else the variable of the weak symbol, 0 without one.
    unsafe {
        if ours {
            asm!("mov {}, fs:[0x28]", out(reg) canary, options(nostack, readonly, preserves_flags));
            return canary;
        }
        match weak!("__stack_chk_guard") {
            0 => 0,
            guard => core::ptr::with_exposed_provenance::<usize>(guard).read(),
        }
    }
}

fn stack_pointer() -> usize {
    let stack: usize;
    // SAFETY: reads a register.
    unsafe {
        asm!("mov {}, rsp", out(reg) stack, options(nomem, nostack, preserves_flags));
    }
    stack
}

/// Our own Solo5 part's secret word for the heap; another one has only the canary.
fn core_secret() -> Option<u64> {
    // SAFETY: the symbol's documented type.
    let get = unsafe { weak!("solo5__xen_heap_secret" as extern "C" fn() -> u64) };
    get.map(|get| get())
}

/// Gives the memory's range of an index; 0 after the last.
type GetMemory = unsafe extern "C" fn(usize, *mut usize, *mut usize) -> i32;

/// `solo5__xen_get_memory`, which only our own Solo5 part has.
fn memory_getter() -> Option<GetMemory> {
    // SAFETY: the symbol's documented type.
    unsafe { weak!("solo5__xen_get_memory" as GetMemory) }
}

/// Adds the ranges that Solo5's part knows of besides the heap it passed.
fn add_extra() {
    let Some(get) = memory_getter() else {
        return;
    };
    let (mut start, mut size) = (0, 0);
    for index in 0.. {
        // SAFETY: both are writable.
        let more = unsafe { get(index, &raw mut start, &raw mut size) } != 0;
        if !more || !heap::add(start, size) {
            return;
        }
    }
}

/// Adds memory to the heap later, not necessarily next to what it has. 0, or -1 if there are too
/// many separate pieces.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn _nolibc_add_heap(start: usize, size: usize) -> i32 {
    if heap::add(start, size) { 0 } else { -1 }
}

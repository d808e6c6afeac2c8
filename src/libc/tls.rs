// SPDX-License-Identifier: ISC
//! The program's thread-local block over another Solo5 part, which leaves the FS base at 0. Our own has set it up, with the
//! canary, before the program starts.
//!
//! Interface: `solo5.h` (the three `solo5_tls_*` functions came with Solo5 0.7); the x86-64 ELF TLS ABI, variant II: the
//! thread pointer points at a word with its own address. The word at 0x28 from it is the stack canary that an ordinary
//! Linux gcc compiles in.

use super::malloc::calloc;
use super::platform::Cell;
use core::arch::asm;

/// Bytes from the thread pointer on that compiled code may look at; Solo5's own block has 8.
const CONTROL_BLOCK: usize = 128;
const CANARY: usize = 0x28;

/// The block of a Solo5 part that knows of no thread-local data.
static BARE: Cell<[usize; CONTROL_BLOCK / 8]> = Cell::new([0; CONTROL_BLOCK / 8]);

/// Gives the program its block. The heap has to be there.
///
/// # Safety
/// Nothing that reads a canary at its start may return after this, and nobody uses another block.
pub unsafe fn init(canary: usize) {
    let (set_base, size, pointer_of, fill): (usize, usize, usize, usize);
    // SAFETY: reads the addresses of weak symbols; 0 if nobody defines them.
    unsafe {
        asm!(
            ".weak solo5_set_tls_base, solo5_tls_size, solo5_tls_tp_offset, solo5_tls_init",
            "mov {}, qword ptr [rip + solo5_set_tls_base@GOTPCREL]",
            "mov {}, qword ptr [rip + solo5_tls_size@GOTPCREL]",
            "mov {}, qword ptr [rip + solo5_tls_tp_offset@GOTPCREL]",
            "mov {}, qword ptr [rip + solo5_tls_init@GOTPCREL]",
            out(reg) set_base,
            out(reg) size,
            out(reg) pointer_of,
            out(reg) fill,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    if set_base == 0 {
        return;
    }
    let pointer = if size == 0 || pointer_of == 0 || fill == 0 {
        BARE.as_ptr().addr()
    } else {
        // SAFETY: solo5.h's types; the block is of the size asked for, and more.
        unsafe {
            let size: extern "C" fn() -> usize = core::mem::transmute(size);
            let pointer_of: extern "C" fn(usize) -> usize = core::mem::transmute(pointer_of);
            let fill: unsafe extern "C" fn(usize) -> i32 = core::mem::transmute(fill);
            let block = calloc(1, size() + CONTROL_BLOCK).addr();
            if block == 0 || fill(block) != 0 {
                super::platform::crash(&[super::platform::Part::Text(
                    "no memory for the thread-local block",
                )]);
            }
            pointer_of(block)
        }
    };
    let at = |offset: usize| core::ptr::with_exposed_provenance_mut::<usize>(pointer + offset);
    // SAFETY: the control block is this block's; solo5.h's type.
    unsafe {
        at(0).write(pointer);
        at(CANARY).write(canary);
        let set_base: unsafe extern "C" fn(usize) -> i32 = core::mem::transmute(set_base);
        set_base(pointer);
    }
}

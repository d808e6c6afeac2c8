// SPDX-License-Identifier: ISC
//! The program's thread-local block over another Solo5 part, which leaves the FS base at 0. Our own has set it up, with the
//! canary, before the program starts.
//!
//! Interface: `solo5.h` (the three `solo5_tls_*` functions came with Solo5 0.7); the x86-64 ELF TLS ABI, variant II: the
//! thread pointer points at a word with its own address. The word at 0x28 from it is the stack canary that an ordinary
//! Linux gcc compiles in.

use super::malloc::{calloc, free};
use super::platform::Cell;
use super::weak::weak;
use core::arch::asm;
use core::ptr::null_mut;

/// Bytes from the thread pointer on that compiled code may look at; Solo5's own block has 8.
const CONTROL_BLOCK: usize = 128;
const CANARY: usize = 0x28;

/// The block of a Solo5 part that knows of no thread-local data.
static BARE: Cell<[usize; CONTROL_BLOCK / 8]> = Cell::new([0; CONTROL_BLOCK / 8]);

/// The Solo5 part's functions, where it has them.
#[derive(Clone, Copy)]
struct Functions {
    set_base: unsafe extern "C" fn(usize) -> i32,
    blocks: Option<Blocks>,
}

/// Those of a part that knows of thread-local data.
#[derive(Clone, Copy)]
struct Blocks {
    size: extern "C" fn() -> usize,
    pointer_of: extern "C" fn(usize) -> usize,
    fill: unsafe extern "C" fn(usize) -> i32,
}

fn functions() -> Option<Functions> {
    // SAFETY: solo5.h's types.
    unsafe {
        let set_base = weak!("solo5_set_tls_base" as unsafe extern "C" fn(usize) -> i32)?;
        let size = weak!("solo5_tls_size" as extern "C" fn() -> usize);
        let pointer_of = weak!("solo5_tls_tp_offset" as extern "C" fn(usize) -> usize);
        let fill = weak!("solo5_tls_init" as unsafe extern "C" fn(usize) -> i32);
        let blocks = match (size, pointer_of, fill) {
            (Some(size), Some(pointer_of), Some(fill)) => Some(Blocks {
                size,
                pointer_of,
                fill,
            }),
            _ => None,
        };
        Some(Functions { set_base, blocks })
    }
}

fn at(address: usize) -> *mut usize {
    core::ptr::with_exposed_provenance_mut(address)
}

/// Gives the program its block. The heap has to be there.
///
/// # Safety
/// Nothing that reads a canary at its start may return after this, and nobody uses another block.
pub unsafe fn init(canary: usize) {
    let Some(functions) = functions() else {
        return;
    };
    let block = if functions.blocks.is_none() {
        Some(Block {
            pointer: BARE.as_ptr().addr(),
            memory: null_mut(),
        })
    } else {
        Block::filled(&functions, canary)
    };
    let Some(block) = block else {
        super::platform::crash(&[super::platform::Part::Text(
            "no memory for the thread-local block",
        )]);
    };
    // SAFETY: the control block is this block's; solo5.h's type.
    unsafe {
        at(block.pointer).write(block.pointer);
        at(block.pointer + CANARY).write(canary);
        (functions.set_base)(block.pointer);
    }
}

/// A thread's block.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pointer: usize,
    memory: *mut u8,
}

impl Block {
    pub(super) const NONE: Block = Block {
        pointer: 0,
        memory: null_mut(),
    };

    /// The running thread's, which is not libc's to free.
    pub(super) fn of_this_thread() -> Block {
        let mut block = Block::NONE;
        if functions().is_some() {
            // SAFETY: the start has set the FS base; its first word is its own address.
            unsafe {
                asm!("mov {}, fs:[0]", out(reg) block.pointer, options(nostack, readonly, preserves_flags));
            }
        }
        block
    }

    /// A new thread's, with the data's first values and the canary: None where memory ends. Over a Solo5 part that cannot
    /// switch blocks all threads have one.
    pub(super) fn new() -> Option<Block> {
        let Some(functions) = functions() else {
            return Some(Block::NONE);
        };
        let canary: usize;
        // SAFETY: the start has set the FS base; the word is the block's own.
        unsafe {
            asm!("mov {}, fs:[{}]", out(reg) canary, const CANARY, options(nostack, readonly, preserves_flags));
        }
        Block::filled(&functions, canary)
    }

    fn filled(functions: &Functions, canary: usize) -> Option<Block> {
        let size = functions.blocks.map_or(0, |blocks| (blocks.size)());
        let memory = calloc(1, size + CONTROL_BLOCK);
        if memory.is_null() {
            return None;
        }
        let pointer = match functions.blocks {
            // SAFETY: the block is of the size asked for, and more.
            Some(blocks) if unsafe { (blocks.fill)(memory.addr()) } == 0 => {
                (blocks.pointer_of)(memory.addr())
            }
            Some(_) => return None,
            None => memory.addr(),
        };
        // SAFETY: the control block is this block's.
        unsafe {
            at(pointer).write(pointer);
            at(pointer + CANARY).write(canary);
        }
        Some(Block { pointer, memory })
    }

    /// Makes it the running thread's.
    pub(super) fn use_it(&self) {
        if let Some(functions) = functions()
            && self.pointer != 0
        {
            // SAFETY: solo5.h's type; a filled block.
            unsafe { (functions.set_base)(self.pointer) };
        }
    }

    /// Gives it back. No thread uses it any more.
    pub(super) fn free(self) {
        // SAFETY: null, or `filled`'s memory.
        unsafe { free(self.memory) }
    }
}

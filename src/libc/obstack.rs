// SPDX-License-Identifier: ISC
//! obstack.h (GNU): stacks of objects that grow, as far as its macros call functions; GMP's printf does.
//!
//! Objects lie in chunks from the program's own allocator. Its macros read and move the pointers of
//! `struct obstack`; a chunk begins with its end and the chunk before it.

use super::platform::{Part, crash};
use super::stdio::printf::vasprintf;
use super::stdio::va_list::VaList;
use core::ffi::c_void;
use core::ptr::null_mut;

/// A chunk's header; objects follow.
#[repr(C)]
pub struct Chunk {
    limit: *mut u8,
    previous: *mut Chunk,
}

/// glibc's `struct obstack`.
#[repr(C)]
pub struct Obstack {
    chunk_size: usize,
    chunk: *mut Chunk,
    object: *mut u8,
    next: *mut u8,
    limit: *mut u8,
    temporary: isize,
    mask: i32,
    allocate: usize,
    release: usize,
    argument: *mut c_void,
    /// Bit 0: the functions take the argument. Bit 1: the chunk may hold an empty object. Bit 2:
    /// allocation failed.
    flags: u32,
}

const WITH_ARGUMENT: u32 = 1;
const MAYBE_EMPTY: u32 = 2;

impl Obstack {
    unsafe fn allocate(&self, size: usize) -> *mut Chunk {
        // SAFETY: the functions are of the kind that the flag says.
        let block: *mut Chunk = unsafe {
            if self.flags & WITH_ARGUMENT != 0 {
                let function: extern "C" fn(*mut c_void, usize) -> *mut Chunk =
                    core::mem::transmute(self.allocate);
                function(self.argument, size)
            } else {
                let function: extern "C" fn(usize) -> *mut Chunk =
                    core::mem::transmute(self.allocate);
                function(size)
            }
        };
        if block.is_null() {
            crash(&[Part::Text("obstack: memory exhausted")]);
        }
        block
    }

    unsafe fn release(&self, chunk: *mut Chunk) {
        // SAFETY: as above; nothing in the chunk is used any more.
        unsafe {
            if self.flags & WITH_ARGUMENT != 0 {
                let function: extern "C" fn(*mut c_void, *mut Chunk) =
                    core::mem::transmute(self.release);
                function(self.argument, chunk);
            } else {
                let function: extern "C" fn(*mut Chunk) = core::mem::transmute(self.release);
                function(chunk);
            }
        }
    }

    /// The first aligned place of a chunk.
    fn first(&self, chunk: *mut Chunk) -> *mut u8 {
        let start = chunk.wrapping_add(1).cast::<u8>();
        let mask = self.mask as usize;
        start.wrapping_add((start.addr().wrapping_neg()) & mask)
    }

    unsafe fn start(&mut self, size: usize, align: usize) -> i32 {
        self.mask = if align == 0 { 15 } else { align as i32 - 1 };
        // A page less what an allocator may need for itself, as GNU's default is.
        self.chunk_size = if size == 0 { 4096 - 32 } else { size };
        // SAFETY: the chunk has the size that was asked for.
        unsafe {
            let chunk = self.allocate(self.chunk_size);
            self.chunk = chunk;
            self.limit = chunk.cast::<u8>().add(self.chunk_size);
            *chunk = Chunk {
                limit: self.limit,
                previous: null_mut(),
            };
        }
        self.object = self.first(self.chunk);
        self.next = self.object;
        self.flags &= WITH_ARGUMENT;
        1
    }
}

/// GNU's `_obstack_begin`.
///
/// # Safety
/// GNU's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn _obstack_begin(
    stack: *mut Obstack,
    size: usize,
    align: usize,
    allocate: usize,
    release: usize,
) -> i32 {
    // SAFETY: GNU's contract.
    unsafe {
        (*stack).allocate = allocate;
        (*stack).release = release;
        (*stack).flags = 0;
        (*stack).start(size, align)
    }
}

/// GNU's `_obstack_begin_1`: the functions take an argument.
///
/// # Safety
/// GNU's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn _obstack_begin_1(
    stack: *mut Obstack,
    size: usize,
    align: usize,
    allocate: usize,
    release: usize,
    argument: *mut c_void,
) -> i32 {
    // SAFETY: GNU's contract.
    unsafe {
        (*stack).allocate = allocate;
        (*stack).release = release;
        (*stack).argument = argument;
        (*stack).flags = WITH_ARGUMENT;
        (*stack).start(size, align)
    }
}

/// GNU's `_obstack_newchunk`: moves the growing object to a chunk with room for `size` more bytes.
///
/// # Safety
/// GNU's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn _obstack_newchunk(stack: *mut Obstack, size: usize) {
    // SAFETY: GNU's contract: a stack that was begun.
    unsafe {
        let stack = &mut *stack;
        let used = stack.next.addr() - stack.object.addr();
        let Some(needed) = used
            .checked_add(size)
            .and_then(|n| n.checked_add(used / 8 + 100 + stack.mask as usize))
        else {
            crash(&[Part::Text("obstack: memory exhausted")]);
        };
        let old = stack.chunk;
        let new_size = needed.max(stack.chunk_size);
        let chunk = stack.allocate(new_size);
        stack.chunk = chunk;
        stack.limit = chunk.cast::<u8>().add(new_size);
        *chunk = Chunk {
            limit: stack.limit,
            previous: old,
        };
        let place = stack.first(chunk);
        super::memory::memcpy(place, stack.object, used);
        // The old chunk held nothing else: it can go.
        if stack.flags & MAYBE_EMPTY == 0 && stack.object == stack.first(old) {
            (*chunk).previous = (*old).previous;
            stack.release(old);
        }
        stack.object = place;
        stack.next = place.add(used);
        stack.flags &= !MAYBE_EMPTY;
    }
}

/// GNU's `obstack_free` and `_obstack_free`: releases an object and all that came after it; everything
/// for NULL.
///
/// # Safety
/// GNU's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn obstack_free(stack: *mut Obstack, object: *mut u8) {
    // SAFETY: GNU's contract: a stack that was begun, and an object in it.
    unsafe {
        let stack = &mut *stack;
        let holds =
            |chunk: *mut Chunk| (chunk.addr() + 1..=(*chunk).limit.addr()).contains(&object.addr());
        while !stack.chunk.is_null() && !holds(stack.chunk) {
            let previous = (*stack.chunk).previous;
            stack.release(stack.chunk);
            stack.chunk = previous;
            stack.flags |= MAYBE_EMPTY;
        }
        if !stack.chunk.is_null() {
            (stack.object, stack.next) = (object, object);
            stack.limit = (*stack.chunk).limit;
        } else if !object.is_null() {
            crash(&[Part::Text("obstack_free: not an object of the stack")]);
        }
    }
}

/// Another name of [`obstack_free`].
///
/// # Safety
/// GNU's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn _obstack_free(stack: *mut Obstack, object: *mut u8) {
    // SAFETY: GNU's contract.
    unsafe { obstack_free(stack, object) }
}

/// GNU's `obstack_vprintf`: appends to the growing object.
///
/// # Safety
/// GNU's contract.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn obstack_vprintf(
    stack: *mut Obstack,
    text: *const u8,
    list: *mut VaList,
) -> i32 {
    // SAFETY: GNU's contract.
    unsafe {
        let mut block = null_mut();
        let length = vasprintf(&raw mut block, text, list);
        if length < 0 {
            return -1;
        }
        if (*stack).limit.addr() - (*stack).next.addr() < length as usize {
            _obstack_newchunk(stack, length as usize);
        }
        super::memory::memcpy((*stack).next, block, length as usize);
        (*stack).next = (*stack).next.add(length as usize);
        super::malloc::free(block);
        length
    }
}

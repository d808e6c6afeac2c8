// SPDX-License-Identifier: ISC
//! The threads there are. One that ended keeps its place until it is joined; the place's next owner has another id, so that
//! an old id names nobody.

use super::super::malloc::{calloc, free, realloc};
use super::super::platform::Cell;
use super::super::pthread::keys::Values;
use super::super::signal;
use super::super::tls::Block;
use super::stack::Stack;
use core::ffi::c_void;
use core::ptr::null_mut;
use libc_core::schedule::Node;

/// Linux's limit of a thread's name, its zero included.
pub const NAME_SIZE: usize = 16;

/// A thread.
pub struct Thread {
    /// Its stack pointer while another one runs.
    pub(super) pointer: usize,
    pub(super) stack: Stack,
    pub(super) tls: Block,
    /// What the thread runs, with its argument; and what that returned.
    pub(super) function: Option<extern "C" fn(*mut c_void) -> *mut c_void>,
    pub(super) value: *mut c_void,
    pub(super) id: u64,
    pub(super) ended: bool,
    pub(super) detached: bool,
    /// The thread that joins it; 0 for none.
    pub(super) joiner: u64,
    /// The function in which it waits.
    pub(super) waits_in: &'static str,
    /// What each thread has of its own elsewhere in libc.
    pub(super) errno: i32,
    pub(super) signals: signal::Own,
    pub(super) values: *mut Values,
    /// Terminated.
    pub name: [u8; NAME_SIZE],
}

/// The first thread.
static FIRST: Cell<Thread> = Cell::new(Thread {
    pointer: 0,
    stack: Stack::foreign(0..0),
    tls: Block::NONE,
    function: None,
    value: null_mut(),
    id: 1,
    ended: false,
    detached: false,
    joiner: 0,
    waits_in: "",
    errno: 0,
    signals: signal::Own::NONE,
    values: null_mut(),
    name: *b"mirage\0\0\0\0\0\0\0\0\0\0",
});

/// A place for a thread: how many had it, and who has it now.
#[derive(Clone, Copy)]
pub(super) struct Place {
    generation: u32,
    pub(super) thread: *mut Thread,
}

/// The scheduler's nodes and the threads, place by place.
struct Table {
    nodes: *mut Node,
    places: *mut Place,
    count: usize,
}

static TABLE: Cell<Table> = Cell::new(Table {
    nodes: null_mut(),
    places: null_mut(),
    count: 0,
});

fn table() -> &'static mut Table {
    // SAFETY: the cell is valid, and no borrow outlives a function of this file.
    unsafe { &mut *TABLE.as_ptr() }
}

/// The scheduler's nodes. Not to be kept while a thread is made.
pub(super) fn nodes() -> &'static mut [Node] {
    let table = table();
    if table.count == 0 {
        return &mut [];
    }
    // SAFETY: as many as the table says.
    unsafe { core::slice::from_raw_parts_mut(table.nodes, table.count) }
}

/// All places.
pub(super) fn places() -> &'static mut [Place] {
    let table = table();
    if table.count == 0 {
        return &mut [];
    }
    // SAFETY: as many as the table says.
    unsafe { core::slice::from_raw_parts_mut(table.places, table.count) }
}

/// Makes twice as many places: false where memory ends.
fn grow() -> bool {
    let table = table();
    let count = (table.count * 2).max(8);
    // SAFETY: both are blocks of the heap, or null.
    unsafe {
        let nodes = realloc(table.nodes.cast(), count * size_of::<Node>()).cast::<Node>();
        if nodes.is_null() {
            return false;
        }
        table.nodes = nodes;
        let places = realloc(table.places.cast(), count * size_of::<Place>()).cast::<Place>();
        if places.is_null() {
            return false;
        }
        table.places = places;
        for new in table.count..count {
            nodes.add(new).write(Node::OUT);
            places.add(new).write(Place {
                generation: 0,
                thread: null_mut(),
            });
        }
    }
    table.count = count;
    true
}

/// Gives the first thread its place: false where memory ends.
pub(super) fn begin() -> bool {
    if table().count != 0 {
        return true;
    }
    if !grow() {
        return false;
    }
    places()[0].thread = FIRST.as_ptr();
    true
}

/// The number of a thread's place.
pub(super) fn index(id: u64) -> usize {
    id as u32 as usize - 1
}

/// Makes a thread with a place, of which nothing but the id is filled in: None where memory ends.
pub(super) fn add(thread: Thread) -> Option<&'static mut Thread> {
    let free_place = |places: &mut [Place]| places.iter().position(|p| p.thread.is_null());
    let place = match free_place(places()) {
        Some(place) => place,
        None if grow() => free_place(places())?,
        None => return None,
    };
    let new = calloc(1, size_of::<Thread>()).cast::<Thread>();
    if new.is_null() {
        return None;
    }
    let id = u64::from(places()[place].generation) << 32 | (place as u64 + 1);
    // SAFETY: a block of that size; malloc's alignment is enough.
    unsafe { new.write(Thread { id, ..thread }) };
    places()[place].thread = new;
    nodes()[place] = Node::OUT;
    // SAFETY: just written; it lives until `remove`.
    Some(unsafe { &mut *new })
}

/// Takes a thread out of the table. It has ended, and nobody runs on its stack.
pub(super) fn remove(thread: &'static mut Thread) {
    let place = &mut places()[index(thread.id)];
    place.thread = null_mut();
    place.generation = place.generation.wrapping_add(1);
    let block: *mut Thread = thread;
    if block != FIRST.as_ptr() {
        // SAFETY: `add`'s block, which nothing names any more.
        unsafe { free(block.cast()) };
    }
}

/// The thread in a place.
pub(super) fn at(place: usize) -> Option<&'static mut Thread> {
    // SAFETY: null or a thread, which lives until `remove`.
    unsafe { places().get(place)?.thread.as_mut() }
}

/// The thread with this id; there may be none any more.
pub fn find(id: u64) -> Option<&'static mut Thread> {
    if !begin() || id as u32 == 0 {
        return None;
    }
    at(index(id)).filter(|thread| thread.id == id)
}

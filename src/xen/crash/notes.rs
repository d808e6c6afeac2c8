// SPDX-License-Identifier: ISC
//! What the other parts of the program have to say in a crash report: libc about its heap, the bindings about OCaml's
//! exception. Each part registers a note that lives as long as the program; it refers to the function for that weakly.

use super::output;
use crate::xen::line::Line;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// `void say(const char *text, size_t size)`: one line of the report.
type Say = unsafe extern "C" fn(*const u8, usize);

/// `struct solo5__xen_crash_note`.
#[repr(C)]
pub struct Note {
    next: *mut Note,
    /// Says what there is to say, without allocating; null for nothing.
    write: Option<unsafe extern "C" fn(Say)>,
    /// What went wrong, where the part knows better than the core; null for nothing.
    cause: *const u8,
    /// Bytes of it.
    cause_size: usize,
}

static FIRST: AtomicPtr<Note> = AtomicPtr::new(null_mut());

/// Registers a note, which stays the caller's to change.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_on_crash(note: *mut Note) {
    // SAFETY: the caller's note, which lives for ever.
    unsafe { (*note).next = FIRST.load(Ordering::Relaxed) };
    FIRST.store(note, Ordering::Relaxed);
}

unsafe extern "C" fn say(text: *const u8, size: usize) {
    // SAFETY: the caller's text.
    let text = unsafe { core::slice::from_raw_parts(text, size) };
    output::line(Line::new().text("Solo5: ").printable(text));
}

fn each(mut visit: impl FnMut(&Note)) {
    let mut at = FIRST.load(Ordering::Relaxed);
    while !at.is_null() {
        // SAFETY: registered notes live for ever.
        let note = unsafe { &*at };
        visit(note);
        at = note.next;
    }
}

/// The causes that parts know of.
pub fn causes() {
    each(|note| {
        if !note.cause.is_null() {
            // SAFETY: text of the note's owner, of the size that it gives.
            let cause = unsafe { core::slice::from_raw_parts(note.cause, note.cause_size) };
            output::line(Line::new().text("Solo5: ").printable(cause));
        }
    });
}

/// What the parts say.
pub fn write() {
    each(|note| {
        if let Some(write) = note.write {
            // SAFETY: the owner's function, which calls `say` with text of its own.
            unsafe { write(say) }
        }
    });
}

// SPDX-License-Identifier: ISC
//! libc's part in a crash report, where the Solo5 part makes one (`solo5__xen_crash`, `solo5__xen_on_crash`, looked for
//! weakly): why it crashes, how full the heap is, and what the program last wrote to standard error.

use super::platform::Cell;
use super::weak::weak;
use super::{heap, malloc};
use core::ptr::{null, null_mut};

/// Bytes of standard error that are kept.
const KEPT: usize = 160;

/// The last bytes written to standard error, the latest at the end.
static LAST: Cell<([u8; KEPT], usize)> = Cell::new(([0; KEPT], 0));

/// Keeps the end of what is written to standard error.
pub fn keep(text: &[u8]) {
    // SAFETY: the cell is valid, and the borrow ends here.
    let (kept, used) = unsafe { &mut *LAST.as_ptr() };
    let text = &text[text.len().saturating_sub(KEPT)..];
    let old = (*used).min(KEPT - text.len());
    kept.copy_within(*used - old..*used, 0);
    kept[old..old + text.len()].copy_from_slice(text);
    *used = old + text.len();
}

/// `void say(const char *text, size_t size)`.
pub(super) type Say = unsafe extern "C" fn(*const u8, usize);

/// `struct solo5__xen_crash_note`.
#[repr(C)]
pub(super) struct Note {
    pub(super) next: *mut Note,
    pub(super) write: Option<unsafe extern "C" fn(Say)>,
    pub(super) cause: *const u8,
    pub(super) cause_size: usize,
}

static NOTE: Cell<Note> = Cell::new(Note {
    next: null_mut(),
    write: Some(write),
    cause: null(),
    cause_size: 0,
});

/// Tells the Solo5 part of libc's own note.
pub fn register() {
    add_note(&NOTE);
}

/// Tells the Solo5 part of a note.
pub(super) fn add_note(note: &'static Cell<Note>) {
    // SAFETY: the symbol's documented type; the note lives for ever.
    unsafe {
        if let Some(on_crash) = weak!("solo5__xen_on_crash" as unsafe extern "C" fn(*mut Note)) {
            on_crash(note.as_ptr());
        }
    }
}

/// Has the Solo5 part report a crash, if it can.
pub fn report(why: &[u8]) {
    // SAFETY: the symbol's documented type; the text is readable.
    unsafe {
        if let Some(crash) =
            weak!("solo5__xen_crash" as unsafe extern "C" fn(*const u8, usize) -> !)
        {
            crash(why.as_ptr(), why.len())
        }
    }
}

/// A line of the report.
pub(super) struct Text {
    bytes: [u8; 120],
    used: usize,
}

impl Text {
    pub(super) fn new() -> Text {
        Text {
            bytes: [0; 120],
            used: 0,
        }
    }

    pub(super) fn put(&mut self, text: &[u8]) -> &mut Self {
        for &byte in text {
            if let Some(slot) = self.bytes.get_mut(self.used) {
                *slot = byte;
                self.used += 1;
            }
        }
        self
    }

    /// A size in KiB, as a number.
    pub(super) fn kib(&mut self, size: usize) -> &mut Self {
        self.number(size / 1024)
    }

    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        for digit in (0..=number.checked_ilog10().unwrap_or(0)).rev() {
            self.put(&[b'0' + (number / 10usize.pow(digit) % 10) as u8]);
        }
        self
    }

    pub(super) fn hexadecimal(&mut self, number: usize) -> &mut Self {
        self.put(b"0x");
        for digit in (0..=number.checked_ilog2().unwrap_or(0) / 4).rev() {
            self.put(&[b"0123456789abcdef"[number >> (4 * digit) & 15]]);
        }
        self
    }

    /// Says it.
    ///
    /// # Safety
    /// The core's function, which takes readable bytes.
    pub(super) unsafe fn say(&self, say: Say) {
        // SAFETY: the caller's function; the text lives as long as the call.
        unsafe { say(self.bytes.as_ptr(), self.used) }
    }
}

unsafe extern "C" fn write(say: Say) {
    let mut line = Text::new();
    line.put(b"libc: of a heap of ")
        .kib(heap::total())
        .put(b" KiB, malloc has taken ")
        .kib(heap::handed_out())
        .put(b" KiB and given out ")
        .kib(malloc::malloc_memory_usage())
        .put(b" KiB");
    // SAFETY: the core's function.
    unsafe { line.say(say) };
    // SAFETY: the cell is valid; what was cut short by the crash is bytes, too.
    let (kept, used) = unsafe { &*LAST.as_ptr() };
    let Some(kept) = kept.get(..*used) else {
        return;
    };
    // Where the buffer is full, its first line has lost its start.
    let cut = usize::from(kept.len() == KEPT);
    for piece in kept.split(|&byte| byte == b'\n').skip(cut) {
        if !piece.is_empty() {
            line.used = 0;
            line.put(b"last on stderr: ").put(piece);
            // SAFETY: as above.
            unsafe { line.say(say) };
        }
    }
}

// SPDX-License-Identifier: ISC
//! The stream object. Its first 216 bytes are glibc's `struct _IO_FILE`, because its macros read them:
//! the flags, and the buffer pointers, which stay NULL so that inlined `getc_unlocked` and
//! `putc_unlocked` always call `__uflow` and `__overflow`.

use super::super::errno::{EBADF, EINVAL, ENOMEM, ESPIPE, fail, set_errno};
use super::super::memory::memcpy;
use super::super::platform::write;
use super::super::threads::wait;
use super::standard::flush_all;
use core::ptr::null_mut;
use libc_core::format::Sink;

/// End of file was met: glibc's `_IO_EOF_SEEN`.
pub(super) const AT_END: i32 = 0x10;
/// An operation failed: glibc's `_IO_ERR_SEEN`.
pub(super) const FAILED: i32 = 0x20;
/// C's `EOF`.
pub const EOF: i32 = -1;

/// When what is written to the console leaves the buffer: `setvbuf`'s modes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// When the buffer is full.
    Full,
    /// At the end of a line.
    Line,
    /// At the end of each call.
    Call,
}

/// What a stream reads and writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The console, for writing.
    Console,
    /// The console, for reading.
    Input,
    /// A buffer of the caller's or one that grows.
    Memory,
    /// Closed.
    Closed,
}

/// A stream.
#[repr(C)]
pub struct File {
    pub(super) flags: i32,
    glibc_pointers: [*mut u8; 13],
    pub(super) number: i32,
    glibc_rest: [u32; 25],
    // From here on it is ours.
    pub(super) kind: Kind,
    pub(super) mode: Mode,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) appends: bool,
    /// Memory of `fmemopen` or `open_memstream` that free()s with the stream.
    pub(super) owned: bool,
    /// Does the buffer grow (`open_memstream`)?
    pub(super) grows: bool,
    pub(super) buffer: *mut u8,
    pub(super) capacity: usize,
    /// Console: bytes waiting. Memory: bytes of content.
    pub(super) used: usize,
    /// Console: bytes up to the last newline. Memory: the position.
    pub(super) position: usize,
    /// Where `open_memstream`'s caller wants the address and the size.
    pub(super) told_address: *mut *mut u8,
    pub(super) told_size: *mut usize,
    /// Bytes pushed back, the last one first to be read again.
    pushed: [u8; 8],
    pushed_count: usize,
    /// The thread that has locked it, 0 for none, and how often besides.
    owner: u64,
    depth: u32,
}

const _: () = assert!(core::mem::offset_of!(File, number) == 112);
const _: () = assert!(core::mem::offset_of!(File, kind) == 216);

impl File {
    pub(super) const fn new(number: i32, kind: Kind, mode: Mode) -> File {
        File {
            // glibc's magic number, which some programs look for.
            flags: 0xfbad_0000_u32 as i32,
            glibc_pointers: [null_mut(); 13],
            number,
            glibc_rest: [0; 25],
            kind,
            mode,
            readable: matches!(kind, Kind::Input),
            writable: matches!(kind, Kind::Console),
            appends: false,
            owned: false,
            grows: false,
            buffer: null_mut(),
            capacity: 0,
            used: 0,
            position: 0,
            told_address: null_mut(),
            told_size: null_mut(),
            pushed: [0; 8],
            pushed_count: 0,
            owner: 0,
            depth: 0,
        }
    }

    /// Locks it for the running thread, if no other has.
    pub(super) fn try_lock(&mut self) -> bool {
        let me = wait::this();
        if self.owner == me {
            self.depth += 1;
        } else if self.owner != 0 {
            return false;
        }
        self.owner = me;
        true
    }

    /// Undoes one lock.
    pub(super) fn unlock(&mut self) {
        match self.depth.checked_sub(1) {
            Some(depth) => self.depth = depth,
            None => {
                self.owner = 0;
                wait::wake((&raw const *self).addr(), usize::MAX);
            }
        }
    }

    /// Takes bytes; false, with errno set, if it cannot.
    pub(super) fn put(&mut self, bytes: &[u8]) -> bool {
        if !self.writable {
            set_errno(EBADF);
            self.flags |= FAILED;
            return false;
        }
        let done = match self.kind {
            Kind::Console => {
                self.put_console(bytes);
                true
            }
            Kind::Memory => self.put_memory(bytes),
            Kind::Input | Kind::Closed => false,
        };
        if !done {
            self.flags |= FAILED;
        }
        done
    }

    fn put_console(&mut self, bytes: &[u8]) {
        if self.buffer.is_null() {
            write(self.number, bytes);
            return;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.used == self.capacity {
                self.flush();
            }
            if self.used == 0 && rest.len() >= self.capacity {
                write(self.number, rest);
                return;
            }
            let (now, later) = rest.split_at(rest.len().min(self.capacity - self.used));
            // SAFETY: the buffer has room for `now`, and the bytes are not in it.
            unsafe { memcpy(self.buffer.add(self.used), now.as_ptr(), now.len()) };
            if let Some(newline) = now.iter().rposition(|&b| b == b'\n') {
                self.position = self.used + newline + 1;
            }
            self.used += now.len();
            rest = later;
        }
    }

    /// Ends a call: what the mode says goes to the console.
    pub(super) fn finish(&mut self) {
        match (self.kind, self.mode) {
            (Kind::Console, Mode::Line) => self.flush_up_to(self.position),
            (Kind::Console, Mode::Call) => self.flush(),
            (Kind::Memory, _) => self.tell(),
            _ => {}
        }
    }

    /// Empties the buffer.
    pub(super) fn flush(&mut self) {
        match self.kind {
            Kind::Console => self.flush_up_to(self.used),
            Kind::Memory => self.tell(),
            _ => {}
        }
    }

    fn flush_up_to(&mut self, end: usize) {
        if end == 0 {
            return;
        }
        // SAFETY: the buffer holds `used` bytes, and `end` is no more.
        unsafe {
            write(self.number, core::slice::from_raw_parts(self.buffer, end));
            super::super::memory::memmove(self.buffer, self.buffer.add(end), self.used - end);
        }
        self.used -= end;
        self.position = 0;
    }

    /// Tells `open_memstream`'s caller where the text is, and terminates it.
    fn tell(&mut self) {
        if self.used < self.capacity {
            // SAFETY: within the buffer.
            unsafe { *self.buffer.add(self.used) = 0 };
        }
        if self.grows {
            // SAFETY: `open_memstream`'s contract: both are writable while the stream is open.
            unsafe {
                *self.told_address = self.buffer;
                *self.told_size = self.position.min(self.used);
            }
        }
    }

    fn put_memory(&mut self, bytes: &[u8]) -> bool {
        if self.appends {
            self.position = self.used;
        }
        let Some(end) = self.position.checked_add(bytes.len()) else {
            set_errno(ENOMEM);
            return false;
        };
        if self.grows && end >= self.capacity {
            let capacity = (end + 1).max(self.capacity.saturating_mul(2)).max(64);
            // SAFETY: the buffer is a block of the heap.
            let grown = unsafe { super::super::malloc::realloc(self.buffer, capacity) };
            if grown.is_null() {
                return false;
            }
            self.buffer = grown;
            self.capacity = capacity;
        }
        let room = self.capacity.saturating_sub(self.position);
        let now = &bytes[..bytes.len().min(room)];
        // SAFETY: between the old end and the position, and from there on, lies the buffer.
        unsafe {
            if self.position > self.used && self.position <= self.capacity {
                super::super::memory::memset(
                    self.buffer.add(self.used),
                    0,
                    self.position - self.used,
                );
            }
            memcpy(self.buffer.add(self.position), now.as_ptr(), now.len());
        }
        self.position += now.len();
        self.used = self.used.max(self.position);
        if now.len() < bytes.len() {
            set_errno(super::super::errno::ENOSPC);
        }
        now.len() == bytes.len()
    }

    /// The next byte, which stays in the stream.
    pub(super) fn peek(&mut self) -> Option<u8> {
        if self.pushed_count > 0 {
            return Some(self.pushed[self.pushed_count - 1]);
        }
        if !self.readable {
            set_errno(EBADF);
            self.flags |= FAILED;
            return None;
        }
        if self.kind == Kind::Memory && self.position < self.used {
            // SAFETY: below the content's end.
            return Some(unsafe { *self.buffer.add(self.position) });
        }
        if self.kind == Kind::Input && self.flags & AT_END == 0 {
            // Whoever is asked something sees the question first.
            flush_all();
            // Others may run while this thread waits, and are not to read here.
            self.try_lock();
            let mut byte = [0];
            let count = wait::console_read(&mut byte, "read of stdin");
            self.unlock();
            if count == 1 {
                self.pushed[0] = byte[0];
                self.pushed_count = 1;
                return Some(byte[0]);
            }
        }
        self.flags |= AT_END;
        None
    }

    /// Moves past the byte that `peek` gave.
    pub(super) fn skip(&mut self) {
        if self.pushed_count > 0 {
            self.pushed_count -= 1;
        } else {
            self.position += 1;
        }
    }

    /// Pushes a byte back.
    pub(super) fn push_back(&mut self, byte: u8) -> bool {
        if self.pushed_count == self.pushed.len() || !self.readable {
            return false;
        }
        self.pushed[self.pushed_count] = byte;
        self.pushed_count += 1;
        self.flags &= !AT_END;
        true
    }

    /// Where the stream stands.
    pub(super) fn tell_position(&self) -> i64 {
        if self.kind == Kind::Memory {
            return self.position as i64 - self.pushed_count as i64;
        }
        fail(ESPIPE).into()
    }

    /// Moves a memory stream: `whence` is SEEK_SET, SEEK_CUR or SEEK_END (0, 1, 2).
    pub(super) fn seek(&mut self, offset: i64, whence: i32) -> i32 {
        if self.kind != Kind::Memory {
            return fail(ESPIPE);
        }
        let base = match whence {
            0 => 0,
            1 => self.tell_position(),
            2 => self.used as i64,
            _ => return fail(EINVAL),
        };
        let most = if self.grows {
            i64::MAX / 2
        } else {
            self.capacity as i64
        };
        match base.checked_add(offset) {
            Some(position) if (0..=most).contains(&position) => {
                self.position = position as usize;
                self.pushed_count = 0;
                self.flags &= !AT_END;
                self.tell();
                0
            }
            _ => fail(EINVAL),
        }
    }
}

/// A stream as a sink of formatted text.
pub(super) struct FileSink<'a> {
    pub(super) file: &'a mut File,
    pub(super) failed: bool,
}

impl Sink for FileSink<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.failed |= !self.file.put(bytes);
    }
}

/// The object behind a C pointer.
///
/// # Safety
/// The pointer must be to an open stream, not borrowed elsewhere.
pub(super) unsafe fn file<'a>(stream: *mut File) -> &'a mut File {
    // SAFETY: the caller's contract.
    unsafe {
        let owner = (*stream).owner;
        if owner != 0 && owner != wait::this() {
            wait_for_owner(stream);
        }
        &mut *stream
    }
}

/// Waits until no other thread has locked the stream (`flockfile`).
///
/// # Safety
/// As for [`file()`].
#[cold]
pub(super) unsafe fn wait_for_owner(stream: *mut File) {
    // SAFETY: the caller's contract; no borrow is kept while others run.
    while ![0, wait::this()].contains(&unsafe { (*stream).owner }) {
        wait::wait(stream.addr(), wait::NEVER, "flockfile");
    }
}

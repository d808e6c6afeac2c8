// SPDX-License-Identifier: ISC
//! All that libc asks of the machine: Solo5's API (`solo5.h`), and cells for its own state.

use super::weak::weak;
use core::cell::UnsafeCell;

mod solo5 {
    unsafe extern "C" {
        pub fn solo5_console_write(text: *const u8, size: usize);
        pub fn solo5_exit(status: i32) -> !;
        pub fn solo5_abort() -> !;
        pub fn solo5_clock_monotonic() -> u64;
        pub fn solo5_clock_wall() -> u64;
        pub fn solo5_yield(deadline: u64, ready: *mut u64);
    }
}

/// Writes to the console.
pub fn console(text: &[u8]) {
    if !text.is_empty() {
        // SAFETY: a readable buffer of the size given.
        unsafe { solo5::solo5_console_write(text.as_ptr(), text.len()) }
    }
}

/// Writes to the console for a descriptor, 1 or 2.
pub fn write(descriptor: i32, text: &[u8]) {
    if descriptor == 2 {
        super::crash::keep(text);
    }
    console(text);
}

/// Ctrl-D, by which a terminal's user ends input.
const END_OF_INPUT: u8 = 4;

/// The functions of our own Solo5 part for the console's input.
struct Input {
    read: unsafe extern "C" fn(*mut u8, usize) -> usize,
    waiting: extern "C" fn() -> usize,
    wait: extern "C" fn(u64) -> usize,
}

/// They, unless another Solo5 part is below.
fn input() -> Option<Input> {
    // SAFETY: the symbols' documented types.
    unsafe {
        Some(Input {
            read: weak!(
                "solo5__xen_console_read" as unsafe extern "C" fn(*mut u8, usize) -> usize
            )?,
            waiting: weak!("solo5__xen_console_waiting" as extern "C" fn() -> usize)?,
            wait: weak!("solo5__xen_console_wait" as extern "C" fn(u64) -> usize)?,
        })
    }
}

/// Whether a read of the console would return at once: something was typed, or there is no input.
pub fn input_ready() -> bool {
    input().is_none_or(|input| (input.waiting)() != 0)
}

/// Waits until that is so, or for the monotonic clock to reach `deadline`: whether it is so.
pub fn wait_for_input(deadline: u64) -> bool {
    input().is_none_or(|input| (input.wait)(deadline) != 0)
}

/// Reads from the console, as from a terminal: waits until there is something and takes what there is, up to the end of a
/// line, for which CR counts, too. Ctrl-D ends it, and where it comes first, it is the end of input: 0 bytes. What is typed
/// is not echoed. Over another Solo5 part, which has no such function, input has ended.
pub fn console_read(to: &mut [u8]) -> usize {
    let Some(input) = input() else {
        return 0;
    };
    let mut count = 0;
    for slot in to {
        // SAFETY: one writable byte.
        let ended = (count != 0 && (input.waiting)() == 0) || unsafe { (input.read)(slot, 1) } == 0;
        if ended || *slot == END_OF_INPUT {
            break;
        }
        count += 1;
        if *slot == b'\r' {
            *slot = b'\n';
        }
        if *slot == b'\n' {
            break;
        }
    }
    count
}

/// The processor time that the program has used, in ns: our own Solo5 part knows what Xen gave the domain; over another one
/// it is the time since the monotonic clock's beginning.
pub fn run_time() -> u64 {
    // SAFETY: the symbol's documented type.
    match unsafe { weak!("solo5__xen_run_time" as extern "C" fn() -> u64) } {
        Some(run_time) => run_time(),
        None => monotonic(),
    }
}

/// Ends the domain with an exit status.
pub fn exit(status: i32) -> ! {
    // SAFETY: no precondition.
    unsafe { solo5::solo5_exit(status) }
}

/// Crashes the domain.
pub fn abort() -> ! {
    // SAFETY: no precondition.
    unsafe { solo5::solo5_abort() }
}

/// Crashes the domain, with a report where there is one, and says why in one line.
pub fn crash(parts: &[Part<'_>]) -> ! {
    let mut line = [0; 200];
    let mut used = 0;
    let mut push = |bytes: &[u8]| {
        for (to, from) in line[used..].iter_mut().zip(bytes) {
            *to = *from;
            used += 1;
        }
    };
    for part in parts {
        match part {
            Part::Text(text) => push(text.as_bytes()),
            Part::Bytes(bytes) => push(bytes),
            Part::Hex(value) => {
                push(b"0x");
                let digits = (64 - value.leading_zeros()).div_ceil(4).max(1);
                for digit in (0..digits).rev() {
                    push(&[b"0123456789abcdef"[(value >> (4 * digit) & 15) as usize]]);
                }
            }
            Part::Decimal(value) => {
                let digits = value.checked_ilog10().unwrap_or(0);
                for digit in (0..=digits).rev() {
                    push(&[b'0' + (value / 10u64.pow(digit) % 10) as u8]);
                }
            }
        }
    }
    super::crash::report(&line[..used]);
    // Over a Solo5 part that has no report.
    console(&line[..used]);
    console(b"\n");
    abort()
}

/// A piece of a crash line.
pub enum Part<'a> {
    /// Words.
    Text(&'a str),
    /// Words from C.
    Bytes(&'a [u8]),
    /// A number as 0x….
    Hex(u64),
    /// A number.
    Decimal(u64),
}

/// Nanoseconds since some start, never back.
pub fn monotonic() -> u64 {
    // SAFETY: no precondition.
    unsafe { solo5::solo5_clock_monotonic() }
}

/// Nanoseconds since 1970, UTC.
pub fn wall() -> u64 {
    // SAFETY: no precondition.
    unsafe { solo5::solo5_clock_wall() }
}

/// Sleeps until the monotonic clock reaches `deadline`; a device may wake it earlier.
pub fn sleep_until(deadline: u64) {
    while monotonic() < deadline {
        let mut ready = 0;
        // SAFETY: `ready` is writable.
        unsafe { solo5::solo5_yield(deadline, &raw mut ready) }
    }
}

/// A variable of libc's own: one processor runs it, and no interrupt handler enters libc.
#[repr(transparent)]
pub struct Cell<T>(UnsafeCell<T>);

// SAFETY: only one processor runs libc, and interrupts are taken only while the domain waits, in
// handlers that do not call libc.
unsafe impl<T> Sync for Cell<T> {}

impl<T> Cell<T> {
    /// A variable with its first value.
    pub const fn new(value: T) -> Self {
        Cell(UnsafeCell::new(value))
    }

    /// Where it lies, for C and for borrowing it for the length of one call.
    pub const fn as_ptr(&self) -> *mut T {
        self.0.get()
    }
}

impl<T: Copy> Cell<T> {
    /// Its value.
    pub fn get(&self) -> T {
        // SAFETY: valid for reads, and nothing writes at the same time (see `Sync`).
        unsafe { *self.0.get() }
    }

    /// Changes it.
    pub fn set(&self, value: T) {
        // SAFETY: valid for writes, and nothing else uses it at the same time (see `Sync`).
        unsafe { *self.0.get() = value }
    }
}

// SPDX-License-Identifier: ISC
//! A stand-in for Solo5's part: it keeps what is written, and its clock jumps to every deadline. The
//! surface has one thread's state, so tests that use it take turns.

use crate::ours;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, Once};

static TURN: Mutex<()> = Mutex::new(());
static WRITES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
static CLOCK: AtomicU64 = AtomicU64::new(1_000_000_007);

/// Bytes of heap that the surface has here.
pub const HEAP: usize = 256 << 20;
/// So many of them lie below the others as a region of their own, as what random places leave over does in a domain.
const BELOW: usize = 512 << 10;

/// Takes the turn; the first caller hands over the heap.
pub fn turn() -> MutexGuard<'static, ()> {
    static START: Once = Once::new();
    let turn = TURN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    START.call_once(|| {
        let block = Box::leak(vec![0x5a_u8; HEAP + 4096].into_boxed_slice());
        let start = block.as_ptr().expose_provenance().next_multiple_of(4096);
        ours::init::_nolibc_init(start + BELOW, HEAP - BELOW);
        assert!(ours::heap::add(start, BELOW));
    });
    turn
}

/// What was written to the console since the last call, write by write.
pub fn written() -> Vec<Vec<u8>> {
    std::mem::take(&mut WRITES.lock().unwrap())
}

/// A text for C.
pub fn c(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_console_write(text: *const u8, size: usize) {
    // SAFETY: Solo5's contract: a readable buffer of the size given.
    let text = unsafe { std::slice::from_raw_parts(text, size) };
    if std::env::var_os("LIBC_TEST_CRASH").is_some() {
        use std::io::Write;
        std::io::stderr().write_all(text).unwrap();
    }
    WRITES.lock().unwrap().push(text.to_vec());
}

#[unsafe(no_mangle)]
extern "C" fn solo5_exit(status: i32) -> ! {
    std::process::exit(status)
}

/// The status by which a crash is told from other ends.
pub const CRASHED: i32 = 77;

#[unsafe(no_mangle)]
extern "C" fn solo5_abort() -> ! {
    std::process::exit(CRASHED)
}

#[unsafe(no_mangle)]
extern "C" fn solo5_clock_monotonic() -> u64 {
    CLOCK.load(Ordering::Relaxed)
}

#[unsafe(no_mangle)]
extern "C" fn solo5_clock_wall() -> u64 {
    CLOCK.load(Ordering::Relaxed) + 1_700_000_000_000_000_000
}

#[unsafe(no_mangle)]
extern "C" fn solo5_yield(deadline: u64, _ready: *mut u64) {
    CLOCK.fetch_max(deadline, Ordering::Relaxed);
}

/// Two pages of which the second cannot be touched.
pub struct Guarded(*mut u8);

pub const PAGE: usize = 4096;

impl Guarded {
    pub fn new() -> Self {
        // SAFETY: a new mapping, of which the last page loses its rights.
        unsafe {
            let map = libc::mmap(
                std::ptr::null_mut(),
                2 * PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert_ne!(map, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(map.byte_add(PAGE), PAGE, libc::PROT_NONE), 0);
            Guarded(map.cast())
        }
    }

    /// The last `size` bytes before the guard.
    pub fn end(&mut self, size: usize) -> &mut [u8] {
        assert!(size <= PAGE);
        // SAFETY: within the first page.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(PAGE - size), size) }
    }

    /// A copy of `bytes` that ends at the guard.
    pub fn put(&mut self, bytes: &[u8]) -> *mut u8 {
        let place = self.end(bytes.len());
        place.copy_from_slice(bytes);
        place.as_mut_ptr()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the mapping is this object's.
        unsafe { libc::munmap(self.0.cast(), 2 * PAGE) };
    }
}

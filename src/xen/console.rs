// SPDX-License-Identifier: ISC
//! The paravirtual console: what the domain prints, what it logs about itself, and what is typed.
//!
//! Interface: `xen/include/public/io/console.h`; HVM_PARAM_CONSOLE_PFN and _EVTCHN in `hvm/params.h`.
//!
//! Output is in the ring at once, but the daemon looks only when an event tells it to: `xen_proto::console::pace` says
//! when one is sent.

use super::events::{self, Port};
use super::line::Line;
use super::{abi, crash, hypercall, time};
use crate::arch::paging;
use crate::mm::layout::{PAGE, SPECIAL_PAGES};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use spin::Mutex;
use xen_proto::console::pace::Pace;
use xen_proto::console::{Console, IN_SIZE, SharedPage};

/// A console daemon that has taken nothing for this long, in ns, is given up on: output is lost, the domain is not.
const PATIENCE: u64 = 5_000_000_000;

struct Ring {
    console: Console<'static>,
    port: Port,
    pace: Pace,
    /// The daemon was given up on, and has taken nothing since; then the port is not masked, so that its event wakes the
    /// domain up, and this says who else waits for it: see [`Port::give_back`].
    stalled: Option<bool>,
    /// Bytes of output lost that were not reported yet.
    lost: u64,
}

static RING: Mutex<Option<Ring>> = Mutex::new(None);

/// The ring again, for a crash, which cannot wait for whoever holds the lock.
static SHARED: AtomicPtr<SharedPage> = AtomicPtr::new(null_mut());
static SHARED_PORT: AtomicU32 = AtomicU32::new(0);

/// The ring and its port, where there is one, for whoever ends the domain: nothing else may write to it any more.
pub fn shared() -> Option<(&'static SharedPage, u32)> {
    // SAFETY: null, or the page that `init` found.
    let page = unsafe { SHARED.load(Ordering::Relaxed).as_ref() }?;
    Some((page, SHARED_PORT.load(Ordering::Relaxed)))
}

/// Whether [`flush`] has something to do; looked at without the lock, at each sleep and each look at the clock.
static PENDING: AtomicBool = AtomicBool::new(false);

/// Finds the ring, at boot and again after the domain was restored; without one (a domain may have none) output goes nowhere.
pub fn init() {
    let (gfn, port) = match (
        hypercall::get_param(abi::HVM_PARAM_CONSOLE_PFN),
        hypercall::get_param(abi::HVM_PARAM_CONSOLE_EVTCHN),
    ) {
        (Ok(gfn), Ok(port)) => (gfn, port as u32),
        (Err(error), _) | (_, Err(error)) => crash::hypercall("HVMOP_get_param(CONSOLE)", error),
    };
    if gfn == 0 {
        return;
    }
    let address = gfn.wrapping_mul(PAGE);
    if !SPECIAL_PAGES.contains(&address)
        && paging::current()
            .identity(address..address + PAGE, paging::WRITE)
            .is_err()
    {
        crash::early("page tables", "no frame left to map the console ring");
    }
    // SAFETY: the page is the console's for the domain's whole life, and a SharedPage is atomics throughout.
    let page = unsafe { &*(address as *const SharedPage) };
    SHARED_PORT.store(port, Ordering::Relaxed);
    SHARED.store(core::ptr::from_ref(page).cast_mut(), Ordering::Relaxed);
    *RING.lock() = Some(Ring {
        console: Console::new(page),
        port: Port(port),
        pace: Pace::new(),
        stalled: None,
        lost: 0,
    });
}

/// Does something with the ring where there is one.
fn with_ring<T>(f: impl FnOnce(&mut Ring) -> T) -> Option<T> {
    // The lock is taken when a fault interrupts a write; a crash report has a way of its own.
    let mut guard = RING.try_lock()?;
    let ring = guard.as_mut()?;
    let result = f(ring);
    PENDING.store(ring.has_more(), Ordering::Relaxed);
    Some(result)
}

/// Writes bytes, each LF as CR LF. Waits for room as long as the console daemon goes on reading.
pub fn write(bytes: &[u8]) {
    with_ring(|ring| {
        ring.write(bytes);
        if ring.pace.wrote(time::monotonic()) {
            ring.notify();
        }
    });
}

/// The same for what the core says before the application does: the daemon is told of both together.
pub fn log(bytes: &[u8]) {
    with_ring(|ring| {
        ring.write(bytes);
        ring.pace.wrote_more(time::monotonic());
    });
}

/// Tells the daemon of all output so far: for a domain that is about to sleep, or to do something else for long.
pub fn flush() {
    if PENDING.load(Ordering::Relaxed) {
        with_ring(|ring| {
            ring.report_loss();
            ring.flush();
        });
    }
}

/// The same for output that has waited for long at `now`, in ns of monotonic time.
pub fn flush_late(now: u64) {
    if PENDING.load(Ordering::Relaxed) {
        with_ring(|ring| {
            if ring.pace.is_late(now) {
                ring.notify();
            }
        });
    }
}

/// Waits until everything written has been read, as long as the daemon goes on reading: what is in the ring when a
/// domain ends may be lost.
pub fn drain() {
    flush();
    with_ring(|ring| {
        if ring.stalled.is_none() {
            ring.wait(time_to_give_up, |console| console.is_drained());
        }
    });
}

/// Waits for input and takes as much of it as there is and fits into `buffer`: how many bytes, 0 where there is no
/// console. Bytes are as typed: a terminal ends a line with CR.
pub fn read(buffer: &mut [u8]) -> usize {
    if buffer.is_empty() {
        return 0;
    }
    flush();
    with_ring(|ring| {
        while ring.console.waiting() == Some(0) {
            // The daemon may be back after a stall.
            ring.report_loss();
            ring.flush();
            let stalled = ring.stalled.is_some();
            ring.wait(
                || u64::MAX,
                |console| console.waiting() != Some(0) || stalled && console.free() != Some(0),
            );
        }
        // The daemon waits for room only when it found none.
        let was_full = ring.console.waiting() == Some(IN_SIZE);
        let taken = ring.console.pull(buffer);
        if was_full {
            ring.notify();
        }
        taken
    })
    .unwrap_or(0)
}

/// How many bytes of input wait to be read.
pub fn waiting() -> usize {
    with_ring(|ring| ring.console.waiting().unwrap_or(0)).unwrap_or(0)
}

/// Waits until input can be read or the clock reaches `deadline`: how many bytes can, 0 where there is no console.
pub fn wait(deadline: u64) -> usize {
    flush();
    with_ring(|ring| {
        ring.wait(
            || deadline,
            |console| console.waiting().is_none_or(|count| count != 0),
        );
        ring.console.waiting().unwrap_or(0)
    })
    .unwrap_or(0)
}

fn time_to_give_up() -> u64 {
    time::monotonic().saturating_add(PATIENCE)
}

impl Ring {
    fn write(&mut self, bytes: &[u8]) {
        self.report_loss();
        let mut rest = bytes;
        while !rest.is_empty() {
            let line = rest.iter().position(|&byte| byte == b'\n');
            let (piece, after) = rest.split_at(line.unwrap_or(rest.len()));
            self.put(piece);
            if line.is_some() {
                self.put(b"\r\n");
            }
            rest = after.get(usize::from(line.is_some())..).unwrap_or_default();
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.stalled.is_none() {
                let pushed = self.console.push(rest);
                rest = rest.get(pushed..).unwrap_or_default();
                if rest.is_empty() {
                    return;
                }
                self.notify();
                let room = self.wait(time_to_give_up, |console| console.free() != Some(0));
                if !room || self.console.free().is_none() {
                    self.stalled = Some(self.port.unmask_for_a_while());
                }
            }
            if self.stalled.is_some() {
                self.lost = self.lost.saturating_add(rest.len() as u64);
                return;
            }
        }
    }

    /// Once the daemon reads again, says how much it missed.
    fn report_loss(&mut self) {
        let Some(others) = self.stalled else { return };
        if self.console.free().is_none_or(|free| free == 0) {
            self.port.clear();
            return;
        }
        self.stalled = None;
        self.port.give_back(others);
        let mut line = Line::new();
        line.text("\nSolo5: warning: the console stood still, ")
            .decimal(self.lost)
            .text(" bytes of output were lost\n");
        self.lost = 0;
        self.write(line.as_bytes());
        self.pace.wrote_more(time::monotonic());
    }

    fn has_more(&self) -> bool {
        self.stalled.is_some() || self.pace.is_pending()
    }

    fn flush(&mut self) {
        if self.pace.is_pending() {
            self.notify();
        }
    }

    fn notify(&mut self) {
        // A port that Xen refuses has no daemon behind it: the wait that follows gives up.
        let _ = hypercall::send(self.port.0);
        self.pace.told();
    }

    /// Waits for `done`, and says whether it came true before `deadline`, in ns of monotonic time, which is asked for anew
    /// each time the daemon has taken something.
    fn wait(
        &mut self,
        deadline: impl Fn() -> u64,
        done: impl Fn(&Console<'static>) -> bool,
    ) -> bool {
        let mut came = done(&self.console);
        if came {
            return true;
        }
        let others = self.port.unmask_for_a_while();
        let mut free = self.console.free();
        let mut progress = true;
        while progress && !came {
            events::wait(deadline(), || {
                self.port.clear();
                came = done(&self.console);
                progress = self.console.free() != free;
                came || progress
            });
            free = self.console.free();
        }
        self.port.give_back(others);
        came
    }
}

// SPDX-License-Identifier: ISC
//! The paravirtual console: what the domain prints, and what it logs about itself.
//!
//! Interface: `xen/include/public/io/console.h`; HVM_PARAM_CONSOLE_PFN and _EVTCHN in `hvm/params.h`.

use super::events::{self, Port};
use super::{abi, crash, hypercall, time};
use crate::arch::paging;
use crate::mm::layout::{PAGE, SPECIAL_PAGES};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use spin::Mutex;
use xen_proto::console::{Console, SharedPage};

/// A console daemon that has taken nothing for this long, in ns, is given up on: output is lost, the domain is not.
const PATIENCE: u64 = 5_000_000_000;

struct Ring {
    console: Console<'static>,
    port: Port,
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
    });
}

/// Writes bytes, each LF as CR LF. Waits for room as long as the console daemon goes on reading.
pub fn write(bytes: &[u8]) {
    // The lock is taken when a fault interrupts a write; a crash report has a way of its own.
    let Some(mut guard) = RING.try_lock() else {
        return;
    };
    let Some(ring) = guard.as_mut() else {
        return;
    };
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = rest.iter().position(|&byte| byte == b'\n');
        let (piece, after) = rest.split_at(line.unwrap_or(rest.len()));
        ring.put(piece);
        if line.is_some() {
            ring.put(b"\r\n");
        }
        rest = after.get(usize::from(line.is_some())..).unwrap_or_default();
    }
    ring.notify();
}

/// Waits until everything written has been read, as long as the daemon goes on reading: what is in the ring when a
/// domain ends may be lost.
pub fn drain() {
    if let Some(mut guard) = RING.try_lock()
        && let Some(ring) = guard.as_mut()
    {
        ring.wait(|console| console.is_drained());
    }
}

impl Ring {
    fn put(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let pushed = self.console.push(rest);
            rest = rest.get(pushed..).unwrap_or_default();
            if !rest.is_empty() {
                self.notify();
                if !self.wait(|console| console.free() != Some(0)) || self.console.free().is_none()
                {
                    return;
                }
            }
        }
    }

    fn notify(&self) {
        // A port that Xen refuses has no daemon behind it: the wait that follows gives up.
        let _ = hypercall::send(self.port.0);
    }

    /// Waits for `done`, and says whether it came true before the daemon's patience ran out.
    fn wait(&mut self, done: impl Fn(&Console<'static>) -> bool) -> bool {
        let mut came = done(&self.console);
        if came {
            return true;
        }
        self.port.unmask();
        let mut free = self.console.free();
        let mut progress = true;
        while progress && !came {
            events::wait(time::monotonic().saturating_add(PATIENCE), || {
                self.port.clear();
                came = done(&self.console);
                progress = self.console.free() != free;
                came || progress
            });
            free = self.console.free();
        }
        self.port.mask();
        came
    }
}

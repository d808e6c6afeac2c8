// SPDX-License-Identifier: ISC
//! The pending marks: one bit a port, 512 bytes for the first 4096 ports, 16 KiB once a port beyond those is given out.

use super::Error;
use crate::xen::platform;
use core::sync::atomic::{AtomicU64, Ordering};
use spin::Once;
use xen_proto::evtchn::{FIFO_PORTS, Marks, TWO_LEVEL_PORTS};

type Few = [AtomicU64; TWO_LEVEL_PORTS as usize / 64];
type Many = [AtomicU64; FIFO_PORTS as usize / 64];

static FEW: Few = [const { AtomicU64::new(0) }; TWO_LEVEL_PORTS as usize / 64];
static MANY: Once<&'static Many> = Once::new();

/// The port of the core's timer; 0, which Xen gives nobody, when the core does not say.
static TIMER: Once<u32> = Once::new();

fn words() -> &'static [AtomicU64] {
    match MANY.get() {
        Some(words) => *words,
        None => &FEW,
    }
}

/// All marks.
pub fn all() -> Marks<'static> {
    Marks::new(words())
}

/// How many ports there are marks for: 4096, or all that Xen has once one beyond was given out.
pub fn ports() -> usize {
    words().len() * 64
}

/// The first marked port from `port` on. The mark stays.
pub fn next(port: u32) -> Option<u32> {
    let first = port as usize / 64;
    let mut mask = !0 << (port % 64);
    for (index, word) in words().iter().enumerate().skip(first) {
        let bits = word.load(Ordering::Relaxed) & mask;
        if bits != 0 {
            return Some(index as u32 * 64 + bits.trailing_zeros());
        }
        mask = !0;
    }
    None
}

/// Makes room for a port's mark. Nothing may be demultiplexed meanwhile.
pub fn grow(port: u32) -> Result<(), Error> {
    if (port as usize) < ports() {
        return Ok(());
    }
    let many: &'static Many = platform::for_ever().ok_or(Error::NoMemory)?;
    for (to, from) in many.iter().zip(&FEW) {
        to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
    }
    MANY.call_once(|| many);
    Ok(())
}

/// The port of the core's timer, or 0.
pub fn timer() -> u32 {
    *TIMER.call_once(|| platform::event_options().0.unwrap_or(0))
}

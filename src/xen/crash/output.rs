// SPDX-License-Identifier: ISC
//! How a crash report gets out: each line to the debug port, which always takes it, and to the console's ring, past
//! whoever held it when the crash came. A full ring is waited for, as long as the daemon goes on reading, with
//! hypercalls alone: no event, timer or interrupt is relied on.

use crate::xen::line::Line;
use crate::xen::{console, debug_port, hypercall, time};
use core::sync::atomic::{AtomicBool, Ordering};
use xen_proto::console::Console;

/// A console daemon that has taken nothing for this long, in ns, is given up on: the debug port has it all. Longer than for
/// ordinary output, since this is the last.
const PATIENCE: u64 = 10_000_000_000;
/// How long, in ns, to sleep before looking again whether it has.
const PAUSE: u64 = 2_000_000;

/// The daemon was given up on.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Starts on a line of its own.
pub fn begin() {
    if let Some((page, _)) = console::shared() {
        let last = page.out_prod.load(Ordering::Relaxed).wrapping_sub(1);
        let last = page.output.get(last as usize % page.output.len());
        if last.is_some_and(|byte| !matches!(byte.load(Ordering::Relaxed), 0 | b'\n')) {
            put(b"\r\n");
        }
    }
}

/// Writes a line, and its end.
pub fn line(line: &Line) {
    line.write_to(debug_port::write);
    debug_port::write(b"\n");
    line.write_to(put);
    put(b"\r\n");
}

/// Waits until the daemon has read everything: what is in the ring when a domain ends may be lost.
pub fn finish() {
    if let Some((page, port)) = console::shared() {
        let console = Console::new(page);
        notify(port);
        wait(&console, |console| console.is_drained());
    }
}

fn put(bytes: &[u8]) {
    let Some((page, port)) = console::shared() else {
        return;
    };
    let mut console = Console::new(page);
    let mut rest = bytes;
    while !rest.is_empty() && !GIVEN_UP.load(Ordering::Relaxed) {
        let pushed = console.push(rest);
        rest = rest.get(pushed..).unwrap_or_default();
        if !rest.is_empty() {
            notify(port);
            wait(&console, |console| console.free() != Some(0));
            if console.free().is_none() {
                // Indices that make no sense: nothing will ever be read.
                GIVEN_UP.store(true, Ordering::Relaxed);
            }
        }
    }
}

fn notify(port: u32) {
    // A port that Xen refuses has no daemon behind it: the wait that follows gives up.
    let _ = hypercall::send(port);
}

fn wait(console: &Console<'_>, done: impl Fn(&Console<'_>) -> bool) {
    let mut free = console.free();
    let mut since = time::system_time();
    while !done(console) && !GIVEN_UP.load(Ordering::Relaxed) {
        let now = time::system_time();
        if console.free() != free {
            free = console.free();
            since = now;
        } else if now.saturating_sub(since) > PATIENCE {
            GIVEN_UP.store(true, Ordering::Relaxed);
        }
        hypercall::sleep_until(now.saturating_add(PAUSE));
    }
}

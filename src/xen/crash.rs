// SPDX-License-Identifier: ISC
//! The ways into a crash, and the one way out: a report on the console and the debug port, then the domain ends as
//! crashed. What the report says is in `report`, how it gets out in `output`.
//!
//! A crash inside the report ends the domain, too: it is told in one line, and a third one in none.

mod notes;
mod output;
mod report;
mod trace;

use super::hypercall::XenError;
use super::line::Line;
use super::shutdown::{Reason, end};
use crate::arch::TrapFrame;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How many crashes have begun.
static BEGUN: AtomicU32 = AtomicU32::new(0);

/// Where the state of the first crash was saved, for `tools/xen-core`, which makes it a thread of the core file.
#[used]
#[unsafe(export_name = "solo5__xen_crash_frame")]
static FRAME: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" {
    /// Reports a crash of the core's own from where it is called; in `gates.s`.
    fn crash_here(cause: *const c_void) -> !;
}

/// Ends the domain with a report of which `cause` is the first line, from the state in `frame`.
pub fn report(frame: &TrapFrame, cause: &Line) -> ! {
    match BEGUN.fetch_add(1, Ordering::Relaxed) {
        0 => {
            FRAME.store(core::ptr::from_ref(frame) as u64, Ordering::Relaxed);
            output::begin();
            report::write(frame, cause);
        }
        1 => {
            output::line(
                Line::new()
                    .text("Solo5: crash inside this report: ")
                    .then(cause),
            );
            output::line(Line::new().text(report::END));
        }
        _ => end(Reason::Crash),
    }
    output::finish();
    end(Reason::Crash)
}

/// Ends the domain with a report from here, which begins with `line`.
pub fn with(line: &Line) -> ! {
    // SAFETY: the line lives as long as the call, which never returns.
    unsafe { crash_here(core::ptr::from_ref(line).cast()) }
}

/// Ends the domain because of how it was configured: one line says it all.
pub fn refuse(line: &Line) -> ! {
    if BEGUN.fetch_add(1, Ordering::Relaxed) == 0 {
        output::begin();
        output::line(line);
        output::finish();
    }
    end(Reason::Crash)
}

/// What Xen or the boot handed over makes no sense.
pub fn early(what: &str, why: &str) -> ! {
    with(Line::new().text("Solo5: ").text(what).text(": ").text(why))
}

/// A hypercall that the core cannot go on without failed.
pub fn hypercall(name: &str, error: XenError) -> ! {
    with(
        Line::new()
            .text("Solo5: hypercall ")
            .text(name)
            .text(" failed: Xen errno ")
            .decimal(u64::from(error.0)),
    )
}

/// There is not enough RAM, of which the map names `total` bytes.
pub fn too_little_memory(total: u64) -> ! {
    refuse(
        Line::new()
            .text("Solo5: too little memory to start: the domain has ")
            .decimal(total / 1024)
            .text(" KiB; raise memory= in its configuration"),
    )
}

/// Rust code found a bug in itself.
pub fn panic(message: &str, file: &str, line: u32) -> ! {
    with(
        Line::new()
            .text("Solo5: panic: ")
            .text(message)
            .text(" (")
            .text(file)
            .text(":")
            .decimal(u64::from(line))
            .text(")"),
    )
}

/// `crash_here`, with the state that it saved.
#[unsafe(no_mangle)]
extern "C" fn crash_line(frame: &TrapFrame) -> ! {
    let [_, _, _, _, _, rdi, ..] = frame.registers;
    // SAFETY: the argument of `crash_here`, which `with` keeps alive.
    let line = unsafe { &*(rdi as *const Line) };
    report(frame, line)
}

/// `solo5_abort`.
#[unsafe(no_mangle)]
extern "C" fn crash_abort(frame: &TrapFrame) -> ! {
    report(frame, Line::new().text("Solo5: solo5_abort() called"))
}

/// `__stack_chk_fail`.
#[unsafe(no_mangle)]
extern "C" fn crash_stack_smashed(frame: &TrapFrame) -> ! {
    const CAUSE: &str = "Solo5: stack smashed: a function's stack canary was overwritten";
    report(frame, Line::new().text(CAUSE))
}

/// `solo5__xen_crash`.
#[unsafe(no_mangle)]
extern "C" fn crash_text(frame: &TrapFrame) -> ! {
    let [_, _, _, _, rsi, rdi, ..] = frame.registers;
    // SAFETY: the caller's text, of the size that it gives.
    let text = unsafe { core::slice::from_raw_parts(rdi as *const u8, rsi as usize) };
    report(frame, Line::new().text("Solo5: ").printable(text))
}

// SPDX-License-Identifier: ISC
//! What a crash report says: the cause, the registers, the stack trace, what the other parts know, and which image this
//! was with which command line.

use super::{notes, output, trace};
use crate::arch::TrapFrame;
use crate::mm::heap_range;
use crate::solo5::options;
use crate::xen::line::Line;

/// The first and the last line of every report.
const START: &str = "Solo5: ---- crash report ----";
/// See [`START`].
pub const END: &str = "Solo5: ---- end of crash report ----";

/// Bytes of the command line on a line, and most lines of it.
const CMDLINE: usize = 160;
const CMDLINE_LINES: usize = 8;

/// Writes the report.
pub fn write(frame: &TrapFrame, cause: &Line) {
    output::line(Line::new().text(START));
    notes::causes();
    output::line(cause);
    registers(frame);
    output::line(Line::new().text("Solo5: stack:"));
    trace::write(frame);
    memory(frame.rsp);
    cmdline();
    identity();
    notes::write();
    output::line(Line::new().text(END));
}

fn registers(frame: &TrapFrame) {
    const REGISTERS: [&str; 15] = [
        "rax=", " rbx=", " rcx=", "rdx=", " rsi=", " rdi=", "rbp=", " r8 =", " r9 =", "r10=",
        " r11=", " r12=", "r13=", " r14=", " r15=",
    ];
    for (names, values) in REGISTERS.chunks(3).zip(frame.registers.chunks(3)) {
        let mut line = Line::new();
        line.text("Solo5: ");
        for (name, value) in names.iter().zip(values) {
            line.text(name).register(*value);
        }
        output::line(&line);
    }
    output::line(
        Line::new()
            .text("Solo5: rip=")
            .register(frame.rip)
            .text(" rsp=")
            .register(frame.rsp)
            .text(" rflags=")
            .hex(frame.rflags),
    );
}

fn memory(rsp: u64) {
    let Some(given) = heap_range::given() else {
        return;
    };
    let size = |range: &core::ops::Range<u64>| (range.end - range.start) / 1024;
    let mut line = Line::new();
    line.text("Solo5: memory: heap ")
        .decimal(size(&given.heap))
        .text(" KiB, main stack ")
        .decimal(size(&given.stack))
        .text(" KiB");
    if given.stack.contains(&rsp) {
        line.text(" of which in use ")
            .decimal((given.stack.end - rsp).div_ceil(1024))
            .text(" KiB");
    }
    output::line(&line);
}

fn cmdline() {
    let line = options::cmdline();
    output::line(
        Line::new()
            .text("Solo5: command line, ")
            .decimal(line.len() as u64)
            .text(" bytes:"),
    );
    for piece in line.chunks(CMDLINE).take(CMDLINE_LINES) {
        output::line(Line::new().text("Solo5:   ").printable(piece));
    }
    if line.len() > CMDLINE * CMDLINE_LINES {
        output::line(Line::new().text("Solo5:   ..."));
    }
}

fn identity() {
    let mut line = Line::new();
    line.text("Solo5: mirage-xen-rs v")
        .text(options::VERSION)
        .text(", image ");
    match trace::symbols() {
        Some(symbols) => {
            for &byte in symbols.identity() {
                line.byte(byte);
            }
        }
        None => {
            line.text("not identified");
        }
    }
    output::line(&line);
}

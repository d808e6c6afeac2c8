// SPDX-License-Identifier: ISC
//! What goes wrong inside the core: one line that names it, on the debug port and the console, then the domain
//! ends as crashed.

use super::console;
use super::hypercall::XenError;
use super::line::Line;
use super::shutdown::{Reason, end};

/// Ends the domain with `line` as its last word.
pub fn with(line: Line) -> ! {
    line.log_everywhere();
    console::drain();
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
    with(
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

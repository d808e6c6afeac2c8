// SPDX-License-Identifier: ISC
//! The options in force, and logging by their level.

use crate::boot::Start;
use crate::mm::layout::PAGE;
use crate::mm::memory::Memory;
use crate::xen::line::Line;
use core::ops::Range;
use spin::Once;
use xen_proto::options::{Level, Options};

/// The version that the first logged line names.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The options given on the command line.
pub type Settings = Options<'static>;

static SETTINGS: Once<Settings> = Once::new();

static CMDLINE: Once<&'static [u8]> = Once::new();

/// The whole command line; empty before it is known.
pub fn cmdline() -> &'static [u8] {
    CMDLINE.get().copied().unwrap_or_default()
}

/// The options; those of an empty command line before they are read.
pub fn settings() -> Option<&'static Settings> {
    SETTINGS.get()
}

/// Whether lines of `level` are logged.
pub fn logs(level: Level) -> bool {
    settings().is_none_or(|settings| settings.level >= level)
}

/// Reads the options and logs the version, then what is wrong with them.
pub fn init(start: &Start) -> &'static Settings {
    CMDLINE.call_once(|| start.cmdline);
    let settings = SETTINGS.call_once(|| Options::parse(start.cmdline));
    if logs(Level::Info) {
        Line::new()
            .text("Solo5: Bindings version mirage-xen-rs v")
            .text(VERSION)
            .log();
    }
    if let Some((error, option)) = settings.error {
        Line::new()
            .text("Solo5: error: ")
            .bytes(option.get(..64).unwrap_or(option))
            .text(": ")
            .text(error.text())
            .log();
    }
    if start.cmdline_cut && logs(Level::Warn) {
        Line::new()
            .text("Solo5: warning: command line too long, cut to 8191 bytes")
            .log();
    }
    settings
}

/// Logs how memory is divided.
pub fn log_memory(memory: &Memory, heap: &Range<u64>, stack: &Range<u64>) {
    if !logs(Level::Info) {
        return;
    }
    Line::new()
        .text("Solo5: Memory: ")
        .decimal(memory.ram.total() / 1024)
        .text(" KiB; heap ")
        .hex(heap.start)
        .text(" to ")
        .hex(heap.end)
        .text("; stack ")
        .decimal((stack.end - stack.start) / 1024)
        .text(" KiB below ")
        .hex(stack.end)
        .log();
    debug_assert!(heap.end + PAGE <= stack.start);
}

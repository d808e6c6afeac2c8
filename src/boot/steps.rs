// SPDX-License-Identifier: ISC
//! What each step of the boot cost, in ticks of the time-stamp counter: logged at debug level (`--solo5:debug`), and
//! kept at all times because it costs next to nothing.

use crate::arch::cpu;
use crate::solo5::options;
use crate::xen::line::Line;
use xen_proto::options::Level;

unsafe extern "C" {
    /// The counter at the first instruction; `entry.s` writes it.
    static boot_tsc: u64;
}

const MOST: usize = 16;

/// The steps so far.
pub struct Steps {
    last: u64,
    taken: [(&'static str, u64); MOST],
    count: usize,
}

impl Steps {
    /// Begins with the first instruction.
    pub fn begin() -> Self {
        // SAFETY: written once, before any Rust ran.
        let last = unsafe { boot_tsc };
        Steps {
            last,
            taken: [("", 0); MOST],
            count: 0,
        }
    }

    /// Ends a step.
    pub fn done(&mut self, name: &'static str) {
        let now = cpu::rdtsc();
        if let Some(slot) = self.taken.get_mut(self.count) {
            *slot = (name, now.wrapping_sub(self.last));
            self.count += 1;
        }
        self.last = now;
    }

    /// Logs them all.
    pub fn log(&self) {
        if !options::logs(Level::Debug) {
            return;
        }
        for (name, ticks) in self.taken.iter().take(self.count) {
            Line::new()
                .text("Solo5: boot: ")
                .text(name)
                .text(": ")
                .decimal(*ticks)
                .text(" ticks")
                .log();
        }
    }
}

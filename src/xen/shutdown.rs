// SPDX-License-Identifier: ISC
//! The ways a domain ends, with the reason that xl and the toolstack's on_… settings act on.
//!
//! Interface: `xen/include/public/sched.h`, SCHEDOP_shutdown.

use super::line::Line;
use super::{abi, console, debug_port, hypercall};
use crate::arch::cpu;

/// Why the domain ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A clean end.
    Poweroff,
    /// A clean end after which the toolstack starts the domain again.
    Reboot,
    /// Something is broken.
    Crash,
}

/// Ends the domain once dom0 has read the console. `status` is the program's, which Xen has no place for:
/// it goes out as the last line on the debug port.
pub fn exit(reason: Reason, status: i32) -> ! {
    console::drain();
    let mut line = Line::new();
    line.text("mirage-xen: exit status ");
    if status < 0 {
        line.text("-");
    }
    line.decimal(u64::from(status.unsigned_abs()))
        .text("\n")
        .write_to(debug_port::write);
    end(reason)
}

/// Ends the domain at once.
pub fn end(reason: Reason) -> ! {
    let code = match reason {
        Reason::Poweroff => abi::SHUTDOWN_poweroff,
        Reason::Reboot => abi::SHUTDOWN_reboot,
        Reason::Crash => abi::SHUTDOWN_crash,
    };
    // Xen does not refuse to end a domain; should it, there is nothing left to do but stop.
    let _ = hypercall::shutdown(code);
    cpu::halt_forever()
}

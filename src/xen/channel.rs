// SPDX-License-Identifier: ISC
//! An event channel of one of the core's devices, closed when dropped. The bindings have their own (`owned.rs`).

use super::events::Port;
use super::hypercall::{self, XenError};

/// An event channel that a backend connects to.
pub struct Channel {
    port: Port,
}

impl Channel {
    /// A channel that domain `remote` may connect to by [`port`](Self::port). Its events are held back.
    pub fn offer(remote: u16) -> Result<Self, XenError> {
        let port = Port(hypercall::alloc_unbound(remote)?);
        port.clear();
        Ok(Channel { port })
    }

    /// Its number.
    pub fn port(&self) -> u32 {
        self.port.0
    }

    /// Whether the backend has bound it.
    pub fn is_bound(&self) -> bool {
        hypercall::is_bound(self.port.0)
    }

    /// Lets its events through.
    pub fn unmask(&self) {
        self.port.unmask();
    }

    /// Holds its events back.
    pub fn mask(&self) {
        self.port.mask();
    }

    /// Forgets events, so that the next one raises the upcall again: look at what they stand for afterwards.
    pub fn clear(&self) {
        self.port.clear();
    }

    /// Notifies the backend.
    pub fn notify(&self) {
        // While nobody is connected Xen refuses, and nothing is lost: whoever connects looks at the ring first.
        let _ = hypercall::send(self.port.0);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.port.mask();
        // A port of ours: Xen has no reason to refuse.
        let _ = hypercall::close(self.port.0);
        self.port.clear();
    }
}

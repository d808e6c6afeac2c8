// SPDX-License-Identifier: ISC
//! What can go wrong with an event channel.

use crate::xen::hypercall::XenError;

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Xen refused.
    Xen(XenError),
    /// The port is the core's own, or none.
    NotYours,
    /// There is no port of that number in this interface.
    NoSuchPort,
    /// No memory for the tables that a port needs.
    NoMemory,
}

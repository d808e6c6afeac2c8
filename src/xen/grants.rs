// SPDX-License-Identifier: ISC
//! Grants: this domain's pages given to others, others' pages mapped or copied.
//!
//! Interface: `xen/include/public/grant_table.h`, version 1 entries. Nothing is set up before it is first used.

use super::hypercall::XenError;
use xen_proto::grant;
#[cfg(feature = "bindings")]
use xen_proto::{grant::Status, window};

#[cfg(feature = "bindings")]
mod copy;
#[cfg(feature = "bindings")]
mod donated;
#[cfg(feature = "bindings")]
mod map;
mod references;
mod table;

#[cfg(feature = "bindings")]
pub use copy::{Piece, copy};
#[cfg(feature = "bindings")]
pub use donated::donate;
#[cfg(feature = "bindings")]
pub use map::{Foreign, map, unmap};
pub use references::{grant, revoke};
pub use table::{end_access, entries, grant_access};

/// Why a grant operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Xen refused the call as a whole.
    Xen(XenError),
    /// Xen refused one page or piece.
    #[cfg(feature = "bindings")]
    Status(Status),
    /// The grant table cannot do it.
    Table(grant::Error),
    /// There is no room in the window.
    #[cfg(feature = "bindings")]
    Window(window::Error),
    /// A number does not fit what Xen uses for it, or an address is not page aligned.
    OutOfRange,
    /// The reference grants something already.
    InUse,
    /// A backend that a device had before maps so many of its pages that the rest does not do.
    StillMapped,
    /// The memory is not this domain's RAM at its own address, so it has no frame to name.
    NotRam,
    /// libc's heap is used up.
    #[cfg(feature = "bindings")]
    NoMemory,
}

impl From<XenError> for Error {
    fn from(error: XenError) -> Self {
        Error::Xen(error)
    }
}

/// A failure, and which of several pages or pieces it is about.
#[cfg(feature = "bindings")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// The index of the page or piece that Xen refused.
    pub index: Option<usize>,
}

#[cfg(feature = "bindings")]
impl<T: Into<Error>> From<T> for Failure {
    fn from(error: T) -> Self {
        Failure {
            error: error.into(),
            index: None,
        }
    }
}

/// How long an operation is tried again while Xen says "not now", in ns: a peer's page that is paged out comes back.
#[cfg(feature = "bindings")]
const PATIENCE: u64 = 1_000_000_000;

/// Runs `call` on the operations whose status, by `status`, is "not now", until none is or patience ends.
#[cfg(feature = "bindings")]
fn retry<T>(
    operations: &mut [T],
    status: fn(&T) -> i16,
    call: impl Fn(&mut [T]) -> Result<(), XenError>,
) -> Result<(), XenError> {
    let mut until = None;
    let go_on = || {
        let now = super::platform::now();
        super::hypercall::yield_now();
        now <= *until.get_or_insert(now.saturating_add(PATIENCE))
    };
    xen_proto::grant::retry(operations, status, go_on, |operation| {
        call(core::slice::from_mut(operation))
    })
}

/// The guest frame of an address of ours, which is RAM mapped at its own address.
fn frame(address: usize) -> Result<u64, Error> {
    // The core keeps RAM below this, and what is not mapped at its own address above (src/arch/paging.rs).
    const RAM_END: usize = 511 << 30;
    let (window, size) = table::window();
    let foreign = (window as usize..window as usize + size).contains(&address);
    if address >= RAM_END || foreign || address == 0 {
        return Err(Error::NotRam);
    }
    Ok((address / super::platform::PAGE) as u64)
}

// SPDX-License-Identifier: ISC
//! A xenstore client: wire format, ring, and a state machine that does no input or output itself.
//!
//! Interface: xen/include/public/io/xs_wire.h; semantics: docs/misc/xenstore.txt and
//! docs/misc/xenstore-ring.txt in Xen's sources.
//!
//! [`Client`] turns requests into bytes of the ring and bytes of the ring into replies and watch
//! events, in whatever pieces they come. [`Session`] runs one request at a time on it, given
//! something that waits for an event; transactions and long directories are done there.
//! [`Watches`] keeps what is being watched, so that it can be watched again after a reconnection.
//!
//! The daemon is trusted no further than any peer: lengths and kinds are checked, a reply must
//! answer a request, and whatever else comes ends in [`Error::Protocol`], after which the
//! connection can be made anew where the daemon supports it.

mod client;
mod ring;
mod session;
mod watches;
mod wire;

pub use client::{Client, Event, OUTSTANDING};
pub use ring::{RING_SIZE, Ring, SharedPage};
pub use session::{Link, Session};
pub use watches::{TOKEN_SIZE, Watches};
pub use wire::{
    ABS_PATH_MAX, Errno, HEADER_SIZE, Header, Kind, PAYLOAD_MAX, REL_PATH_MAX, number, strings,
};

/// Why a request has no good answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// xenstored refused.
    Refused(Errno),
    /// The request before it is not in the ring yet, or too many wait for an answer.
    Busy,
    /// The payload would exceed [`PAYLOAD_MAX`], or the answer the buffer.
    TooBig,
    /// A path or token is empty, too long, or has a zero byte in it.
    BadPath,
    /// xenstored broke the protocol or put impossible indices into the ring; nothing works until
    /// the connection is made anew.
    Protocol,
    /// xenstored cannot make the connection anew.
    NoReconnection,
    /// The connection was made anew: requests, transactions and watches from before are gone.
    Reconnected,
    /// The one who waits gave up.
    Interrupted,
    /// A transaction conflicted with others, or a directory changed, each time that it was tried.
    Conflict,
}

impl Error {
    /// The error as text.
    pub const fn text(self) -> &'static str {
        match self {
            Error::Refused(errno) => errno.name(),
            Error::Busy => "xenstore: too many requests at once",
            Error::TooBig => "xenstore: message too big",
            Error::BadPath => "xenstore: bad path or token",
            Error::Protocol => "xenstore: protocol broken by xenstored",
            Error::NoReconnection => "xenstore: xenstored cannot reconnect",
            Error::Reconnected => "xenstore: connection was reset",
            Error::Interrupted => "xenstore: wait interrupted",
            Error::Conflict => "xenstore: conflicts with others too often",
        }
    }
}

#[cfg(test)]
mod tests;

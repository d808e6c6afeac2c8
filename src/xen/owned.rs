// SPDX-License-Identifier: ISC
//! Ports, grants and mappings as owned values, for Rust code over the bindings: what is dropped is given back.
//!
//! - [`Channel`] is an event channel, closed when dropped.
//! - [`SharedPage`] is a page of this domain and the grant of it. Dropped, the grant ends and the page is freed; while
//!   the peer still has it mapped, page and reference are leaked, which is logged, and never used again.
//! - [`Mapping`] is pages of a peer, mapped one after the other, unmapped when dropped.
//!
//! Memory that another domain can change is seen as atomics only. References are taken from the same table as those that
//! an OCaml program manages by itself: each side finds the other's in use and leaves them alone.

use super::evtchn;
use super::grants::{self, Error, Failure, Foreign};
use super::platform::{self, PAGE, PageBlock, Scratch};
use core::slice::from_raw_parts;
use core::sync::atomic::AtomicU8;

/// An event channel of this domain.
#[derive(Debug)]
pub struct Channel {
    port: u32,
}

impl Channel {
    /// A channel that domain `remote` may connect to by [`port`](Self::port); its events are let through.
    pub fn offer(remote: u16) -> Result<Self, evtchn::Error> {
        Self::open(evtchn::alloc_unbound(remote)?)
    }

    /// A channel to `remote_port` of domain `remote`; its events are let through, and there is one already.
    pub fn connect(remote: u16, remote_port: u32) -> Result<Self, evtchn::Error> {
        Self::open(evtchn::bind_interdomain(remote, remote_port)?)
    }

    fn open(port: u32) -> Result<Self, evtchn::Error> {
        let channel = Channel { port };
        evtchn::unmask(port)?;
        Ok(channel)
    }

    /// Its number in this domain.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Notifies the other end.
    pub fn notify(&self) -> Result<(), evtchn::Error> {
        evtchn::notify(self.port)
    }

    /// Whether an event came since the last time.
    pub fn take_event(&self) -> bool {
        evtchn::demux();
        evtchn::test_and_clear(self.port)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // A port of ours: Xen has no reason to refuse.
        let _ = evtchn::unbind(self.port);
    }
}

/// A page of this domain that another one may map.
pub struct SharedPage {
    page: Option<PageBlock>,
    reference: u32,
}

impl SharedPage {
    /// A zeroed page that domain `peer` may map, for writing too or not.
    pub fn new(peer: u16, writable: bool) -> Result<Self, Error> {
        let page = PageBlock::zeroed().ok_or(Error::NoMemory)?;
        let reference = grants::grant(page.address(), peer, writable)?;
        Ok(SharedPage {
            page: Some(page),
            reference,
        })
    }

    /// What the peer is to be told.
    pub fn reference(&self) -> u32 {
        self.reference
    }

    /// The page, which the peer may change at any time.
    pub fn bytes(&self) -> &[AtomicU8] {
        self.page.as_ref().map_or(&[], PageBlock::bytes)
    }
}

impl Drop for SharedPage {
    fn drop(&mut self) {
        if grants::revoke(self.reference) {
            return;
        }
        if let Some(page) = self.page.take() {
            core::mem::forget(page);
        }
        platform::print(b"grants: a page was given up that another domain still has mapped\n");
    }
}

/// Pages of another domain, one after the other.
pub struct Mapping {
    start: u64,
    handles: Scratch<u32>,
    writable: bool,
}

impl Mapping {
    /// Maps them all or none.
    pub fn new(pages: &[Foreign], writable: bool) -> Result<Self, Failure> {
        let mut handles = Scratch::new(pages.len()).ok_or(Error::NoMemory)?;
        let start = grants::map(pages, writable, &mut handles)?;
        Ok(Mapping {
            start,
            handles,
            writable,
        })
    }

    /// The pages, which their owner may change at any time. A store faults where the mapping is not writable.
    pub fn bytes(&self) -> &[AtomicU8] {
        // SAFETY: mapped as long as the value lives; atomics allow for changes by others.
        unsafe { from_raw_parts(self.start as *const AtomicU8, self.handles.len() * PAGE) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: what `bytes` gave out borrows from the value, which is gone; `writable` is as it was mapped.
        if unsafe { grants::unmap(self.start, &self.handles, self.writable) }.is_err() {
            platform::print(b"grants: Xen refused to unmap a page, which stays mapped\n");
        }
    }
}

// SPDX-License-Identifier: ISC
//! The page shared with xenstored: `struct xenstore_domain_interface`.

use crate::byte_ring::ByteRing;
use crate::mutated;
use crate::sync::{AtomicU8, AtomicU32, Ordering};

/// `XENSTORE_RING_SIZE`: bytes of the ring each way.
pub const RING_SIZE: usize = 1024;

/// `XENSTORE_SERVER_FEATURE_RECONNECTION`.
const FEATURE_RECONNECTION: u32 = 1;
/// `XENSTORE_CONNECTED` and `XENSTORE_RECONNECT`.
const CONNECTED: u32 = 0;
const RECONNECT: u32 = 1;

/// `struct xenstore_domain_interface`, in the page that `HVM_PARAM_STORE_PFN` names.
#[repr(C, align(4096))]
pub struct SharedPage {
    /// Requests to xenstored.
    pub req: [AtomicU8; RING_SIZE],
    /// Replies and watch events.
    pub rsp: [AtomicU8; RING_SIZE],
    /// Bytes of `req` that xenstored has taken.
    pub req_cons: AtomicU32,
    /// Bytes of `req` that the guest has put.
    pub req_prod: AtomicU32,
    /// Bytes of `rsp` that the guest has taken.
    pub rsp_cons: AtomicU32,
    /// Bytes of `rsp` that xenstored has put.
    pub rsp_prod: AtomicU32,
    /// `XENSTORE_SERVER_FEATURE_*`.
    pub server_features: AtomicU32,
    /// 0, or 1 while the guest asks for a new connection.
    pub connection: AtomicU32,
    /// `XENSTORE_ERROR_*`, why xenstored stopped.
    pub error: AtomicU32,
}

impl SharedPage {
    /// A page of zeros: two empty rings.
    pub const fn new() -> Self {
        SharedPage {
            req: [const { AtomicU8::new(0) }; RING_SIZE],
            rsp: [const { AtomicU8::new(0) }; RING_SIZE],
            req_cons: AtomicU32::new(0),
            req_prod: AtomicU32::new(0),
            rsp_cons: AtomicU32::new(0),
            rsp_prod: AtomicU32::new(0),
            server_features: AtomicU32::new(0),
            connection: AtomicU32::new(CONNECTED),
            error: AtomicU32::new(0),
        }
    }
}

impl Default for SharedPage {
    fn default() -> Self {
        SharedPage::new()
    }
}

/// The guest's end of the page. Calls must not run at the same time on two processors.
///
/// xenstored sleeps when it finds no request, or no room for a reply, and is woken by an event.
/// It always needs one after [`push`](Self::push). After [`pull`](Self::pull) it needs one only
/// if the ring was full, which is where events are saved (`XenstoreLooksBeforeItTakes`):
/// 1. Guest sees that the ring is not full. 2. xenstored fills it, finds no room and sleeps.
///    3. Guest takes bytes and sends no event. So the guest looks whether the ring was full after it
///    made room: if xenstored filled it before that, the guest sees it; if after, there was room.
pub struct Ring<'a> {
    page: &'a SharedPage,
    notify: bool,
}

impl<'a> Ring<'a> {
    /// The guest's end of `page`.
    pub const fn new(page: &'a SharedPage) -> Self {
        Ring {
            page,
            notify: false,
        }
    }

    /// Puts as much of `bytes` as fits; `None` when the indices are impossible.
    pub fn push(&mut self, bytes: &[u8]) -> Option<usize> {
        let page = self.page;
        let requests = ByteRing {
            slots: &page.req,
            prod: &page.req_prod,
            cons: &page.req_cons,
        };
        let len = requests.push(bytes)?;
        self.notify |= len != 0;
        Some(len)
    }

    /// Whether [`pull`](Self::pull) has something to take, or impossible indices to tell of.
    pub fn is_readable(&self) -> bool {
        let page = self.page;
        page.rsp_prod.load(Ordering::Acquire) != page.rsp_cons.load(Ordering::Relaxed)
    }

    /// Whether [`push`](Self::push) finds room.
    pub fn is_writable(&self) -> bool {
        let page = self.page;
        let waiting = page.req_prod.load(Ordering::Relaxed);
        waiting.wrapping_sub(page.req_cons.load(Ordering::Acquire)) as usize != RING_SIZE
    }

    /// Takes bytes into `buffer`; `None` when the indices are impossible.
    pub fn pull(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let page = self.page;
        let replies = ByteRing {
            slots: &page.rsp,
            prod: &page.rsp_prod,
            cons: &page.rsp_cons,
        };
        let early =
            mutated!(XenstoreLooksBeforeItTakes).then(|| page.rsp_prod.load(Ordering::Relaxed));
        let (cons, len) = replies.pull(buffer)?;
        if len != 0 {
            let prod = early.unwrap_or_else(|| page.rsp_prod.load(Ordering::Relaxed));
            self.notify |= prod.wrapping_sub(cons) as usize >= RING_SIZE;
        }
        Some(len)
    }

    /// Whether an event must be sent to xenstored; asks once for each reason.
    pub fn take_notify(&mut self) -> bool {
        core::mem::take(&mut self.notify)
    }

    /// Whether xenstored can make the connection anew.
    pub fn can_reconnect(&self) -> bool {
        self.page.server_features.load(Ordering::Relaxed) & FEATURE_RECONNECTION != 0
    }

    /// Asks for a new connection. xenstored forgets the domain's requests, transactions and
    /// watches and empties both rings; the page must be left alone until
    /// [`is_connected`](Self::is_connected).
    pub fn reconnect(&mut self) {
        self.page.connection.store(RECONNECT, Ordering::Release);
        self.notify = true;
    }

    /// Whether no new connection is being made.
    pub fn is_connected(&self) -> bool {
        self.page.connection.load(Ordering::Acquire) == CONNECTED
    }

    /// Why xenstored stopped, a `XENSTORE_ERROR_*`; 0 if it did not.
    pub fn error(&self) -> u32 {
        self.page.error.load(Ordering::Relaxed)
    }
}

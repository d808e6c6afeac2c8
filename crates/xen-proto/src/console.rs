// SPDX-License-Identifier: ISC
//! The paravirtual console: one page with a ring of bytes each way.
//!
//! Layout: xen/include/public/io/console.h (`struct xencons_interface`). Indices count bytes and
//! wrap at 2^32; their low bits select the slot. The guest owns `out_prod` and `in_cons`.
//!
//! Both of the guest's indices are read from the page for each call, since the bindings and the
//! application's own console driver write to the same ring. Whatever the daemon puts into the
//! page, no call touches anything but the ring, and a distance between indices that cannot be is
//! reported instead of being waited for.
//!
//! xenconsoled reads both indices once for each event and does not look again before it sleeps:
//! bytes pushed after it looked stay unseen until the next event. So send one event after each
//! push, or after the last of several pushes in a row ([`pace`]); it is never safe to leave it out
//! because the ring was not empty.

pub mod pace;

use crate::byte_ring::ByteRing;
use crate::sync::{AtomicU8, AtomicU32};

/// Bytes of the ring to the guest.
pub const IN_SIZE: usize = 1024;
/// Bytes of the ring from the guest.
pub const OUT_SIZE: usize = 2048;

/// `struct xencons_interface`, in the page that `HVM_PARAM_CONSOLE_PFN` names.
#[repr(C, align(4096))]
pub struct SharedPage {
    /// Bytes to the guest.
    pub input: [AtomicU8; IN_SIZE],
    /// Bytes from the guest.
    pub output: [AtomicU8; OUT_SIZE],
    /// Bytes of `input` that the guest has taken.
    pub in_cons: AtomicU32,
    /// Bytes of `input` that the daemon has put.
    pub in_prod: AtomicU32,
    /// Bytes of `output` that the daemon has taken.
    pub out_cons: AtomicU32,
    /// Bytes of `output` that the guest has put.
    pub out_prod: AtomicU32,
}

impl SharedPage {
    /// A page of zeros: two empty rings.
    pub const fn new() -> Self {
        SharedPage {
            input: [const { AtomicU8::new(0) }; IN_SIZE],
            output: [const { AtomicU8::new(0) }; OUT_SIZE],
            in_cons: AtomicU32::new(0),
            in_prod: AtomicU32::new(0),
            out_cons: AtomicU32::new(0),
            out_prod: AtomicU32::new(0),
        }
    }
}

impl Default for SharedPage {
    fn default() -> Self {
        SharedPage::new()
    }
}

/// The guest's end of the console. Calls must not run at the same time on two processors.
pub struct Console<'a> {
    page: &'a SharedPage,
}

impl<'a> Console<'a> {
    /// The guest's end of `page`.
    pub const fn new(page: &'a SharedPage) -> Self {
        Console { page }
    }

    /// How many bytes [`push`](Self::push) takes now, 0 to [`OUT_SIZE`]; `None` when the indices
    /// are further apart than the ring is long, so that no event will ever make room.
    pub fn free(&self) -> Option<usize> {
        self.output().room().map(|(_, free)| free)
    }

    /// Puts as much of `bytes` into the ring as fits and returns how much that is: 0 when the
    /// ring is full or its indices are impossible. Send an event afterwards if it is not 0.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        self.output().push(bytes).unwrap_or(0)
    }

    /// How many bytes wait to be read, 0 to [`IN_SIZE`]; `None` when the indices are impossible.
    pub fn waiting(&self) -> Option<usize> {
        self.input().unread().map(|(_, len)| len)
    }

    /// Takes bytes from the ring into `buffer` and returns how many: 0 when there are none or the
    /// indices are impossible. Send an event afterwards if it is not 0: the daemon may wait for
    /// room.
    pub fn pull(&mut self, buffer: &mut [u8]) -> usize {
        self.input().pull(buffer).map_or(0, |(_, len)| len)
    }

    /// Whether the daemon has taken everything pushed, or never will: what to wait for, within
    /// limits, before the domain ends.
    pub fn is_drained(&self) -> bool {
        self.free().is_none_or(|free| free == OUT_SIZE)
    }

    fn output(&self) -> ByteRing<'a> {
        let page = self.page;
        ByteRing {
            slots: &page.output,
            prod: &page.out_prod,
            cons: &page.out_cons,
        }
    }

    fn input(&self) -> ByteRing<'a> {
        let page = self.page;
        ByteRing {
            slots: &page.input,
            prod: &page.in_prod,
            cons: &page.in_cons,
        }
    }
}

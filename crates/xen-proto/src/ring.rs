// SPDX-License-Identifier: ISC
//! The ring of requests and responses that a frontend shares with a backend.
//!
//! Layout and protocol: xen/include/public/io/ring.h. Requests and responses share slots: a response goes where a
//! request was that has been taken. Indices run free and wrap at 2^32.
//!
//! Nothing the backend writes is trusted: an index of its is loaded once for a call, and one that claims more responses
//! than there were requests is an [`Overrun`]. The page is written from private copies and never read back.
//!
//! # Races
//!
//! **Request without an event** (`RingPublishesAfterLook`).
//! 1. Frontend reads the event index: the backend wants none. 2. Backend takes the last request, sets the event index
//!    and sleeps. 3. Frontend publishes a request and sends no event. So the producer's index is published before the
//!    event index is read.
//!
//! **Response without an event** (`RingSleepsWithoutLook`).
//! 1. Frontend finds no response. 2. Backend publishes one, and finds that no event is wanted. 3. Frontend asks for an
//!    event for the next one and sleeps. So it looks again after it has asked.

use crate::mutated;
use crate::sync::{AtomicU32, Ordering};

/// The backend claims more responses than there were requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun;

/// A page with `N` slots of `W` 32-bit words; `N` is a power of two.
#[repr(C, align(4096))]
pub struct SharedRing<const W: usize, const N: usize> {
    /// Requests that the frontend has put.
    pub req_prod: AtomicU32,
    /// The backend wants an event when this request is put.
    pub req_event: AtomicU32,
    /// Responses that the backend has put.
    pub rsp_prod: AtomicU32,
    /// The frontend wants an event when this response is put.
    pub rsp_event: AtomicU32,
    reserved: [AtomicU32; 12],
    /// Requests and responses.
    pub slots: [[AtomicU32; W]; N],
}

impl<const W: usize, const N: usize> SharedRing<W, N> {
    /// An empty ring.
    pub const fn new() -> Self {
        const { assert!(N.is_power_of_two() && 64 + N * W * 4 <= 4096) };
        SharedRing {
            req_prod: AtomicU32::new(0),
            req_event: AtomicU32::new(1),
            rsp_prod: AtomicU32::new(0),
            rsp_event: AtomicU32::new(1),
            reserved: [const { AtomicU32::new(0) }; 12],
            slots: [const { [const { AtomicU32::new(0) }; W] }; N],
        }
    }
}

impl<const W: usize, const N: usize> Default for SharedRing<W, N> {
    fn default() -> Self {
        SharedRing::new()
    }
}

/// The frontend's end of a ring.
pub struct Front<'a, const W: usize, const N: usize> {
    page: &'a SharedRing<W, N>,
    /// Requests put, published or not.
    req_prod: u32,
    /// Of these, published.
    published: u32,
    /// Responses taken.
    rsp_cons: u32,
}

impl<'a, const W: usize, const N: usize> Front<'a, W, N> {
    /// The end of `page`, which is made an empty ring. No backend may use it yet.
    pub fn new(page: &'a SharedRing<W, N>) -> Self {
        page.req_prod.store(0, Ordering::Relaxed);
        page.req_event.store(1, Ordering::Relaxed);
        page.rsp_prod.store(0, Ordering::Relaxed);
        page.rsp_event.store(1, Ordering::Release);
        Front {
            page,
            req_prod: 0,
            published: 0,
            rsp_cons: 0,
        }
    }

    /// How many requests can be put.
    pub fn free(&self) -> usize {
        N - self.outstanding()
    }

    /// How many requests have no response yet.
    pub fn outstanding(&self) -> usize {
        self.req_prod.wrapping_sub(self.rsp_cons) as usize
    }

    /// The index of the next response, modulo `N`: the slot of the request it took the place of.
    pub fn next_slot(&self) -> usize {
        self.rsp_cons as usize % N
    }

    /// Puts a request and returns its slot; `None` when the ring is full. The backend sees it after
    /// [`publish`](Self::publish).
    pub fn put(&mut self, request: [u32; W]) -> Option<usize> {
        if self.free() == 0 {
            return None;
        }
        let index = self.req_prod as usize % N;
        for (word, value) in self.page.slots.get(index)?.iter().zip(request) {
            word.store(value, Ordering::Relaxed);
        }
        self.req_prod = self.req_prod.wrapping_add(1);
        Some(index)
    }

    /// How many requests were put since the last [`publish`](Self::publish).
    pub fn unpublished(&self) -> usize {
        self.req_prod.wrapping_sub(self.published) as usize
    }

    /// Shows the backend what was put; true when it wants an event for that.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        let (old, new) = (self.published, self.req_prod);
        if old == new {
            return false;
        }
        let early =
            mutated!(RingPublishesAfterLook).then(|| self.page.req_event.load(Ordering::Relaxed));
        self.published = new;
        // In one exchange, so that the load that follows is not done before it.
        self.page.req_prod.swap(new, Ordering::SeqCst);
        let event = early.unwrap_or_else(|| self.page.req_event.load(Ordering::Relaxed));
        new.wrapping_sub(event) < new.wrapping_sub(old)
    }

    /// How many responses can be taken.
    ///
    /// # Errors
    ///
    /// [`Overrun`]: the ring is of no use any more.
    pub fn waiting(&self) -> Result<usize, Overrun> {
        let waiting = self
            .page
            .rsp_prod
            .load(Ordering::Acquire)
            .wrapping_sub(self.rsp_cons);
        let asked = self.published.wrapping_sub(self.rsp_cons);
        if waiting > asked {
            Err(Overrun)
        } else {
            Ok(waiting as usize)
        }
    }

    /// The response `ahead` places after the next one, copied out. Its words are whatever the backend put there.
    pub fn peek(&self, ahead: usize) -> [u32; W] {
        let index = (self.rsp_cons as usize).wrapping_add(ahead) % N;
        let slot = self.page.slots.get(index);
        core::array::from_fn(|word| {
            slot.and_then(|slot| slot.get(word))
                .map_or(0, |word| word.load(Ordering::Relaxed))
        })
    }

    /// Takes `count` responses, of those that are [`waiting`](Self::waiting).
    pub fn take(&mut self, count: usize) {
        self.rsp_cons = self.rsp_cons.wrapping_add(count as u32);
    }

    /// Asks for an event after `more` further responses, at least 1; true when that many are there already, so that no
    /// event will come.
    ///
    /// # Errors
    ///
    /// [`Overrun`].
    pub fn ask_event(&mut self, more: usize) -> Result<bool, Overrun> {
        let before = self.waiting()? >= more;
        self.page
            .rsp_event
            .swap(self.rsp_cons.wrapping_add(more as u32), Ordering::SeqCst);
        if mutated!(RingSleepsWithoutLook) {
            return Ok(before);
        }
        Ok(self.waiting()? >= more)
    }

    /// Asks for no event.
    pub fn ask_no_event(&mut self) {
        self.page.rsp_event.store(self.rsp_cons, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;

// SPDX-License-Identifier: ISC
//! Packets out.

use super::{Broken, EXTRA_GSO, MAX_PACKET, Offload, PAGE, Pool, SLOTS, TxPage, flags};
use crate::ring::Front;
use core::ops::Range;

mod reserved;

/// `NETIF_RSP_NULL`: the response to a slot of extra information.
const NULL: i16 = 1;

/// The ring of packets to send.
pub struct Tx<'a> {
    ring: Front<'a, 3, SLOTS>,
    /// A bit a page: the backend has it.
    lent: [u64; SLOTS / 64],
    /// Packets, or pieces of them, that the backend says it has not sent.
    pub refused: u64,
}

impl<'a> Tx<'a> {
    /// An empty ring in `page`. The pages to send from are of a [`Pool`] that other rings may share: a page goes back to it when
    /// the backend of this ring has answered.
    pub fn new(page: &'a TxPage) -> Self {
        let mut ring = Front::new(page);
        ring.ask_no_event();
        Tx {
            ring,
            lent: [0; SLOTS / 64],
            refused: 0,
        }
    }

    /// Whether a packet of `len` bytes can be sent now, from pages of `pool`.
    pub fn has_room(&self, pool: &Pool, len: usize) -> bool {
        let pages = len.div_ceil(PAGE);
        pages <= pool.count && pages < self.ring.free()
    }

    /// How many pages the backend has.
    pub fn in_flight(&self) -> usize {
        self.lent
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Puts a packet of `len` bytes, for which there [has to be room](Self::has_room), into the ring. `fill` is given the
    /// number of a page and the part of the packet that goes to its start, and returns the page's grant reference. False
    /// when the packet is empty, too long, or there was no room. The backend sees it after [`publish`](Self::publish).
    pub fn put(
        &mut self,
        pool: &mut Pool,
        len: usize,
        offload: Offload,
        mut fill: impl FnMut(usize, Range<usize>) -> u32,
    ) -> bool {
        if len == 0 || len > MAX_PACKET || !self.has_room(pool, len) {
            return false;
        }
        let gso = offload.gso.filter(|gso| gso.size != 0);
        let mut all = 0;
        if offload.blank || gso.is_some() {
            // Blank means that what there is has been found good.
            all |= flags::TX_CSUM_BLANK | flags::TX_DATA_VALIDATED;
        } else if offload.validated {
            all |= flags::TX_DATA_VALIDATED;
        }
        let mut at = 0;
        while at < len {
            let end = len.min(at + PAGE);
            let Some(page) = pool.take() else {
                return false;
            };
            let reference = fill(usize::from(page), at..end);
            let more = if end < len { flags::MORE_DATA } else { 0 };
            let first = at == 0;
            let extra = if first && gso.is_some() {
                flags::EXTRA_INFO
            } else {
                0
            };
            // The first request has the size of all.
            let size = if first { len } else { end - at };
            let word = u32::from(all | more | extra) << 16;
            self.ring
                .put([reference, word, u32::from(page) | (size as u32) << 16]);
            if let Some(word) = self.lent.get_mut(usize::from(page) / 64) {
                *word |= 1 << (page % 64);
            }
            if let Some(gso) = gso.filter(|_| first) {
                let kind = if gso.v6 { 2 } else { 1 };
                self.ring
                    .put([EXTRA_GSO | u32::from(gso.size) << 16, kind, 0]);
            }
            all = 0;
            at = end;
        }
        true
    }

    /// Shows the backend what was put; true when it wants an event for that.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        self.ring.publish()
    }

    /// Gives `pool` back the pages of packets that were sent.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn reap(&mut self, pool: &mut Pool) -> Result<(), Broken> {
        for _ in 0..self.ring.waiting()? {
            let [word, _, _] = self.ring.peek(0);
            self.ring.take(1);
            let status = (word >> 16) as i16;
            if status == NULL {
                continue;
            }
            let id = word as usize & 0xffff;
            let bit = 1 << (id % 64);
            let lent = self.lent.get_mut(id / 64).filter(|lent| **lent & bit != 0);
            *lent.ok_or(Broken::BadId)? &= !bit;
            pool.give(id as u8);
            self.refused += u64::from(status < 0);
        }
        Ok(())
    }

    /// Asks for an event when a few packets were sent; true when some were already: [`reap`](Self::reap) them.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn ask_event(&mut self) -> Result<bool, Broken> {
        let more = (self.ring.outstanding() / 2).max(1);
        Ok(self.ring.ask_event(more)?)
    }

    /// Asks for no event.
    pub fn ask_no_event(&mut self) {
        self.ring.ask_no_event();
    }
}

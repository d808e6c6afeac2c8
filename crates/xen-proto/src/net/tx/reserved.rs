// SPDX-License-Identifier: ISC
//! Pages that a packet is written into where it will be sent from.

use super::{Offload, PAGE, Pool, Tx, flags};

impl Tx<'_> {
    /// Puts the packet of `len` bytes, 1 to [`PAGE`], at the start of a page that [`Pool::reserve`] gave, into the ring. False, and the page is still reserved, when there is no room any more or the length is none.
    pub fn put_reserved(
        &mut self,
        page: usize,
        reference: u32,
        len: usize,
        offload: Offload,
    ) -> bool {
        let Some(word) = self.lent.get_mut(page / 64) else {
            return false;
        };
        if len == 0 || len > PAGE || self.ring.free() == 0 {
            return false;
        }
        let mut all = 0;
        if offload.blank {
            all = flags::TX_CSUM_BLANK | flags::TX_DATA_VALIDATED;
        } else if offload.validated {
            all = flags::TX_DATA_VALIDATED;
        }
        self.ring.put([
            reference,
            u32::from(all) << 16,
            page as u32 | (len as u32) << 16,
        ]);
        *word |= 1 << (page % 64);
        true
    }
}

impl Pool {
    /// Takes a page for a packet that is yet to be written; its number. `None` while there is none. It is to be
    /// [sent](Tx::put_reserved) or [given back](Self::unreserve).
    pub fn reserve(&mut self) -> Option<usize> {
        self.take().map(usize::from)
    }

    /// Gives a reserved page back.
    pub fn unreserve(&mut self, page: usize) {
        self.give(page as u8);
    }
}

// SPDX-License-Identifier: ISC
//! Packets in.

use super::{Broken, EXTRA_GSO, EXTRA_MORE, Gso, Offload, PAGE, Pool, RxPage, SLOTS, flags};
use crate::ring::Front;

/// The most pieces of a packet: 64 KiB in pages, and some to spare for headers in pages of their own.
pub const MAX_FRAGMENTS: usize = 20;
/// The most slots of extra information in one packet: one of each kind.
const MAX_EXTRAS: usize = 4;

/// A piece of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// The page's number.
    pub page: usize,
    /// Where in the page; `offset + len` is at most a page.
    pub offset: usize,
    /// Bytes.
    pub len: usize,
}

/// A packet that came, still in the backend's pages.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    fragments: [Fragment; MAX_FRAGMENTS],
    count: usize,
    slots: usize,
    /// Bytes of all pieces.
    pub len: usize,
    /// What the packet leaves to do.
    pub offload: Offload,
    /// The backend could not deliver all of it: nothing of it counts.
    pub failed: bool,
}

impl Packet {
    /// The pieces.
    pub fn fragments(&self) -> &[Fragment] {
        self.fragments.get(..self.count).unwrap_or(&[])
    }
}

/// The ring of pages to receive into.
pub struct Rx<'a> {
    ring: Front<'a, 2, SLOTS>,
    /// Pages that are not in the ring.
    pages: Pool,
    /// The page that each slot's request was for. Responses come in the order of requests, which is the only way to know
    /// what request a slot of extra information took the place of.
    order: [u8; SLOTS],
}

impl<'a> Rx<'a> {
    /// An empty ring in `page`, with `pages` pages to receive into, at most [`SLOTS`].
    pub fn new(page: &'a RxPage, pages: usize) -> Self {
        Rx {
            ring: Front::new(page),
            pages: Pool::new(pages),
            order: [0; SLOTS],
        }
    }

    /// Puts all pages that are not in the ring into it; `reference` has their grants. The backend sees them after
    /// [`publish`](Self::publish).
    pub fn refill(&mut self, reference: impl Fn(usize) -> u32) {
        while self.ring.free() > 0
            && let Some(page) = self.pages.take()
        {
            let slot = self
                .ring
                .put([u32::from(page), reference(usize::from(page))]);
            if let Some(place) = slot.and_then(|slot| self.order.get_mut(slot)) {
                *place = page;
            }
        }
    }

    /// How many requests the backend was not shown yet.
    pub fn unpublished(&self) -> usize {
        self.ring.unpublished()
    }

    /// Shows the backend the new requests; true when it wants an event for that.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        self.ring.publish()
    }

    /// The next packet, if all of it is there. Its bytes stay until [`finish`](Self::finish), but the backend can change
    /// them as long as it likes: copy them once.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn next(&self) -> Result<Option<Packet>, Broken> {
        let waiting = self.ring.waiting()?;
        let mut packet = Packet {
            fragments: [Fragment::default(); MAX_FRAGMENTS],
            count: 0,
            slots: 0,
            len: 0,
            offload: Offload::default(),
            failed: false,
        };
        loop {
            if packet.slots == waiting {
                return Ok(None);
            }
            let flags = self.fragment(&mut packet)?;
            if flags & flags::EXTRA_INFO != 0 {
                let mut extras = 0;
                loop {
                    if packet.slots == waiting {
                        return Ok(None);
                    }
                    let more = self.extra(&mut packet)?;
                    extras += 1;
                    if !more {
                        break;
                    }
                    if extras == MAX_EXTRAS {
                        return Err(Broken::BadPacket);
                    }
                }
            }
            if flags & flags::MORE_DATA == 0 {
                return Ok(Some(packet));
            }
        }
    }

    /// Adds the next slot to the packet as a piece; its flags.
    fn fragment(&self, packet: &mut Packet) -> Result<u16, Broken> {
        let slot = (self.ring.next_slot() + packet.slots) % SLOTS;
        let [first, second] = self.ring.peek(packet.slots);
        let page = self.order.get(slot).copied().unwrap_or(0);
        if first & 0xffff != u32::from(page) {
            return Err(Broken::BadId);
        }
        let (flags, status) = (second as u16, (second >> 16) as i16);
        if packet.slots == 0 {
            packet.offload.blank = flags & flags::RX_CSUM_BLANK != 0;
            packet.offload.validated =
                flags & (flags::RX_DATA_VALIDATED | flags::RX_CSUM_BLANK) != 0;
        }
        let piece = Fragment {
            page: usize::from(page),
            offset: (first >> 16) as usize,
            len: usize::try_from(status).unwrap_or(0),
        };
        packet.failed |= status < 0;
        if piece.offset + piece.len > PAGE {
            return Err(Broken::BadLength);
        }
        *packet
            .fragments
            .get_mut(packet.count)
            .ok_or(Broken::BadPacket)? = piece;
        packet.count += 1;
        packet.len += piece.len;
        packet.slots += 1;
        Ok(flags)
    }

    /// Adds the next slot to the packet as extra information; whether another one follows.
    fn extra(&self, packet: &mut Packet) -> Result<bool, Broken> {
        let [first, second] = self.ring.peek(packet.slots);
        packet.slots += 1;
        if first & 0xff == EXTRA_GSO {
            let v6 = match second as u8 {
                1 => false,
                2 => true,
                _ => return Err(Broken::BadPacket),
            };
            let size = (first >> 16) as u16;
            packet.offload.gso = Some(Gso { size, v6 }).filter(|gso| gso.size != 0);
        } else if !(1..=4).contains(&(first & 0xff)) {
            return Err(Broken::BadPacket);
        }
        Ok(first & EXTRA_MORE != 0)
    }

    /// Takes a packet that [`next`](Self::next) returned out of the ring; its pages can be used again.
    pub fn finish(&mut self, packet: &Packet) {
        for ahead in 0..packet.slots {
            let slot = (self.ring.next_slot() + ahead) % SLOTS;
            self.pages.give(self.order.get(slot).copied().unwrap_or(0));
        }
        self.ring.take(packet.slots);
    }

    /// Whether there is a packet; if not, there will be an event when more of one comes. Half a packet is none: a backend that
    /// leaves it at that gets nobody to look at it again and again.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn ask_event(&mut self) -> Result<bool, Broken> {
        loop {
            let waiting = self.ring.waiting()?;
            if self.next()?.is_some() {
                return Ok(true);
            }
            // Each time round there is more than before, and there is no more than the ring holds.
            if !self.ring.ask_event(waiting + 1)? {
                return Ok(false);
            }
        }
    }
}

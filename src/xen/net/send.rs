// SPDX-License-Identifier: ISC
//! Packets out.

use super::Interface;
use xen_proto::net::{Broken, MAX_PACKET, Offload, flow};

impl Interface {
    /// The queue that a packet goes out on.
    pub fn queue_of(&self, packet: &[u8]) -> usize {
        flow(packet, self.count)
    }

    /// Whether a packet of `len` bytes can be sent on a queue; looks for pages that came back.
    pub fn has_room(&mut self, queue: usize, len: usize) -> Result<bool, Broken> {
        if self.room(queue, len) {
            return Ok(true);
        }
        self.reap()?;
        Ok(self.room(queue, len))
    }

    fn room(&self, queue: usize, len: usize) -> bool {
        let queue = self.queues.get(queue).and_then(Option::as_ref);
        queue.is_some_and(|queue| queue.tx.has_room(&self.pool, len))
    }

    fn reap(&mut self) -> Result<(), Broken> {
        let pool = &mut self.pool;
        let mut queues = self.queues.iter_mut().flatten();
        queues.try_for_each(|queue| queue.tx.reap(pool))
    }

    /// Puts a packet into the ring of its queue; false when it is too long or there is no room. The backend sees it after
    /// [`publish_sent`](Self::publish_sent).
    pub fn send(&mut self, queue: usize, packet: &[u8], offload: Offload) -> Result<bool, Broken> {
        let len = packet.len();
        let room = len <= MAX_PACKET && self.has_room(queue, len)?;
        let pages = &self.pages;
        let put = room
            && self.queues.get_mut(queue).is_some_and(|queue| {
                queue.as_mut().is_some_and(|queue| {
                    queue.tx.put(&mut self.pool, len, offload, |number, part| {
                        if let (Some(page), Some(bytes)) = (pages.page(number), packet.get(part)) {
                            page.put(0, bytes);
                        }
                        pages.reference(number)
                    })
                })
            });
        self.count_sent(put, len);
        Ok(put)
    }

    pub(super) fn count_sent(&mut self, put: bool, len: usize) {
        if put {
            self.statistics.sent += 1;
            self.statistics.sent_bytes += len as u64;
        } else {
            self.statistics.sent_dropped += 1;
        }
    }

    /// Shows the backend what was sent on a queue; true when it wants an event for that.
    #[must_use]
    pub fn publish_sent(&mut self, queue: usize) -> bool {
        let queue = self.queues.get_mut(queue).and_then(Option::as_mut);
        queue.is_some_and(|queue| queue.tx.publish())
    }

    /// How many pages the backend has to send from.
    pub fn in_flight(&mut self) -> Result<usize, Broken> {
        self.reap()?;
        Ok(self.active().map(|queue| queue.tx.in_flight()).sum())
    }

    /// Asks for an event of any queue when there is more room to send; true when there is already.
    pub fn ask_room(&mut self) -> Result<bool, Broken> {
        let mut there = false;
        for queue in self.active() {
            there |= queue.tx.ask_event()?;
        }
        if there {
            self.active().for_each(|queue| queue.tx.ask_no_event());
        }
        Ok(there)
    }
}

// SPDX-License-Identifier: ISC
//! Packets in, from all queues in turn.

use super::super::lent::LentPages;
use super::{BATCH, DEFAULT_PAGES, Interface, Queue};
use xen_proto::net::{Broken, Cut, MAX_HEADERS, Packet, fill_checksum};

impl Interface {
    /// Copies the next frame into `buffer`, puts its pages back, and returns its length. Frames longer than the buffer, and ones that
    /// the backend had not all of, are dropped. A blank checksum is computed, and a segment of TCP that is larger than `most` bytes
    /// is cut into the frames that it stands for.
    pub fn receive(&mut self, buffer: &mut [u8], most: usize) -> Result<Option<usize>, Broken> {
        loop {
            let frame = if self.cut.is_some() {
                self.next_piece(buffer)
            } else {
                let Some(packet) = self.next_packet()? else {
                    return Ok(None);
                };
                let is_large = packet.offload.gso.is_some() && packet.len > most;
                if is_large && self.start_cut(&packet) {
                    continue;
                }
                let frame = self.take_whole(&packet, buffer, true);
                self.put_back(&packet);
                frame
            };
            if let Some(len) = self.count_received(frame) {
                return Ok(Some(len));
            }
        }
    }

    /// The next packet. Its queue has its turn; the one behind it is looked at first the next time.
    #[inline(always)]
    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>, Broken> {
        let mut index = self.turn;
        for _ in 0..self.count {
            index += 1;
            if index >= self.count {
                index = 0;
            }
            if let Some(Some(queue)) = self.queues.get(index)
                && let Some(packet) = queue.rx.next()?
            {
                self.turn = index;
                return Ok(Some(packet));
            }
        }
        Ok(None)
    }

    pub(super) fn count_received(&mut self, frame: Option<usize>) -> Option<usize> {
        match frame {
            Some(len) => {
                self.statistics.received += 1;
                self.statistics.received_bytes += len as u64;
            }
            None => self.statistics.received_dropped += 1,
        }
        frame
    }

    /// Takes a packet of the queue whose turn it is out of the ring.
    pub(super) fn put_back(&mut self, packet: &Packet) {
        if let Some(Some(queue)) = self.queues.get_mut(self.turn) {
            queue.rx.finish(packet);
            queue.refill(&self.pages);
        }
    }

    /// The page that the queue whose turn it is calls 0.
    fn first(&self) -> usize {
        let queue = self.queues.get(self.turn).and_then(Option::as_ref);
        queue.map_or(0, |queue| queue.first)
    }

    /// All of a packet, if it is good and there is room.
    pub(super) fn take_whole(
        &self,
        packet: &Packet,
        buffer: &mut [u8],
        fill: bool,
    ) -> Option<usize> {
        let good = !packet.failed && packet.len != 0;
        let target = buffer.get_mut(..packet.len).filter(|_| good)?;
        copy(&self.pages, self.first(), packet, 0, target);
        if packet.offload.blank && fill {
            fill_checksum(target);
        }
        Some(packet.len)
    }

    /// Begins to cut a packet; false if it cannot be. Apart from what each packet takes: the state is large to move.
    #[cold]
    fn start_cut(&mut self, packet: &Packet) -> bool {
        let Some(gso) = packet.offload.gso.filter(|_| !packet.failed) else {
            return false;
        };
        // Read once: what the backend changes afterwards is payload.
        let mut headers = [0; MAX_HEADERS];
        if let Some(headers) = headers.get_mut(..packet.len.min(MAX_HEADERS)) {
            copy(&self.pages, self.first(), packet, 0, headers);
            self.cut = Cut::new(headers, packet.len, gso).map(|cut| (cut, *packet));
        }
        self.cut.is_some()
    }

    /// The next frame of the segment that is being cut.
    fn next_piece(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let first = self.first();
        let (cut, packet) = self.cut.as_mut()?;
        let pages = &self.pages;
        let frame = cut.next(buffer, |at, target| copy(pages, first, packet, at, target));
        if cut.is_over()
            && let Some((_, packet)) = self.cut.take()
        {
            self.put_back(&packet);
        }
        frame
    }

    /// Shows the backend the pages that were put back, once there are some or, before a wait, in any case: a bit for each queue
    /// on which it wants an event for that.
    #[must_use]
    pub fn publish_pages(&mut self, all: bool) -> u32 {
        let publish =
            |queue: &mut Queue| (all || queue.rx.unpublished() >= BATCH) && queue.rx.publish();
        let queues = self.active().enumerate();
        queues.fold(0, |events, (index, queue)| {
            events | u32::from(publish(queue)) << index
        })
    }

    /// Whether there is a packet; if not, the next one of any queue raises an event.
    pub fn ask_packet(&mut self) -> Result<bool, Broken> {
        if self.cut.is_some() {
            return Ok(true);
        }
        for queue in self.active() {
            if queue.rx.ask_event()? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Copies the bytes of a packet from `from` on; the ring's page 0 is `pages`' page `first`.
fn copy(
    pages: &LentPages<DEFAULT_PAGES>,
    first: usize,
    packet: &Packet,
    from: usize,
    target: &mut [u8],
) {
    let (mut skip, mut rest) = (from, target);
    for piece in packet.fragments() {
        if skip >= piece.len {
            skip -= piece.len;
            continue;
        }
        let (now, later) = rest.split_at_mut((piece.len - skip).min(rest.len()));
        if let Some(page) = pages.page(first + piece.page) {
            page.get(piece.offset + skip, now);
        }
        (skip, rest) = (0, later);
        if rest.is_empty() {
            break;
        }
    }
}

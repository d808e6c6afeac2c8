// SPDX-License-Identifier: ISC
//! Packets out and in, and waiting for either.

use super::NetDriver;
use crate::xen::net::Interface;
use crate::xen::{events, time};
use xen_proto::net::{Broken, Offload};

/// How long sending waits for room, in ns, before a packet is dropped.
const PATIENCE_ROOM: u64 = 100_000_000;

impl NetDriver {
    /// Waits a moment for room to send `len` bytes on a queue.
    fn wait_for_room(&mut self, queue: usize, len: usize) -> Result<bool, Broken> {
        if self.interface.has_room(queue, len)? {
            self.stalled = false;
            return Ok(true);
        }
        if self.stalled {
            return Ok(false);
        }
        // The pages are those of all queues: any of them may give some back.
        self.let_tx(true);
        let deadline = time::monotonic().saturating_add(PATIENCE_ROOM);
        let mut room = Ok(false);
        events::wait_often(deadline, || {
            self.clear_tx();
            room = self.interface.has_room(queue, len);
            if room == Ok(false) {
                room = match self.interface.ask_room() {
                    Ok(true) => self.interface.has_room(queue, len),
                    other => other,
                };
            }
            room != Ok(false)
        });
        self.let_tx(false);
        self.stalled = room == Ok(false);
        room
    }

    /// Whether the backend does not take such a packet. Without a backend any is dropped.
    pub fn refuses(&self, size: usize, offload: Offload, v6: bool) -> bool {
        self.connected && !self.takes.takes(size, offload, v6)
    }

    pub fn send(&mut self, frame: &[u8], offload: Offload) -> Result<(), Broken> {
        let queue = self.interface.queue_of(frame);
        if !self.connected || !self.wait_for_room(queue, frame.len())? {
            self.interface.statistics.sent_dropped += 1;
            return Ok(());
        }
        self.interface.send(queue, frame, offload)?;
        if self.interface.publish_sent(queue) {
            self.notify_tx(queue);
        }
        Ok(())
    }

    /// Receives by `receive`, of the interface.
    pub fn receive<T>(
        &mut self,
        receive: impl FnOnce(&mut Interface) -> Result<Option<T>, Broken>,
    ) -> Result<Option<T>, Broken> {
        if !self.connected {
            return Ok(None);
        }
        let received = receive(&mut self.interface)?;
        let queues = self.interface.publish_pages(received.is_none());
        if queues != 0 {
            self.notify_rx(queues);
        }
        Ok(received)
    }

    /// Whether there is a packet; if not, the next one raises an event. Forgets the events that came.
    pub fn is_ready(&mut self) -> Result<bool, Broken> {
        if !self.connected {
            return Ok(false);
        }
        self.clear_rx();
        let queues = self.interface.publish_pages(true);
        self.notify_rx(queues);
        self.interface.ask_packet()
    }
}

// SPDX-License-Identifier: ISC
//! Packets received as they came: segments of TCP uncut, checksums blank.

use super::Interface;
use xen_proto::net::{Broken, Offload};

impl Interface {
    /// The next packet as it came: its length, and what it leaves to do. Otherwise like [`receive`](Self::receive).
    pub fn receive_whole(&mut self, buffer: &mut [u8]) -> Result<Option<(usize, Offload)>, Broken> {
        if self.cut.take().is_some() {
            // It comes whole, once more: it is still the first of its queue, whose turn it is once more.
            self.turn = self.turn.checked_sub(1).unwrap_or(self.count - 1);
        }
        loop {
            let Some(packet) = self.next_packet()? else {
                return Ok(None);
            };
            let frame = self.take_whole(&packet, buffer, false);
            self.put_back(&packet);
            if let Some(len) = self.count_received(frame) {
                return Ok(Some((len, packet.offload)));
            }
        }
    }
}

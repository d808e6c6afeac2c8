// SPDX-License-Identifier: ISC
//! Packets received as they came: segments of TCP uncut, checksums blank.

use super::Interface;
use xen_proto::net::{Broken, Offload};

impl Interface {
    /// The next packet as it came: its length, and what it leaves to do. Otherwise like [`receive`](Self::receive).
    pub fn receive_whole(&mut self, buffer: &mut [u8]) -> Result<Option<(usize, Offload)>, Broken> {
        loop {
            let Some(packet) = self.rx.next()? else {
                return Ok(None);
            };
            // One that is being cut comes whole, once more.
            self.cut = None;
            let frame = self.take_whole(&packet, buffer, false);
            self.put_back(&packet);
            if let Some(len) = self.count(frame) {
                return Ok(Some((len, packet.offload)));
            }
        }
    }
}

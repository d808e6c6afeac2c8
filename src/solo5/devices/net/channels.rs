// SPDX-License-Identifier: ISC
//! The event channels of an interface's queues, and what the backend is told of a queue.

use super::NetDriver;
use crate::xen::channel::Channel;
use xen_proto::net::MOST_QUEUES;
use xen_proto::xenbus::Keys;

/// One event channel for both directions, or one each.
pub struct Channels {
    rx: Channel,
    tx: Option<Channel>,
}

impl Channels {
    /// Lets events in.
    pub fn start(&self) {
        self.rx.unmask();
        // The backend may have looked at the ring before it could be notified.
        self.rx.notify();
    }

    /// Whether the backend has bound them.
    pub fn is_bound(&self) -> bool {
        self.rx.is_bound() && self.tx.as_ref().is_none_or(Channel::is_bound)
    }

    /// The one that events about what was sent come on.
    fn sent(&self) -> &Channel {
        self.tx.as_ref().unwrap_or(&self.rx)
    }
}

impl NetDriver {
    /// Makes event channels for all queues, and adds what the backend has to know of these. A single queue is described in the
    /// frontend's folder itself, as it is to a backend that knows of one only.
    pub fn offer_queues(&mut self, keys: Keys, domid: u16, split: bool) -> Option<Keys> {
        let queues = self.interface.queues();
        let mut keys = keys;
        if queues > 1 || self.wrote_queues {
            keys = keys.number(b"multi-queue-num-queues", queues as u64);
            self.wrote_queues = true;
        }
        for (queue, place) in self.channels.iter_mut().enumerate().take(queues) {
            let [tx, rx] = self.interface.references(queue);
            keys = keys
                .of_queue((queues > 1).then_some(queue))
                .number(b"tx-ring-ref", u64::from(tx))
                .number(b"rx-ring-ref", u64::from(rx));
            let rx = Channel::offer(domid).ok()?;
            let tx = if split {
                let tx = Channel::offer(domid).ok()?;
                keys = keys
                    .number(b"event-channel-tx", u64::from(tx.port()))
                    .number(b"event-channel-rx", u64::from(rx.port()));
                Some(tx)
            } else {
                if self.wrote_split {
                    // A backend looks at these first.
                    keys = keys.absent(b"event-channel-tx").absent(b"event-channel-rx");
                }
                keys = keys.number(b"event-channel", u64::from(rx.port()));
                None
            };
            *place = Some(Channels { rx, tx });
        }
        self.wrote_split |= split;
        Some(keys)
    }

    /// Tells the backend of what was sent on a queue.
    pub fn notify_tx(&self, queue: usize) {
        if let Some(Some(channels)) = self.channels.get(queue) {
            channels.sent().notify();
        }
    }

    /// Tells the backend of pages to receive into, on the queues whose bits are set.
    pub fn notify_rx(&self, queues: u32) {
        for (queue, channels) in self.channels.iter().enumerate() {
            if queues & 1 << queue != 0
                && let Some(channels) = channels
            {
                channels.rx.notify();
            }
        }
    }

    /// Forgets the events of packets that came.
    pub fn clear_rx(&self) {
        for channels in self.channels.iter().flatten() {
            channels.rx.clear();
        }
    }

    /// Forgets the events of what was sent.
    pub fn clear_tx(&self) {
        for channels in self.channels.iter().flatten() {
            channels.sent().clear();
        }
    }

    /// Lets events of what was sent through, or, where they have a channel of their own, holds them back.
    pub fn let_tx(&self, through: bool) {
        for channels in self.channels.iter().flatten() {
            match &channels.tx {
                Some(tx) if !through => tx.mask(),
                _ => channels.sent().unmask(),
            }
        }
    }
}

// All that may be said of an interface at once fits: see `Keys`.
const _: () = assert!(6 + 1 + MOST_QUEUES * 5 <= Keys::MOST);

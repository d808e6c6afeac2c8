// SPDX-License-Identifier: ISC
//! A network interface: its queues, and the pages that packets lie in.
//!
//! Interface: `xen/include/public/io/netif.h`, over `xen_proto::net`. Pages are granted once and reused, so that a packet
//! costs a copy each way and no hypercall. A queue is two rings. All queues send from the same pages, each receives into some of
//! its own. Who connects the interface to a backend, and sends events, is the caller: the core's devices or the bindings. After an
//! error the rings are of no use until they are [offered](Interface::offer) again.

use super::grants::Error;
use super::lent::LentPages;
use xen_proto::net::{
    Cut, MOST_QUEUES, Packet, Pool, QUEUE_PAGES, Rx, RxPage, Tx, TxPage, queues, share,
};

#[cfg(feature = "bindings")]
mod direct;
mod receive;
mod send;
mod whole;

/// Pages to send from, at most.
const TX_PAGES: usize = 112;
/// Pages to receive into, at most; a ring takes twice as many.
const RX_PAGES: usize = 128;
/// Pages put back before the backend is shown them, so that this costs little.
const BATCH: usize = 16;

/// The pages that a default interface has, the most.
pub const DEFAULT_PAGES: usize = 2 + TX_PAGES + RX_PAGES;
/// Enough for the rings and one 64 KiB packet each way.
const ENOUGH: usize = 2 + 2 * QUEUE_PAGES;
/// The least: enough, too, when a backend of before keeps the rings.
pub const LEAST_PAGES: usize = ENOUGH + 2;

// So a ring with a free page always has a free slot: a packet has a page at least, and one slot of extra information at most.
const _: () = assert!(2 * TX_PAGES < xen_proto::net::SLOTS);

/// What went through an interface.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Statistics {
    /// Packets that were received.
    pub received: u64,
    /// Bytes of these.
    pub received_bytes: u64,
    /// Packets that came and were not delivered: too long for the buffer, or the backend had not all of them.
    pub received_dropped: u64,
    /// Packets that were sent.
    pub sent: u64,
    /// Bytes of these.
    pub sent_bytes: u64,
    /// Packets that were not sent, as there was no room or no backend.
    pub sent_dropped: u64,
    /// Connections to a backend.
    pub connections: u64,
}

/// Two rings.
struct Queue {
    tx: Tx<'static>,
    rx: Rx<'static>,
    /// The first page that it receives into; the ring numbers them from 0.
    first: usize,
}

/// What the pages that there are are used for.
#[derive(Clone, Copy)]
struct Shares {
    /// To send from.
    tx: usize,
    /// To receive into.
    rx: usize,
    /// The most queues, each with two rings.
    queues: usize,
}

impl Shares {
    /// Of `pages` pages, with up to `wanted` queues: as many as have enough.
    fn of(pages: usize, wanted: usize) -> Option<Self> {
        let queues = wanted.clamp(1, MOST_QUEUES).min(pages / ENOUGH);
        let data = pages - 2 * queues;
        let rx = (data * RX_PAGES / (TX_PAGES + RX_PAGES)).min(RX_PAGES);
        let tx = (data - rx).min(TX_PAGES);
        (queues != 0).then_some(Shares { tx, rx, queues })
    }

    /// The pages of a queue's rings, the one to send on and the one to receive on.
    fn rings(&self, queue: usize) -> [usize; 2] {
        let first = self.tx + self.rx + 2 * queue;
        [first, first + 1]
    }
}

/// An interface's queues and pages.
pub struct Interface {
    /// First those to send from, then those to receive into, then the rings.
    pages: LentPages<DEFAULT_PAGES>,
    shares: Shares,
    /// The pages to send from that are in no ring.
    pool: Pool,
    queues: [Option<Queue>; MOST_QUEUES],
    /// How many of them there are, at least one; and are wanted.
    count: usize,
    wanted: usize,
    /// The queue that was received from last.
    turn: usize,
    /// A segment of TCP that is being handed out frame by frame, and the packet that it came in, on the queue whose turn it is.
    cut: Option<(Cut, Packet)>,
    /// What went through it.
    pub statistics: Statistics,
}

impl Interface {
    /// An interface in the `pages` pages from `address` on, at least [`LEAST_PAGES`], with up to `wanted` queues, 1 to
    /// [`MOST_QUEUES`], which share the pages.
    ///
    /// # Safety
    /// The pages are the caller's alone for ever, and nothing else refers to them.
    pub unsafe fn new(address: usize, pages: usize, wanted: usize) -> Option<Self> {
        if pages < LEAST_PAGES {
            return None;
        }
        let shares = Shares::of(pages, wanted)?;
        // SAFETY: the caller's promise.
        let pages = unsafe { LentPages::new(address, pages) };
        Some(Interface {
            pages,
            shares,
            pool: Pool::new(0),
            queues: [const { None }; MOST_QUEUES],
            count: 1,
            wanted,
            turn: 0,
            cut: None,
            statistics: Statistics::default(),
        })
    }

    /// Empties the rings and lets domain `peer` use them, of which `offered` is how many queues it takes: what it says in
    /// `multi-queue-max-queues`, if that is a number. What was in flight is lost, as packets may be. The [queues](Self::queues) are
    /// numbered from 0 on.
    pub fn offer(&mut self, peer: u16, offered: Option<u64>) -> Result<(), Error> {
        self.queues = [const { None }; MOST_QUEUES];
        if !self.pages.is_lent_to(peer) {
            self.pages.take_back();
            // Nothing refers to pages by number any more.
            self.pages.compact();
            let shares = Shares::of(self.pages.count(), self.wanted).ok_or(Error::StillMapped)?;
            self.pages.lend(peer, |page| page >= shares.tx)?;
            self.shares = shares;
        }
        let Shares {
            tx,
            rx,
            queues: most,
        } = self.shares;
        self.pool = Pool::new(tx);
        self.count = queues(offered, most, rx);
        self.turn = 0;
        self.cut = None;
        for (index, place) in self.queues.iter_mut().enumerate().take(self.count) {
            let own = share(rx, self.count, index);
            let rings = self.shares.rings(index);
            let first = tx + own.start;
            let (tx, rx) = start(&self.pages, rings, own.len()).ok_or(Error::StillMapped)?;
            let queue = place.insert(Queue { tx, rx, first });
            queue.refill(&self.pages);
            // Nobody is there yet who would want an event.
            let _ = queue.rx.publish();
        }
        self.statistics.connections += 1;
        Ok(())
    }

    /// How many queues there are.
    pub fn queues(&self) -> usize {
        self.count
    }

    /// The grants of a queue's rings, the one to send on and the one to receive on.
    pub fn references(&self, queue: usize) -> [u32; 2] {
        self.shares
            .rings(queue)
            .map(|ring| self.pages.reference(ring))
    }

    fn active(&mut self) -> impl Iterator<Item = &mut Queue> {
        self.queues.iter_mut().flatten()
    }
}

impl Queue {
    /// Puts all its pages that are free into the ring.
    fn refill(&mut self, pages: &LentPages<DEFAULT_PAGES>) {
        let first = self.first;
        self.rx.refill(|page| pages.reference(first + page));
    }
}

/// Empty rings in two pages.
fn start(
    pages: &LentPages<DEFAULT_PAGES>,
    [tx, rx]: [usize; 2],
    rx_pages: usize,
) -> Option<(Tx<'static>, Rx<'static>)> {
    let (tx, rx) = (pages.page(tx)?, pages.page(rx)?);
    // SAFETY: both types are atomic integers throughout.
    let (tx, rx): (&TxPage, &RxPage) = unsafe { (tx.view(), rx.view()) };
    Some((Tx::new(tx), Rx::new(rx, rx_pages)))
}

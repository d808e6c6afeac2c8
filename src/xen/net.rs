// SPDX-License-Identifier: ISC
//! A network interface: its rings, and the pages that packets lie in.
//!
//! Interface: `xen/include/public/io/netif.h`, over `xen_proto::net`. Pages are granted once and reused, so that a packet
//! costs a copy each way and no hypercall. Who connects it to a backend, and sends events, is the caller: the core's
//! devices or the bindings. After an error the rings are of no use until they are [offered](Interface::offer) again.

use super::grants::Error;
use super::lent::LentPages;
use super::platform::PAGE;
use xen_proto::net::{
    Broken, Cut, MAX_HEADERS, MAX_PACKET, Offload, Packet, Rx, RxPage, Tx, TxPage, fill_checksum,
};

#[cfg(feature = "bindings")]
mod direct;
#[cfg(feature = "solo5")]
mod whole;

/// Pages to send from, at most.
const TX_PAGES: usize = 112;
/// Pages to receive into, at most; the ring takes twice as many.
const RX_PAGES: usize = 128;
/// Pages put back before the backend is shown them, so that this costs little.
const BATCH: usize = 16;

/// The pages that a default interface uses, and the least that one can do with.
pub const DEFAULT_PAGES: usize = 2 + TX_PAGES + RX_PAGES;
/// Enough for one 64 KiB packet each way.
pub const LEAST_PAGES: usize = 2 + 2 * 20;

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

/// What the backend has to be told.
pub struct Offer {
    /// The grant of the ring to send on.
    pub tx_reference: u32,
    /// The grant of the ring to receive on.
    pub rx_reference: u32,
}

/// An interface's rings and pages.
pub struct Interface {
    rings: LentPages<2>,
    tx_pages: LentPages<TX_PAGES>,
    rx_pages: LentPages<RX_PAGES>,
    tx: Tx<'static>,
    rx: Rx<'static>,
    /// A segment of TCP that is being handed out frame by frame, and the packet that it came in.
    cut: Option<(Cut, Packet)>,
    /// What went through it.
    pub statistics: Statistics,
}

impl Interface {
    /// An interface in the `pages` pages from `address` on, at least [`LEAST_PAGES`].
    ///
    /// # Safety
    /// The pages are the caller's alone for ever, and nothing else refers to them.
    pub unsafe fn new(address: usize, pages: usize) -> Option<Self> {
        if pages < LEAST_PAGES {
            return None;
        }
        let data = pages - 2;
        let rx_count = (data * RX_PAGES)
            .div_ceil(TX_PAGES + RX_PAGES)
            .min(RX_PAGES);
        let tx_count = (data - rx_count).min(TX_PAGES);
        // SAFETY: three parts of the caller's pages that do not overlap.
        let (rings, tx_pages, rx_pages) = unsafe {
            (
                LentPages::new(address, 2, true),
                LentPages::new(address + 2 * PAGE, tx_count, false),
                LentPages::new(address + (2 + tx_count) * PAGE, rx_count, true),
            )
        };
        let (tx, rx) = start(&rings, 0, 0)?;
        Some(Interface {
            rings,
            tx_pages,
            rx_pages,
            tx,
            rx,
            cut: None,
            statistics: Statistics::default(),
        })
    }

    /// Empties the rings and lets domain `peer` use them. What was in flight is lost, as packets may be.
    pub fn offer(&mut self, peer: u16) -> Result<Offer, Error> {
        self.rings.lend(peer, |_| false)?;
        self.tx_pages.lend(peer, |_| false)?;
        self.rx_pages.lend(peer, |_| false)?;
        // Nothing refers to pages by number any more.
        let (tx_pages, rx_pages) = (self.tx_pages.compact(), self.rx_pages.compact());
        let (tx, rx) = start(&self.rings, tx_pages, rx_pages).ok_or(Error::InUse)?;
        (self.tx, self.rx) = (tx, rx);
        self.cut = None;
        self.rx.refill(|page| self.rx_pages.reference(page));
        // Nobody is there yet who would want an event.
        let _ = self.rx.publish();
        self.statistics.connections += 1;
        Ok(Offer {
            tx_reference: self.rings.reference(0),
            rx_reference: self.rings.reference(1),
        })
    }

    /// Whether a packet of `len` bytes can be sent; looks for pages that came back.
    pub fn has_room(&mut self, len: usize) -> Result<bool, Broken> {
        if self.tx.has_room(len) {
            return Ok(true);
        }
        self.tx.reap()?;
        Ok(self.tx.has_room(len))
    }

    /// Puts a packet, in pieces that follow one another, into the ring; false when it is too long or there is no room. The
    /// backend sees it after [`publish_sent`](Self::publish_sent).
    pub fn send(&mut self, pieces: &[&[u8]], offload: Offload) -> Result<bool, Broken> {
        let len = pieces.iter().map(|piece| piece.len()).sum();
        let room = len <= MAX_PACKET && self.has_room(len)?;
        let pages = &self.tx_pages;
        let mut source = pieces.iter().copied().flat_map(|piece| piece.chunks(PAGE));
        let mut rest: &[u8] = &[];
        let put = room
            && self.tx.put(len, offload, |number, part| {
                let mut at = 0;
                while at < part.len() {
                    if rest.is_empty() {
                        let Some(piece) = source.next() else { break };
                        rest = piece;
                    }
                    let (now, later) = rest.split_at(rest.len().min(part.len() - at));
                    if let Some(page) = pages.page(number) {
                        page.put(at, now);
                    }
                    at += now.len();
                    rest = later;
                }
                pages.reference(number)
            });
        if put {
            self.statistics.sent += 1;
            self.statistics.sent_bytes += len as u64;
        } else {
            self.statistics.sent_dropped += 1;
        }
        Ok(put)
    }

    /// Shows the backend what was sent; true when it wants an event for that.
    #[must_use]
    pub fn publish_sent(&mut self) -> bool {
        self.tx.publish()
    }

    /// How many pages the backend has to send from.
    pub fn in_flight(&mut self) -> Result<usize, Broken> {
        self.tx.reap()?;
        Ok(self.tx.in_flight())
    }

    /// Asks for an event when there is more room to send; true when there is already.
    pub fn ask_room(&mut self) -> Result<bool, Broken> {
        let there = self.tx.ask_event()?;
        if there {
            self.tx.ask_no_event();
        }
        Ok(there)
    }

    /// Copies the next frame into `buffer`, puts its pages back, and returns its length. Frames longer than the buffer, and ones that
    /// the backend had not all of, are dropped. A blank checksum is computed, and a segment of TCP that is larger than `most` bytes
    /// is cut into the frames that it stands for.
    pub fn receive(&mut self, buffer: &mut [u8], most: usize) -> Result<Option<usize>, Broken> {
        loop {
            let frame = if self.cut.is_some() {
                self.next_piece(buffer)
            } else {
                let Some(packet) = self.rx.next()? else {
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
            if let Some(len) = self.count(frame) {
                return Ok(Some(len));
            }
        }
    }

    fn count(&mut self, frame: Option<usize>) -> Option<usize> {
        match frame {
            Some(len) => {
                self.statistics.received += 1;
                self.statistics.received_bytes += len as u64;
            }
            None => self.statistics.received_dropped += 1,
        }
        frame
    }

    fn put_back(&mut self, packet: &Packet) {
        self.rx.finish(packet);
        self.rx.refill(|page| self.rx_pages.reference(page));
    }

    /// All of a packet, if it is good and there is room.
    fn take_whole(&self, packet: &Packet, buffer: &mut [u8], fill: bool) -> Option<usize> {
        let good = !packet.failed && packet.len != 0;
        let target = buffer.get_mut(..packet.len).filter(|_| good)?;
        copy(&self.rx_pages, packet, 0, target);
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
            copy(&self.rx_pages, packet, 0, headers);
            self.cut = Cut::new(headers, packet.len, gso).map(|cut| (cut, *packet));
        }
        self.cut.is_some()
    }

    /// The next frame of the segment that is being cut.
    fn next_piece(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let (cut, packet) = self.cut.as_mut()?;
        let pages = &self.rx_pages;
        let frame = cut.next(buffer, |at, target| copy(pages, packet, at, target));
        if cut.is_over()
            && let Some((_, packet)) = self.cut.take()
        {
            self.put_back(&packet);
        }
        frame
    }

    /// Shows the backend the pages that were put back, once there are some or, before a wait, in any case; true when it
    /// wants an event for that.
    #[must_use]
    pub fn publish_pages(&mut self, all: bool) -> bool {
        (all || self.rx.unpublished() >= BATCH) && self.rx.publish()
    }

    /// Whether there is a packet; if not, the next one raises an event.
    pub fn ask_packet(&mut self) -> Result<bool, Broken> {
        Ok(self.cut.is_some() || self.rx.ask_event()?)
    }
}

/// Copies the bytes of a packet from `from` on.
fn copy(pages: &LentPages<RX_PAGES>, packet: &Packet, from: usize, target: &mut [u8]) {
    let (mut skip, mut rest) = (from, target);
    for piece in packet.fragments() {
        if skip >= piece.len {
            skip -= piece.len;
            continue;
        }
        let (now, later) = rest.split_at_mut((piece.len - skip).min(rest.len()));
        if let Some(page) = pages.page(piece.page) {
            page.get(piece.offset + skip, now);
        }
        (skip, rest) = (0, later);
        if rest.is_empty() {
            break;
        }
    }
}

/// Empty rings in the two pages.
fn start(
    rings: &LentPages<2>,
    tx_pages: usize,
    rx_pages: usize,
) -> Option<(Tx<'static>, Rx<'static>)> {
    let (tx, rx) = (rings.page(0)?, rings.page(1)?);
    // SAFETY: both types are atomic integers throughout.
    let (tx, rx): (&TxPage, &RxPage) = unsafe { (tx.view(), rx.view()) };
    Some((Tx::new(tx, tx_pages), Rx::new(rx, rx_pages)))
}

// SPDX-License-Identifier: ISC
//! Disks: `solo5_block_*` over blkback.
//!
//! Interface: `xen/include/public/io/blkif.h` for the names in xenstore.

use super::{Device, buffers, complain, place, report_broken};
use crate::solo5::options::{self, Settings};
use crate::xen::bus::{Backend, Driver, Keys, Link};
use crate::xen::channel::Channel;
use crate::xen::disk::{self, Disk};
use crate::xen::line::Line;
use crate::xen::store::{self, Store};
use core::ops::RangeInclusive;
use xen_proto::block::{Broken, Geometry, SECTOR};
use xen_proto::manifest::Kind;
use xen_proto::options::Level;
use xen_proto::xenbus::State;

mod api;
mod transfer;

/// A disk.
pub struct Block {
    link: Link,
    driver: BlockDriver,
}

/// All but its place on the bus.
struct BlockDriver {
    disk: Disk,
    /// Its own number.
    number: u64,
    geometry: Option<Geometry>,
    flush: bool,
    discard: bool,
    channel: Option<Channel>,
    connected: bool,
}

/// Pages of memory that a disk takes.
pub fn pages(settings: &Settings) -> u64 {
    (buffers::pages(settings, Kind::Block, PAGES) + size_of::<Block>().div_ceil(4096)) as u64
}

/// The least that it can do with, and its default.
const PAGES: RangeInclusive<usize> = disk::LEAST_PAGES..=disk::DEFAULT_PAGES;

fn make(
    store: &mut Store,
    number: u64,
    handle: usize,
) -> Result<&'static mut dyn Device, &'static str> {
    let (address, pages) = buffers::take(Kind::Block, PAGES)?;
    // SAFETY: device memory is handed out once and for ever. The ring has 16 bits of the number, and nobody looks at them.
    let disk = unsafe { Disk::new(address, pages, number as u16) }.ok_or(buffers::NO_MEMORY)?;
    let link = Link::new::<BlockDriver>(store, b"vbd", number, handle as u64);
    let driver = BlockDriver {
        disk,
        number,
        geometry: None,
        flush: false,
        discard: false,
        channel: None,
        connected: false,
    };
    let block = place(Block { link, driver }).ok_or(buffers::NO_MEMORY)?;
    Ok(block)
}

impl Driver for BlockDriver {
    const WITH: State = State::Initialised;

    fn offer(&mut self, store: &mut Store, backend: &Backend) -> Option<Keys> {
        let folder = backend.path.get();
        let most = store::read_number(store, folder, b"feature-max-indirect-segments");
        let indirect = most.is_some_and(|most| most >= disk::SEGMENTS as u64);
        self.channel = None;
        let Ok(reference) = self.disk.offer(backend.domid, indirect) else {
            complain(Kind::Block, b"", buffers::NOT_GRANTED);
            return None;
        };
        let channel = Channel::offer(backend.domid).ok()?;
        let keys = Keys::new()
            .number(b"ring-ref", u64::from(reference))
            .number(b"event-channel", u64::from(channel.port()))
            .number(b"feature-persistent", 1)
            .protocol(b"x86_64-abi");
        self.channel = Some(channel);
        Some(keys)
    }

    fn connect(&mut self, store: &mut Store, backend: &Backend) -> bool {
        let folder = backend.path.get();
        let mut number = |name: &[u8]| store::read_number(store, folder, name);
        let sectors = number(b"sectors");
        let sector_size = number(b"sector-size").unwrap_or(SECTOR);
        let info = number(b"info").unwrap_or(0);
        self.flush = number(b"feature-flush-cache") == Some(1);
        self.discard = number(b"feature-discard") == Some(1);
        let geometry = sectors.and_then(|sectors| Geometry::new(sectors, sector_size, info));
        // The program knows the block size from the first connection.
        let same = |new: &Geometry| self.geometry.is_none_or(|old| old.block == new.block);
        let Some(geometry) = geometry.filter(same) else {
            complain(
                Kind::Block,
                b"",
                "its backend describes no disk that makes sense",
            );
            return false;
        };
        self.geometry = Some(geometry);
        if let Some(channel) = &self.channel {
            channel.unmask();
            // The backend may have looked at the ring before it could be notified.
            channel.notify();
        }
        self.connected = true;
        self.log(" is connected");
        true
    }

    fn disconnect(&mut self) {
        self.disk.disconnect();
        self.connected = false;
        self.channel = None;
        self.log(" is disconnected");
    }

    /// A disk that has grown or shrunk.
    fn changed(&mut self, store: &mut Store, backend: &Backend) {
        let sectors = store::read_number(store, backend.path.get(), b"sectors");
        if let (Some(old), Some(sectors)) = (self.geometry, sectors)
            && let Some(new) = Geometry::new(sectors, old.block, 0)
        {
            self.geometry = Some(Geometry {
                sectors: new.sectors,
                ..old
            });
        }
    }
}

impl BlockDriver {
    fn log(&self, what: &str) {
        if options::logs(Level::Debug) {
            Line::new()
                .text("Solo5: block: vbd ")
                .decimal(self.number)
                .text(what)
                .log();
        }
    }

    fn publish(&mut self) {
        if self.disk.publish()
            && let Some(channel) = &self.channel
        {
            channel.notify();
        }
    }

    /// Whether there is an answer; if not, an event is raised when there are `more`. Forgets the events that came.
    fn is_answered(&mut self, more: usize) -> Result<bool, Broken> {
        let Some(channel) = self.channel.as_ref().filter(|_| self.connected) else {
            return Ok(false);
        };
        channel.clear();
        self.disk.ask_event(more)
    }
}

impl Block {
    /// A backend that broke the protocol gets a new connection, on which requests without an answer are asked again.
    fn broke(&mut self, broken: Broken) {
        self.driver.disconnect();
        self.link.reset();
        report_broken(
            &self.link,
            "block: the backend of vbd ",
            self.driver.number,
            broken.text(),
        );
    }
}

impl Device for Block {
    fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    fn advance(&mut self, store: &mut Store) {
        self.link.advance(store, &mut self.driver);
    }

    fn is_ready(&mut self) -> bool {
        // Nobody waits for a disk but a transfer.
        if let Some(channel) = &self.driver.channel {
            channel.clear();
        }
        false
    }

    fn block(&mut self) -> Option<&mut Block> {
        Some(self)
    }
}

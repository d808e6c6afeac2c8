// SPDX-License-Identifier: ISC
//! Disks: `solo5_block_*` over blkback.
//!
//! Interface: `xen/include/public/io/blkif.h` for the names in xenstore.

use super::{Device, buffers, complain, place, report_broken};
use crate::solo5::options::{self, Settings};
use crate::xen::channel::Channel;
use crate::xen::disk::{self, Disk};
use crate::xen::line::Line;
use crate::xen::store::Store;
use xen_proto::block::{Broken, Geometry, QUEUES, SECTOR};
use xen_proto::manifest::Kind;
use xen_proto::options::Level;
use xen_proto::xenbus::{Backend, Driver, Keys, Link, State};

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
    /// One a queue.
    channels: [Option<Channel>; QUEUES],
    connected: bool,
    /// The backend went before it was connected, having been told of several queues: the next one is told of one.
    refused: bool,
    /// It was said that the pages cannot be granted.
    complained: bool,
}

/// How many queues a disk wants.
fn queues(settings: &Settings) -> usize {
    // What is wrong with the option is said when the disk is acquired.
    settings.device_queues(b"block", QUEUES).unwrap_or(1)
}

/// Pages of memory that a disk takes.
pub fn pages(settings: &Settings) -> u64 {
    let possible = disk::pages(queues(settings));
    (buffers::pages(settings, Kind::Block, possible) + size_of::<Block>().div_ceil(4096)) as u64
}

fn make(
    store: &mut Store,
    number: u64,
    handle: usize,
) -> Result<&'static mut dyn Device, &'static str> {
    let settings = options::settings().ok_or(buffers::NO_MEMORY)?;
    let queues = settings.device_queues(b"block", QUEUES);
    let queues = queues.map_err(|_| "the option for its queues is no number from 1 to 4")?;
    let (address, pages) = buffers::take(Kind::Block, disk::pages(queues))?;
    // SAFETY: device memory is handed out once and for ever. The ring has 16 bits of the number, and nobody looks at them.
    let disk = unsafe { Disk::new(address, pages, number as u16, queues) };
    let disk = disk.ok_or(buffers::NO_MEMORY)?;
    let link = Link::new(store, b"vbd", number, handle as u64, State::Initialised);
    let driver = BlockDriver {
        disk,
        number,
        geometry: None,
        flush: false,
        discard: false,
        channels: [const { None }; QUEUES],
        connected: false,
        refused: false,
        complained: false,
    };
    let block = place(Block { link, driver }).ok_or(buffers::NO_MEMORY)?;
    Ok(block)
}

impl Driver<Store> for BlockDriver {
    fn offer(&mut self, store: &mut Store, backend: &Backend) -> Option<Keys> {
        let folder = backend.path.get();
        let most = store.number_at(folder, b"feature-max-indirect-segments");
        let indirect = most.is_some_and(|most| most >= disk::SEGMENTS as u64);
        let offered = store.number_at(folder, b"multi-queue-max-queues");
        let offered = offered.filter(|_| !self.refused);
        self.channels = [const { None }; QUEUES];
        let count = match self.disk.offer(backend.domid, indirect, offered) {
            Ok(count) => count,
            Err(error) => {
                // It is tried again and again.
                if !core::mem::replace(&mut self.complained, true) {
                    complain(Kind::Block, b"", buffers::not_granted(error));
                }
                return None;
            }
        };
        self.complained = false;
        // One queue's nodes lie where they did before there were several. Its number is written, too: there may be one from before.
        let mut keys = Keys::new()
            .number(b"multi-queue-num-queues", count as u64)
            .number(b"feature-persistent", 1)
            .protocol(b"x86_64-abi");
        for (number, place) in self.channels.iter_mut().enumerate().take(count) {
            let channel = Channel::offer(backend.domid).ok()?;
            let queue = (count > 1).then_some(number);
            keys = keys
                .of_queue(queue)
                .number(b"ring-ref", u64::from(self.disk.ring(number)))
                .number(b"event-channel", u64::from(channel.port()));
            *place = Some(channel);
        }
        Some(keys)
    }

    fn connect(&mut self, store: &mut Store, backend: &Backend) -> bool {
        let folder = backend.path.get();
        let mut number = |name: &[u8]| store.number_at(folder, name);
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
        self.disk.unflushed.connected(backend.domid, self.flush);
        for channel in self.channels.iter().flatten() {
            channel.unmask();
            // The backend may have looked at the ring before it could be notified.
            channel.notify();
        }
        self.connected = true;
        self.refused = false;
        self.log(" is connected");
        true
    }

    fn disconnect(&mut self) {
        self.disk.disconnect();
        self.refused = !self.connected && self.channels.iter().flatten().count() > 1;
        self.connected = false;
        self.channels = [const { None }; QUEUES];
        self.log(" is disconnected");
    }

    fn is_bound(&mut self) -> bool {
        let mut channels = self.channels.iter().flatten();
        channels.all(Channel::is_bound)
    }

    /// A disk that has grown or shrunk.
    fn changed(&mut self, store: &mut Store, backend: &Backend) {
        let sectors = store.number_at(backend.path.get(), b"sectors");
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
            let queues = self.channels.iter().flatten().count() as u64;
            Line::new()
                .text("Solo5: block: vbd ")
                .decimal(self.number)
                .text(what)
                .text(", queues: ")
                .decimal(queues)
                .text(", requests asked again: ")
                .decimal(self.disk.replayed)
                .log();
        }
    }

    fn publish(&mut self) {
        let events = self.disk.publish();
        if events != 0 {
            for (number, channel) in self.channels.iter().enumerate() {
                if let Some(channel) = channel.as_ref().filter(|_| events & 1 << number != 0) {
                    channel.notify();
                }
            }
        }
    }

    /// Forgets the events that came.
    fn clear_events(&self) {
        for channel in self.channels.iter().flatten() {
            channel.clear();
        }
    }

    /// Whether there is an answer; if not, an event is raised when there are `more`. Forgets the events that came.
    fn is_answered(&mut self, more: usize) -> Result<bool, Broken> {
        if !self.connected {
            return Ok(false);
        }
        self.clear_events();
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

    fn is_ready(&mut self) -> Option<bool> {
        // Nobody waits for a disk but a transfer.
        self.driver.clear_events();
        Some(false)
    }

    fn block(&mut self) -> Option<&mut Block> {
        Some(self)
    }
}

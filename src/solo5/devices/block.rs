// SPDX-License-Identifier: ISC
//! Disks: `solo5_block_*` over blkback.
//!
//! Interface: `xen/include/public/io/blkif.h` for the names in xenstore.

use super::{DEVICES, Device, Devices, acquire, complain, place, report_broken, with};
use crate::mm::device_memory;
use crate::solo5::api::Solo5Result;
use crate::solo5::options::{self, Settings};
use crate::xen::bus::{Backend, Driver, Keys, Link};
use crate::xen::channel::Channel;
use crate::xen::disk::{self, Disk};
use crate::xen::line::Line;
use crate::xen::store::{self, Store};
use crate::xen::{events, time};
use core::ffi::c_char;
use core::slice::{from_raw_parts, from_raw_parts_mut};
use xen_proto::block::{Broken, Geometry, Operation, Part, SECTOR, SLOTS, Status, parts};
use xen_proto::manifest::Kind;
use xen_proto::options::Level;
use xen_proto::xenbus::State;

/// How long a transfer waits without any answer, in ns: long enough for a backend to be started anew. A new connection within
/// that time gives it as much again, so often: a backend that comes and goes for ever does not hold it up for ever.
const PATIENCE: u64 = 30_000_000_000;
const RENEWALS: u64 = 4;

/// `struct solo5_block_info`.
#[repr(C)]
pub struct BlockInfo {
    capacity: u64,
    block_size: u64,
}

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
    (disk_pages(settings) + size_of::<Block>().div_ceil(4096)) as u64
}

fn disk_pages(settings: &Settings) -> usize {
    // What is wrong with the option is said when the device is acquired.
    let given = settings.device_memory(b"block").unwrap_or(None);
    let given = given.map(|bytes| (bytes / 4096) as usize);
    given.map_or(disk::DEFAULT_PAGES, |pages| {
        pages.clamp(disk::LEAST_PAGES, disk::DEFAULT_PAGES)
    })
}

fn make(
    store: &mut Store,
    number: u64,
    handle: usize,
) -> Result<&'static mut dyn Device, &'static str> {
    const NO_MEMORY: &str =
        "too little memory for its buffers: raise memory= in the domain's configuration";
    let settings = options::settings().ok_or(NO_MEMORY)?;
    let pages = disk_pages(settings);
    let address = device_memory::take(pages).ok_or(NO_MEMORY)?;
    // SAFETY: device memory is handed out once and for ever. The ring has 16 bits of the number, and nobody looks at them.
    let disk = unsafe { Disk::new(address, pages, number as u16) }.ok_or(NO_MEMORY)?;
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
    let block = place(Block { link, driver }).ok_or(NO_MEMORY)?;
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
            complain(
                Kind::Block,
                b"",
                "its pages cannot be granted: the grant table is full",
            );
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

/// The caller's memory.
enum Buffer<'a> {
    /// To write from.
    From(&'a [u8]),
    /// To read into.
    To(&'a mut [u8]),
    /// None, of so many bytes of the disk.
    None(usize),
}

impl Buffer<'_> {
    fn len(&self) -> usize {
        match self {
            Buffer::From(bytes) => bytes.len(),
            Buffer::To(bytes) => bytes.len(),
            Buffer::None(len) => *len,
        }
    }
}

/// A transfer of which parts are under way.
struct Transfer<'a> {
    operation: Operation,
    buffer: Buffer<'a>,
    /// The parts that the backend has, by id.
    parts: [Option<Part>; SLOTS],
    pending: usize,
    failed: bool,
}

impl Transfer<'_> {
    /// Asks for as many parts as there is room for; the part for which there was none.
    fn start(
        &mut self,
        driver: &mut BlockDriver,
        next: Option<Part>,
        rest: &mut impl Iterator<Item = Part>,
    ) -> Option<Part> {
        let mut next = next;
        while let Some(part) = next {
            let data = match &self.buffer {
                Buffer::From(bytes) => bytes.get(part.start..part.start + part.len),
                _ => None,
            };
            let Some(id) = driver.disk.start(self.operation, part, data) else {
                break;
            };
            if let Some(place) = self.parts.get_mut(id) {
                *place = Some(part);
            }
            self.pending += 1;
            next = rest.next();
        }
        driver.publish();
        next
    }

    /// Takes in what was answered; whether there was anything.
    fn finish(&mut self, driver: &mut BlockDriver) -> Result<bool, Broken> {
        driver.disk.poll()?;
        let before = self.pending;
        for (id, place) in self.parts.iter_mut().enumerate() {
            let Some(part) = *place else { continue };
            let buffer = match &mut self.buffer {
                Buffer::To(bytes) => bytes.get_mut(part.start..part.start + part.len),
                _ => None,
            };
            if let Some(status) = driver.disk.finish(id, buffer) {
                *place = None;
                self.pending -= 1;
                self.failed |= status != Status::Done;
            }
        }
        Ok(self.pending != before)
    }
}

/// Does a transfer, over restarts of the backend, and waits for its end.
fn transfer(handle: u64, operation: Operation, offset: u64, buffer: Buffer<'_>) -> Solo5Result {
    let len = buffer.len();
    let mut devices = DEVICES.lock();
    let most = with(&mut devices, handle, |device, _| {
        let driver = &mut device.block()?.driver;
        let geometry = driver.geometry?;
        let fits = geometry.holds(offset, len as u64);
        let refused = match operation {
            Operation::Read => false,
            Operation::Write => geometry.read_only,
            // A backend without a cache has nothing to flush.
            Operation::Flush => !driver.flush,
            Operation::Discard => geometry.read_only || !driver.discard,
        };
        let most = if operation == Operation::Discard {
            usize::MAX / 4096
        } else {
            driver.disk.most_pages()
        };
        fits.then_some((most, refused))
    });
    let Some((most, refused)) = most else {
        return Solo5Result::Invalid;
    };
    if refused {
        return Solo5Result::Unspecified;
    }
    let sector = offset / SECTOR;
    let mut rest = parts(sector, len, most);
    let flush = Part {
        sector: 0,
        start: 0,
        len: 0,
    };
    let mut next = if operation == Operation::Flush {
        Some(flush)
    } else {
        rest.next()
    };
    let mut transfer = Transfer {
        operation,
        buffer,
        parts: [None; SLOTS],
        pending: 0,
        failed: false,
    };
    let mut deadline = time::monotonic().saturating_add(PATIENCE);
    let (mut connections, mut renewals) = (None, RENEWALS);
    loop {
        let mut renewed = false;
        let progress = with(&mut devices, handle, |device, store| {
            let block = device.block()?;
            let progress = transfer.finish(&mut block.driver).unwrap_or_else(|broken| {
                block.broke(broken);
                block.link.advance(store, &mut block.driver);
                false
            });
            if transfer.failed {
                next = None;
            }
            let before = transfer.pending;
            next = transfer.start(&mut block.driver, next, &mut rest);
            let now = block.driver.disk.connections;
            renewed = connections.replace(now).is_some_and(|old| old != now);
            Some(progress || transfer.pending != before)
        });
        let progress = progress.unwrap_or(false);
        if next.is_none() && transfer.pending == 0 {
            break;
        }
        if progress || renewed && renewals > 0 {
            renewals -= u64::from(!progress);
            deadline = time::monotonic().saturating_add(PATIENCE);
        }
        let more = if next.is_none() {
            transfer.pending
        } else {
            transfer.pending / 2
        };
        if !devices.wait_for_disk(handle, more, deadline) {
            complain(Kind::Block, b"", "its backend does not answer");
            with(&mut devices, handle, |device, _| {
                let disk = &mut device.block()?.driver.disk;
                for (id, _) in transfer
                    .parts
                    .iter()
                    .enumerate()
                    .filter(|(_, part)| part.is_some())
                {
                    disk.abandon(id);
                }
                Some(())
            });
            return Solo5Result::Unspecified;
        }
    }
    if transfer.failed {
        Solo5Result::Unspecified
    } else {
        Solo5Result::Ok
    }
}

impl Devices {
    /// Waits until a disk has an answer, or its connection has changed; false when the deadline, in ns of monotonic time, has
    /// come.
    fn wait_for_disk(&mut self, handle: u64, more: usize, deadline: u64) -> bool {
        let (mut answered, mut pending) = (Ok(false), false);
        events::wait_often(deadline, || {
            pending = self.is_pending();
            let block = self.slots.get_mut(handle as usize).and_then(Option::as_mut);
            let block = block.and_then(|device| device.block());
            answered = block.map_or(Ok(false), |block| block.driver.is_answered(more));
            answered != Ok(false) || pending
        });
        if pending {
            self.serve_store();
        }
        let gave_up = match self.slots.get_mut(handle as usize) {
            Some(Some(device)) => device.link().gave_up(),
            _ => true,
        };
        // A broken protocol is found again when answers are taken. It is no progress, however often it happens.
        let maybe = (pending || answered.is_err()) && !gave_up;
        answered == Ok(true) || maybe && time::monotonic() < deadline
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_block_acquire(
    name: *const c_char,
    handle: *mut u64,
    info: *mut BlockInfo,
) -> Solo5Result {
    let describe = |device: &mut dyn Device| {
        if let Some(geometry) = device.block().and_then(|block| block.driver.geometry) {
            // SAFETY: the caller's structure.
            unsafe {
                info.write(BlockInfo {
                    capacity: geometry.capacity(),
                    block_size: geometry.block,
                });
            }
        }
    };
    // SAFETY: the caller's name.
    match unsafe { acquire(Kind::Block, name, make, describe) } {
        Ok(number) => {
            // SAFETY: the caller's variable.
            unsafe { handle.write(number as u64) }
            Solo5Result::Ok
        }
        Err(result) => result,
    }
}

/// Whether `size` is that of one block, as Solo5 has it.
fn is_one_block(handle: u64, size: usize) -> bool {
    let block = with(&mut DEVICES.lock(), handle, |device, _| {
        device.block()?.driver.geometry
    });
    block.is_some_and(|geometry| geometry.block == size as u64)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_block_write(
    handle: u64,
    offset: u64,
    buffer: *const u8,
    size: usize,
) -> Solo5Result {
    if !is_one_block(handle, size) {
        return Solo5Result::Invalid;
    }
    // SAFETY: the caller's buffer of that size.
    let bytes = unsafe { from_raw_parts(buffer, size) };
    transfer(handle, Operation::Write, offset, Buffer::From(bytes))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_block_read(
    handle: u64,
    offset: u64,
    buffer: *mut u8,
    size: usize,
) -> Solo5Result {
    if !is_one_block(handle, size) {
        return Solo5Result::Invalid;
    }
    // SAFETY: the caller's buffer of that size. Any bytes it has are bytes.
    let bytes = unsafe { from_raw_parts_mut(buffer, size) };
    transfer(handle, Operation::Read, offset, Buffer::To(bytes))
}

/// What Solo5's interface has no function for: reads (0) and writes (1) of any number of blocks, a flush (3; what was written
/// before stays whatever happens), a discard (5) of `size` bytes. The numbers are blkif's.
#[unsafe(no_mangle)]
unsafe extern "C" fn solo5__xen_block(
    handle: u64,
    operation: u32,
    offset: u64,
    buffer: *mut u8,
    size: usize,
) -> Solo5Result {
    let (operation, buffer) = match operation {
        // SAFETY: the caller's buffer of that size. Any bytes it has are bytes.
        0 => (
            Operation::Read,
            Buffer::To(unsafe { from_raw_parts_mut(buffer, size) }),
        ),
        // SAFETY: the caller's buffer of that size.
        1 => (
            Operation::Write,
            Buffer::From(unsafe { from_raw_parts(buffer, size) }),
        ),
        3 => (Operation::Flush, Buffer::None(0)),
        5 => (Operation::Discard, Buffer::None(size)),
        _ => return Solo5Result::Invalid,
    };
    transfer(handle, operation, offset, buffer)
}
